"""Variants: from the dense model and compression settings to a scorer."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from recsys_core.compress.distill import DistilSettings, Lessons, draw_lessons, teach
from recsys_core.compress.onnx_runtime import OnnxScorer
from recsys_core.compress.prune import CutRanker, narrow, prune_structured, prune_unstructured
from recsys_core.compress.quantize import halve_ranker, pack_matrix, quantise_ranker
from recsys_core.compress.student_cache import StudentCache
from recsys_core.compress.threads import one_core
from recsys_core.data.features import Features
from recsys_core.errors import SettingError
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.trained_model import TrainedModel
from recsys_core.seeds import random_stream
from recsys_core.variant import Compression, ModelVariant

RECIPE = 2  # counts changes of pruning and distillation: students of an older recipe are built again
MOST = 8
LEAST_WIDTH = 4


@dataclass(frozen=True, slots=True, eq=False)
class VariantBuilder:
    """Builds variants of one dense model; ``dense`` itself is never changed.

    ``lessons`` is asked only where a student has to be trained. Building a variant twice
    gives identical scores.
    """

    dense: Scorer
    lessons: Callable[[], Lessons]
    settings: DistilSettings
    cache: StudentCache | None = None

    @torch.inference_mode(False)
    @one_core()
    def build(self, compression: Compression) -> Scorer:
        """Narrow, prune and teach, then store at the width of bits; the dense scorer where nothing is set.

        Raises ``SettingError`` (``setting.between``) where the student would be wider than the
        dense model, ``WorkspaceError`` where a stored student is damaged.
        """
        if compression.is_dense:
            return self.dense
        ranker = self.dense.ranker
        if compression.distill:
            self._check_width(compression.distill)
            ranker = self._taught(Compression(distill=compression.distill), ranker, self.settings.narrow_epochs)
        if compression.sparsity and compression.pruning == "structured":
            ranker = self._taught(compression.weights, ranker, self.settings.epochs)
        elif compression.sparsity:
            ranker = prune_unstructured(ranker, compression.sparsity)
        return store_at(ranker, self.dense.features, compression, model=self.dense.variant.model)

    @torch.inference_mode(False)
    @one_core()
    def build_untrained(self, compression: Compression) -> Scorer:
        """The variant as cutting leaves it, nothing refitted or taught: for the figures before training."""
        ranker = self.dense.ranker
        if compression.distill:
            self._check_width(compression.distill)
            ranker = self._cut(Compression(distill=compression.distill), ranker).ranker
        if compression.sparsity and compression.pruning == "structured":
            ranker = self._cut(compression.weights, ranker).ranker
        elif compression.sparsity:
            ranker = prune_unstructured(ranker, compression.sparsity)
        return store_at(ranker, self.dense.features, compression, model=self.dense.variant.model)

    def _taught(self, compression: Compression, original: Ranker, epochs: int) -> Ranker:
        """A cut of ``original`` after its lessons, from the cache where it is there."""

        def train() -> Ranker:
            cut = self._cut(compression, original)
            return teach(cut, original, self.lessons(), epochs=epochs, settings=self.settings)

        return self.cache.remember(compression, original, train) if self.cache else train()

    def _cut(self, compression: Compression, original: Ranker) -> CutRanker:
        sample = self.lessons().sample(self.settings.n_sample)
        if compression.sparsity:
            return prune_structured(original, compression.sparsity, sample)
        return narrow(original, compression.distill, sample)

    def _check_width(self, width: int) -> None:
        most = self.dense.ranker.shape.first
        if width > most:
            raise SettingError("setting.between", name="distill", low=LEAST_WIDTH, high=most, value=width)


def store_at(ranker: Ranker, features: Features, compression: Compression, *, model: str = "") -> Scorer:
    """Scorer of ``ranker`` with weights and cached text vectors rounded to the bits; ``model`` is its id."""
    variant = ModelVariant(model, compression)
    if compression.bits == 32:
        return Scorer(ranker, features, variant=variant)
    texts = text_vectors(ranker, features)
    if compression.bits == 16:
        cached = {key: x.half().float() for key, x in texts.items()}
        return Scorer(halve_ranker(ranker), features, variant=variant, cached=cached)
    cached = {key: torch.from_numpy(pack_matrix(x.numpy(), compression.bits).unpack()) for key, x in texts.items()}
    return OnnxScorer(quantise_ranker(ranker, compression.bits), features, variant=variant, cached=cached)


def text_vectors(ranker: Ranker, features: Features) -> dict[str, Tensor]:
    """Projected texts ``(n, width)`` by group: what is stored instead of the encoder's wide vectors."""
    texts = [group for group in features.groups if group.kind == "text"]
    with torch.no_grad():
        return {g.key: ranker.adapter.embed(g, torch.from_numpy(features.tables[g.key])) for g in texts}


def teaching_pairs(split_dataset: SplitDataset, settings: DistilSettings) -> Pairs:
    """Seeded training rows with their histories, for `draw_lessons`."""
    train = split_dataset.split.train
    random = random_stream(settings.seed, "lesson histories")
    rows = np.sort(random.choice(train, min(settings.n_histories, len(train)), replace=False))
    return split_dataset.pairs(rows, "train")


class VariantCache:
    """The variants of one model: at most ``most`` in memory, one object for each, safe to share by threads.

    Students are kept in the model's folder ``students/`` as well. ``settings`` default to
    the usual ones with the model's seed.
    """

    def __init__(self, model: TrainedModel, most: int = MOST, *, settings: DistilSettings | None = None) -> None:
        self.model, self.most = model, most
        self.settings = settings or DistilSettings(seed=int(model.config["seed"]))
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
    def lessons(self) -> Lessons:
        """What the dense model teaches, drawn once and kept (55 MB at 12 feature groups of width 32)."""
        pairs = teaching_pairs(self.model.split_dataset, self.settings)
        return draw_lessons(self.model.dense, pairs, self.settings)

    @cached_property
    def _builder(self) -> VariantBuilder:
        made_from = [self.model.fingerprint, RECIPE, self.settings.to_json()]
        stamp = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]
        cache = StudentCache(self.model.path / "students", stamp)
        return VariantBuilder(self.model.dense, lambda: self.lessons, self.settings, cache)

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
