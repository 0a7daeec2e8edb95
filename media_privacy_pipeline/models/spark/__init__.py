"""The same models and lists where viewers are too many for one machine: on Spark, in blocks of viewers.

Belongs here: how interactions are cut into blocks of viewers, what executors do with a block, and how sums by title
come together. The driver holds what is as large as the catalogue, never what grows with viewers. Does not belong here:
what a model is (recommenders, private) or a list (serving): executors run their functions on a block as one machine
does on everybody.
"""
