"""Tries, every night, to break what the releases promise, and says what it found.

Belongs here: checks that run the real code of privacy on data whose truth is known, and reconcile what was written
with what was charged. Each has a known rate of false alarms, and tests hold that each catches the mutants it is there
for. Does not belong here: deciding what follows from a finding (published), or making any release.
"""

from .finding import Finding

__all__ = ["Finding"]
