"""Whom recommendations lead people to, beside who is watched: exposure of creators and of groups of titles.

Belongs here: counting an account's plays into one bounded vector, what was released of their sum, and what both open
tables tell of it. Does not belong here: how lists are made (serving), noise and budgets (privacy).

Groups are of titles (creators, genres, head and long tail), and not of viewers: what viewers are is shown to the
purpose `fairness_audit` alone, whose keys do not join to those of what anybody watched.
"""
