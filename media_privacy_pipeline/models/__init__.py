"""Recommenders, their evaluation and registry, recommendations with reasons, and segments with names and noisy sizes.

Belongs here: what is learned from the `training` tables, measured on time's own split, and served to the viewers of the
`personalisation` tables. Every recommender keeps one interface (`base.Recommender`), so that a new one is a file and a
line in the contract test. Does not belong here: who may be learned from (consent), noise and budgets (privacy), readers
of what is published (published).

Item factors of `ials` are personal data (membership can be told from them): they stay under HOME/models. What several
people see, the segments, is learned through paid noisy releases alone.
"""
