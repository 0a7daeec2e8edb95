"""A nightly batch pipeline that turns a streaming service's raw viewing logs into tables and models people can trust.

The stages run in one direction: landing, consent, permitted, anonymised, models, published. Each room (sub-package)
states in its docstring what belongs in it; imports go downward only, and a test holds them to it.
"""
