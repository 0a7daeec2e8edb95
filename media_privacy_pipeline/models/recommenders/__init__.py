"""What ranks titles for a viewer: one recommender a file, each keeping `base.Recommender`, and the parts they share.

Belongs here: fitting, scoring and explaining. Does not belong here: how good they are (evaluation), whom they serve and
with which filters (serving), those whose shared parts are paid for (private).
"""
