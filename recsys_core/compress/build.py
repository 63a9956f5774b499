"""Build: one pipeline over the levers, from the dense model and compression settings to a scorer.

It runs in three ways: trained (`VariantBuilder.build`), as cutting alone leaves it
(`VariantBuilder.build_untrained`), and for the shape alone (`shape_only`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np
import torch
from torch import Tensor

from recsys_core.compress.distillation import DistillationSet, DistillationSettings, Reduced, refit_and_distil
from recsys_core.compress.lever import Lever
from recsys_core.compress.levers import set_levers
from recsys_core.compress.student_cache import StudentCache
from recsys_core.compress.threads import one_core
from recsys_core.data.features import Features
from recsys_core.errors import SettingError
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.seeds import random_stream
from recsys_core.variant import Compression, ModelVariant

Step = Callable[[Lever, Ranker, Compression], Ranker]
_smaller: WeakKeyDictionary[ItemItemTerm, WeakValueDictionary[Compression, ItemItemTerm]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class VariantBuilder:
    """Builds variants of one dense model; ``dense`` itself is never changed.

    ``examples`` is asked only where units have to be chosen or a student has to be trained.
    Building a variant twice gives identical scores.
    """

    dense: Scorer
    examples: Callable[[], DistillationSet]
    settings: DistillationSettings
    cache: StudentCache | None = None

    @torch.inference_mode(False)
    @one_core()
    def build(self, compression: Compression) -> Scorer:
        """Each lever that is set in turn, those that break something trained; the dense scorer where none is.

        Raises ``SettingError`` where a setting does not fit the dense model, ``WorkspaceError``
        where a stored student is damaged.
        """
        return _run(self.dense, compression, self._trained)

    @torch.inference_mode(False)
    @one_core()
    def build_untrained(self, compression: Compression) -> Scorer:
        """The variant as cutting leaves it, nothing refitted or trained: for the figures before training."""
        return _run(self.dense, compression, lambda lever, ranker, so_far: self._reduced(lever, ranker, so_far).ranker)

    def _trained(self, lever: Lever, ranker: Ranker, so_far: Compression) -> Ranker:
        """What the lever leaves after its training, from the cache where it is there."""

        def train() -> Ranker:
            epochs, reduced = lever.epochs(self.settings), self._reduced(lever, ranker, so_far)
            return refit_and_distil(reduced, self.examples(), epochs=epochs, settings=self.settings)

        if not lever.trained:
            return self._reduced(lever, ranker, so_far).ranker
        return self.cache.remember(so_far, lever.shape_only(ranker, so_far), train) if self.cache else train()

    def _reduced(self, lever: Lever, ranker: Ranker, so_far: Compression) -> Reduced:
        return lever.apply(ranker, so_far, self._sample)

    def _sample(self) -> Tensor:
        return self.examples().sample(self.settings.n_sample)


@torch.inference_mode(False)
def shape_only(dense: Scorer, compression: Compression) -> Scorer:
    """A scorer of the variant's shape and width of bits, without any training: its costs are known at once.

    Its costs are the variant's; its scores mean nothing.
    """
    return _run(dense, compression, lambda lever, ranker, so_far: lever.shape_only(ranker, so_far))


def misfits(compression: Compression, dense: Ranker, term: ItemItemTerm | None) -> dict[str, SettingError]:
    """Settings that this dense model does not take, by name, each with what says so: too large, or nothing to cut."""
    found = {}
    for lever in set_levers(compression):
        try:
            lever.check(compression, dense, term)
        except SettingError as problem:
            found[str(problem.values["name"])] = problem
    return found


def is_trained(compression: Compression) -> bool:
    """Whether any lever that is set trains what it leaves, so that there are figures from before the training."""
    return any(lever.trained for lever in set_levers(compression))


def _run(dense: Scorer, compression: Compression, step: Step) -> Scorer:
    """The pipeline: levers in their order, each on what the one before left, told the settings up to its own."""
    levers = set_levers(compression)
    if not levers:
        return dense
    for lever in levers:
        lever.check(compression, dense.ranker, dense.term)
    ranker, so_far = dense.ranker, Compression()
    for lever in levers:
        so_far = replace(so_far, **{name: getattr(compression, name) for name in lever.settings})
        ranker = step(lever, ranker, so_far)
    scorer = at_bit_width(ranker, dense.features, compression, model=dense.variant.model)
    return scorer.with_term(dense.term and _smaller_term(dense.term, levers, compression))


def _smaller_term(term: ItemItemTerm, levers: list[Lever], compression: Compression) -> ItemItemTerm:
    """What the levers leave of the term; variants share it, as it may take as much memory as the rest of a model."""
    changing = [lever for lever in levers if type(lever).term is not Lever.term]
    shared = _smaller.setdefault(term, WeakValueDictionary())
    key = replace(Compression(), **{name: getattr(compression, name) for lever in changing for name in lever.settings})
    found = term if not changing else shared.get(key)
    if found is None:
        found = term
        for lever in changing:
            found = lever.term(found, compression)
        shared[key] = found
    return found


def at_bit_width(ranker: Ranker, features: Features, compression: Compression, *, model: str = "") -> Scorer:
    """Scorer of a finished ``ranker``, its weights and cached text vectors rounded to the bits; ``model`` is its id.

    No item-item term stands beside it.
    """
    *_, last = Lever(), *set_levers(compression)
    return last.scorer(ranker, features, ModelVariant(model, compression))


def distillation_pairs(split_dataset: SplitDataset, settings: DistillationSettings) -> Pairs:
    """Seeded training rows with their histories, for `draw_distillation_set`."""
    train = split_dataset.split.train
    random = random_stream(settings.seed, "lesson histories")
    rows = np.sort(random.choice(train, min(settings.n_histories, len(train)), replace=False))
    return split_dataset.pairs(rows, "train")
