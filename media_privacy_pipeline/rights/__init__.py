"""What people may ask of their data, carried out: what is kept and for how long, and who was handed what.

Belongs here: destroying what is past its time and proving it, handing published tables to declared recipients and the
record of it. Does not belong here: what a request does to a decision (consent), refusing rows at the door (landing), or
what a release is (published).
"""
