"""Who is shown, beside who is watched: exposure of creators and groups of titles in people's lists, with paid noise.

Belongs here: counting lists into one bounded vector an account, what was released of their sum, and what both open
tables tell of it. Does not belong here: how lists are made (serving), noise and budgets (privacy).

Groups are of titles (creators, genres, head and long tail), and not of viewers: what viewers are is shown to the
purpose `fairness_audit` alone, whose keys do not join to those of anybody's list.
"""
