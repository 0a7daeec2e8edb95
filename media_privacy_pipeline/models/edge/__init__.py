"""What a viewer's own device needs to make its own recommendations: private item factors and two small readers of them.

Belongs here: the bundle, what may go into it, and the references in numpy and in JavaScript that are shipped with it.
Does not belong here: training (private, federated), how a bundle reaches a device.

`recommend.py` and `recommend.mjs` stand alone: they import nothing of this package, and are copied as they are.
"""
