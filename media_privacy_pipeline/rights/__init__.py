"""What people may ask of their data, carried out: to see it, take it along, have it erased; and who else is handed it.

Belongs here: finding everything that is held about a person and handing it to that person alone, on a verified request;
destroying what is past its time and proving it; handing published tables to declared recipients and the record of it.
Does not belong here: what a request does to a decision (consent), letting requests in and refusing rows at the door
(landing), or what a release is (published).
"""
