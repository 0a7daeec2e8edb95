"""Other systems that release the same table under the same promise, each run by a Python of its own.

Belongs here: one script a peer, which imports that peer and `told` and nothing of the pipeline, and the installer of
their environments. A script takes a folder of events, the catalogue and a bound on cells, and writes what it released.
"""
