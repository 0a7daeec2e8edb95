"""Pages and figures for people: what a release holds, what it cost, what was withheld and why.

Belongs here: templates, inline SVG, the summary that the command line prints, and the papers that the law asks for
(what is collected, the record of processing). Does not belong here: computing what is reported (the rooms below do, and
the release says), or any figure about people that was not paid for, the counts of row_accounting, the shares of
column_findings and the model's own quality excepted.
"""

from .summary import summary
from .summary_parts import Summary

__all__ = ["Summary", "summary"]
