"""k-anonymity, l-diversity and t-closeness of classes of people, from their counts by sensitive value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import exp, log

Counts = Mapping[str, int]


def distinct_l(counts: Counts) -> int:
    """Distinct l-diversity (Machanavajjhala et al. 2007): how many sensitive values a class has."""
    return sum(count > 0 for count in counts.values())


def entropy_l(counts: Counts) -> float:
    """Entropy l-diversity: the exponential of the entropy of a class's sensitive values, at most their number."""
    total = sum(counts.values())
    shares = [count / total for count in counts.values() if count]
    return exp(-sum(share * log(share) for share in shares))


def variation(counts: Counts, whole: Counts) -> float:
    """Total variation distance of a class's distribution from the whole's, 0..1: t-closeness of values without order
    (Li, Li and Venkatasubramanian 2007, equal ground distance)."""
    here, there = sum(counts.values()), sum(whole.values())
    values = counts.keys() | whole.keys()
    return sum(abs(counts.get(v, 0) / here - whole.get(v, 0) / there) for v in values) / 2


def earth_movers(counts: Counts, whole: Counts, order: Sequence[str]) -> float:
    """Earth mover's distance along an order, 0..1: t-closeness of ordered values (the same paper, ordered distance).

    Raises KeyError for a value that has no place in the order.
    """
    places = {value: place for place, value in enumerate(order)}
    here, there = sum(counts.values()), sum(whole.values())
    gaps = [0.0] * len(order)
    for value in counts.keys() | whole.keys():
        gaps[places[value]] += counts.get(value, 0) / here - whole.get(value, 0) / there
    return sum(map(abs, accumulate(gaps))) / (len(order) - 1)
