"""The door: what upstream systems drop is read, checked, counted to the row and let in, or kept apart with a reason.

Belongs here: finding and reading drops, the contract of each input, duplicates, quarantine, the counts of what became
of every row, what columns look like; and what makes landing zones or adds to them: adapters of public data sets,
imports from consent platforms, and the simulator. Does not belong here: whether a row may be used for anything
(consent).

An input's accepted rows are a function of its drops, the landing and classification parts of the policy, and the order
of days: days run one by one or as a range give the same. Where a day is run again after later days were, what those
accepted stays, and a row of the earlier day that they hold already is the duplicate. A day whose folder has gone from
the landing zone keeps what was accepted of it. Events older than the policy keeps them, as of the run that lets them
in, are dropped whatever day they arrive on. `title_unknown` says what the catalogue held when the event was let in.
"""
