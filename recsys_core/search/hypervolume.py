"""Objectives as numbers to be made small, the front of those that nothing beats, and the volume it commands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from deap import base, tools
from deap.tools._hypervolume import hv

from recsys_core.results.search import Tried

LOST = 0.25  # share of the full model's NDCG@10 that may be lost
WIDER = 2.0  # times the full model's gap
LEAST_GAP = 0.05  # of the full model's NDCG@10: a gap below that is no unit to measure others by
LARGER = 1.1  # times the full model's size
REASONS = 0.5  # share of the strongest reasons that may be lost
REFERENCE = {"ndcg@10": 1 - LOST, "gap": WIDER, "size_bytes": LARGER, "drift": REASONS}


def coordinates(tried: Tried, full: Tried) -> tuple[float, float, float, float]:
    """Loss of quality, gap, size and explanation drift: each 1 at the reference point and smaller where better.

    The reference point is a model with three quarters of the full one's NDCG@10, twice its gap (of at least a
    twentieth of its NDCG@10), 110 % of its size and half of its strongest reasons: whoever is worse in any of these
    adds nothing.
    """
    quality = max(full.ndcg, 1e-12)
    widest = WIDER * max(full.gap, LEAST_GAP * quality)
    return (
        (1 - tried.ndcg / quality) / LOST,
        tried.gap / widest,
        tried.size_bytes / (LARGER * full.size_bytes),
        tried.drift / REASONS,
    )


def hypervolume(points: Sequence[Tried], full: Tried) -> float:
    """Volume between the points and the reference point (Zitzler & Thiele 1998), in the units of `coordinates`.

    0 where no point is better than the reference in everything. Losses of quality below 0 (gains) count, so that it may
    exceed 1.
    """
    inside = [c for c in (coordinates(p, full) for p in points) if max(c) < 1]
    return float(hv.hypervolume(np.array(inside), np.ones(4))) if inside else 0.0


class Objectives(base.Fitness):
    """deap's fitness of four objectives to be made small."""

    weights = (-1.0, -1.0, -1.0, -1.0)


class Individual(list):
    """Genes with their fitness, as deap's tools expect them."""

    def __init__(self, genes: Sequence[int]) -> None:
        super().__init__(genes)
        self.fitness = Objectives()


def non_dominated(points: Sequence[Tried], full: Tried) -> tuple[Tried, ...]:
    """The points that no other one equals or beats in every objective and beats in one; of equal ones the first."""
    individuals, seen = [], set()
    for at, point in enumerate(points):
        place = coordinates(point, full)
        if place not in seen:
            seen.add(place)
            individual = Individual([at])
            individual.fitness.values = place
            individuals.append(individual)
    if not individuals:
        return ()
    first = tools.sortNondominated(individuals, len(individuals), first_front_only=True)[0]
    return tuple(points[at] for at in sorted(individual[0] for individual in first))
