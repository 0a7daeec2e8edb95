"""private_als where viewers' devices keep their histories: only sums of many devices, with noise, are ever seen.

Belongs here: one round of secure aggregation (terms, neighbours, masks, shares, what a client and the server do in each
phase, the noise that clients add) and the training that is made of such rounds. Does not belong here: the algorithm
itself (private), how messages travel in production (whoever runs the devices), the Flower application's files
(benchmarks/flower).

A device is one viewer. The server is the pipeline's, and is trusted with nothing but to come to an end:
docs/federated.md says against whom a history is protected, by what, and what is not protected.
"""
