"""Top lists for everyone who agreed to personalisation: who may be offered what, in bulk, with reasons.

Belongs here: filters, lists in blocks, what is ranked anew for a purpose. Does not belong here: how a score is made
(recommenders).
"""
