"""Releases: what other teams read. Candidate, gate, swap, retire; and the readers.

Belongs here: the layout of HOME/published, manifests and their signatures, what a gate demands of a candidate,
encryption of restricted tables, opening a release. Does not belong here: making a table, or how one is checked
(quality); the gate asks, it does not compute.
"""

from .reader import Release, open_release, opened, release_ids

__all__ = ["Release", "open_release", "opened", "release_ids"]
