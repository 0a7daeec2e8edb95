"""Makes a landing zone from nothing, with its ground truth beside it. Nobody in it is real.

Belongs here: made-up people, titles, behaviour and faults, all drawn from one seed. Does not belong here: anything
that reads a landing zone; the pipeline must not be able to tell a simulated zone from a delivered one.
"""

from .faults import Faults
from .simulator import SimulationSummary, simulate

__all__ = ["Faults", "SimulationSummary", "simulate"]
