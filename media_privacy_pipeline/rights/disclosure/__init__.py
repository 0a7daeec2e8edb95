"""Disclosure: handing a published table to a declared recipient, never unrecorded, and the log of it."""

from .hand_over import Handed, Wanted, hand_over
from .log import Disclosure, DisclosureLog, Recorded

__all__ = ["Disclosure", "DisclosureLog", "Handed", "Recorded", "Wanted", "hand_over"]
