"""Pages and figures for people: what a release holds, what it cost, what was withheld and why.

Belongs here: templates, inline SVG, and the summary that the command line prints. Does not belong here: computing what
is reported (the rooms below do, and the release says), or any figure about people that was not paid for, the counts of
row_accounting and the model's own quality excepted.
"""

from .summary import Summary, summary

__all__ = ["Summary", "summary"]
