"""Dagster: the assets by group, their checks, jobs, schedule and sensors, and how a run starts without the UI.

Belongs here: everything that imports dagster, and the table of steps (`catalogue`) that it is made from. Does not
belong here: what a step does (its own room), or what a person types (cli). Metadata, events and messages made here
carry counts, names and ids of runs; never a value from a row.
"""
