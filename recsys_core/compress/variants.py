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
from recsys_core.models.workspace import Workspace
from recsys_core.seeds import random_stream
from recsys_core.variant import Variant

RECIPE = 2  # counts changes of pruning and distillation: students of an older recipe are built again
MOST = 8


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
    def build(self, variant: Variant) -> Scorer:
        """Narrow, prune and teach, then store at the width of bits; the dense scorer where nothing is set.

        Raises ``SettingError`` (``setting.distill``) where the student would be wider than the
        dense model, ``WorkspaceError`` where a stored student is damaged.
        """
        if variant.is_dense:
            return self.dense
        ranker = self.dense.ranker
        if variant.distill:
            self._check_width(variant.distill)
            ranker = self._taught(Variant(distill=variant.distill), ranker, self.settings.narrow_epochs)
        if variant.sparsity and variant.pruning == "structured":
            ranker = self._taught(variant.weights, ranker, self.settings.epochs)
        elif variant.sparsity:
            ranker = prune_unstructured(ranker, variant.sparsity)
        return store_at(ranker, self.dense.features, variant)

    @torch.inference_mode(False)
    @one_core()
    def build_untrained(self, variant: Variant) -> Scorer:
        """The variant as cutting leaves it, nothing refitted or taught: for the figures before training."""
        ranker = self.dense.ranker
        if variant.distill:
            self._check_width(variant.distill)
            ranker = self._cut(Variant(distill=variant.distill), ranker).ranker
        if variant.sparsity and variant.pruning == "structured":
            ranker = self._cut(variant.weights, ranker).ranker
        elif variant.sparsity:
            ranker = prune_unstructured(ranker, variant.sparsity)
        return store_at(ranker, self.dense.features, variant)

    def _taught(self, variant: Variant, original: Ranker, epochs: int) -> Ranker:
        """A cut of ``original`` after its lessons, from the cache where it is there."""

        def train() -> Ranker:
            cut = self._cut(variant, original)
            return teach(cut, original, self.lessons(), epochs=epochs, settings=self.settings)

        return self.cache.remember(variant, original, train) if self.cache else train()

    def _cut(self, variant: Variant, original: Ranker) -> CutRanker:
        sample = self.lessons().sample(self.settings.n_sample)
        if variant.sparsity:
            return prune_structured(original, variant.sparsity, sample)
        return narrow(original, variant.distill, sample)

    def _check_width(self, width: int) -> None:
        most = self.dense.ranker.shape.first
        if width > most:
            raise SettingError("setting.distill", most=most, value=width)


def store_at(ranker: Ranker, features: Features, variant: Variant) -> Scorer:
    """Scorer of ``ranker`` with weights and cached text vectors rounded to the variant's bits."""
    if variant.bits == 32:
        return Scorer(ranker, features, variant=variant)
    texts = text_vectors(ranker, features)
    if variant.bits == 16:
        cached = {key: x.half().float() for key, x in texts.items()}
        return Scorer(halve_ranker(ranker), features, variant=variant, cached=cached)
    cached = {key: torch.from_numpy(pack_matrix(x.numpy(), variant.bits).unpack()) for key, x in texts.items()}
    return OnnxScorer(quantise_ranker(ranker, variant.bits), features, variant=variant, cached=cached)


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
    """The variants of one workspace: at most ``most`` in memory, one object for each, safe to share by threads.

    Students are kept in the workspace's folder ``variants/`` as well. ``settings`` default to
    the usual ones with the workspace's seed.
    """

    def __init__(self, workspace: Workspace, most: int = MOST, *, settings: DistilSettings | None = None) -> None:
        self.workspace, self.most = workspace, most
        self.settings = settings or DistilSettings(seed=int(workspace.config["seed"]))
        self._scorers: OrderedDict[Variant, Scorer] = OrderedDict()
        self._looking, self._building = threading.Lock(), threading.RLock()

    def scorer(self, variant: Variant) -> Scorer:
        """The variant's scorer, built if it is not at hand. Building waits its turn, looking up does not."""
        if variant.is_dense:
            return self.workspace.dense
        found = self._find(variant)
        if found is None:
            with self._building:
                found = self._find(variant) or self._keep(variant, self._builder.build(variant))
        return found

    def __len__(self) -> int:
        return len(self._scorers)

    def untrained(self, variant: Variant) -> Scorer:
        """See `VariantBuilder.build_untrained`; not kept."""
        with self._building:
            return self._builder.build_untrained(variant)

    @cached_property
    def lessons(self) -> Lessons:
        """What the dense model teaches, drawn once and kept (55 MB at 12 feature groups of width 32)."""
        pairs = teaching_pairs(self.workspace.split_dataset, self.settings)
        return draw_lessons(self.workspace.dense, pairs, self.settings)

    @cached_property
    def _builder(self) -> VariantBuilder:
        made_from = [self.workspace.fingerprint, RECIPE, self.settings.to_json()]
        stamp = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]
        cache = StudentCache(self.workspace.path / "variants", stamp)
        return VariantBuilder(self.workspace.dense, lambda: self.lessons, self.settings, cache)

    def _find(self, variant: Variant) -> Scorer | None:
        with self._looking:
            if variant in self._scorers:
                self._scorers.move_to_end(variant)
            return self._scorers.get(variant)

    def _keep(self, variant: Variant, scorer: Scorer) -> Scorer:
        with self._looking:
            self._scorers[variant] = scorer
            while len(self._scorers) > self.most:
                self._scorers.popitem(last=False)
        return scorer
