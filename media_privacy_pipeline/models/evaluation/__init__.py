"""How good ranked lists are: protocols that split interactions, metrics, intervals over viewers, comparisons.

Belongs here: whatever measures a recommender from outside, through `base.Recommender` alone. Does not belong here:
which model is put in service for it (training, registry).
"""
