"""Variants: the compressed scorers of one model, built when they are asked for and kept."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from functools import cached_property

from recsys_core.compress.build import VariantBuilder, distillation_pairs
from recsys_core.compress.distillation import DistillationSet, DistillationSettings, draw_distillation_set
from recsys_core.compress.student_cache import StudentCache
from recsys_core.models.scorer import Scorer
from recsys_core.models.trained_model import TrainedModel
from recsys_core.variant import Compression

RECIPE = 2  # counts changes of pruning and distillation: students of an older recipe are built again
MOST = 8


class VariantCache:
    """The variants of one model: at most ``most`` in memory, one object for each, safe to share by threads.

    Students are kept in the model's folder ``students/`` as well. ``settings`` default to
    the usual ones with the model's seed.
    """

    def __init__(self, model: TrainedModel, most: int = MOST, *, settings: DistillationSettings | None = None) -> None:
        self.model, self.most = model, most
        self.settings = settings or DistillationSettings(seed=int(model.config["seed"]))
        self._scorers: OrderedDict[Compression, Scorer] = OrderedDict()
        self._looking, self._building = threading.Lock(), threading.RLock()

    def scorer(self, compression: Compression) -> Scorer:
        """The scorer of a compression, built if it is not at hand. Building waits its turn, looking up does not."""
        if compression.is_dense:
            return self.model.dense
        found = self._find(compression)
        if found is None:
            with self._building:
                found = self._find(compression) or self._keep(compression, self._builder.build(compression))
        return found

    def __len__(self) -> int:
        return len(self._scorers)

    def untrained(self, compression: Compression) -> Scorer:
        """See `VariantBuilder.build_untrained`; not kept."""
        with self._building:
            return self._builder.build_untrained(compression)

    @cached_property
    def examples(self) -> DistillationSet:
        """What the dense model says of seeded pairs, drawn once and kept (55 MB at 12 feature groups of width 32)."""
        pairs = distillation_pairs(self.model.split_dataset, self.settings)
        return draw_distillation_set(self.model.dense, pairs, self.settings)

    @cached_property
    def _builder(self) -> VariantBuilder:
        made_from = [self.model.fingerprint, RECIPE, self.settings.to_json()]
        stamp = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]
        cache = StudentCache(self.model.path / "students", stamp)
        return VariantBuilder(self.model.dense, lambda: self.examples, self.settings, cache)

    def _find(self, compression: Compression) -> Scorer | None:
        with self._looking:
            if compression in self._scorers:
                self._scorers.move_to_end(compression)
            return self._scorers.get(compression)

    def _keep(self, compression: Compression, scorer: Scorer) -> Scorer:
        with self._looking:
            self._scorers[compression] = scorer
            while len(self._scorers) > self.most:
                self._scorers.popitem(last=False)
        return scorer
