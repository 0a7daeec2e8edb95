"""Erasure: carried out to the last copy, and proved.

Belongs here: finding every place that holds a person's rows, taking them out, destroying keys and older copies, looking
into every file of the home, and the signed receipt. Does not belong here: who is due or held (consent), or refusing
rows at the door (landing).
"""
