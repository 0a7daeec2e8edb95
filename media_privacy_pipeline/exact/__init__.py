"""Exact tables that a policy insists on: counts without noise, decided once a period and kept as they are for ever.

Belongs here: counting each account once, k-anonymity, l-diversity and t-closeness of what is counted, suppression, and
the store that keeps a period's decision. Does not belong here: noise and budgets (privacy), who may be counted
(consent), or handing a table to anybody (published). Such a table promises less than a noisy one: docs/exact-tables.md.
"""
