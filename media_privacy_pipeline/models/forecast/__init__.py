"""What will be watched, made of open tables alone: forecasts by title, what rises, and a plan by slot.

Belongs here: what is computed from released counts, their known noise, the catalogue and the declared holidays. Does
not belong here: any row about a person. Every table made here descends from paid releases and costs no privacy beyond
them.
"""
