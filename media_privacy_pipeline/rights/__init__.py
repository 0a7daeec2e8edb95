"""What people may ask for of their own data, carried out: erased, or handed over.

Belongs here: carrying out verified requests, finding every place that holds a person's rows, and the proof of what was
done. Does not belong here: what a request does to a decision (consent), refusing rows at the door (landing), or what a
release is (published).
"""
