"""Structured pruning: whole units are cut out of the body, so that its matrices are really smaller."""

from __future__ import annotations

from recsys_core.compress.distillation import Reduced
from recsys_core.compress.lever import Lever, Sample
from recsys_core.compress.units import first_units, prune_structured, units_left
from recsys_core.models.ranker import Ranker
from recsys_core.variant import Compression


class Structured(Lever):
    """The share ``sparsity`` of each layer's units goes."""

    name = "structured"
    trained = True

    def is_set(self, compression: Compression) -> bool:
        return compression.sparsity > 0 and compression.pruning == "structured"

    def apply(self, ranker: Ranker, compression: Compression, sample: Sample) -> Reduced:
        return prune_structured(ranker, compression.sparsity, sample())

    def shape_only(self, ranker: Ranker, compression: Compression) -> Ranker:
        shape, sparsity = ranker.shape, compression.sparsity
        return first_units(ranker, units_left(shape.first, sparsity), units_left(shape.second, sparsity))


LEVER = Structured()
