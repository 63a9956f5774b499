"""What a trained mending is: from the base model and groups of users to what its training does otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from torch import Tensor, nn

from recsys_core.errors import Phrase
from recsys_core.mend.groups import UserGroups
from recsys_core.models.sequence_objective import target_blocks
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.treatment import BatchLosses
from recsys_core.seeds import random_stream


@dataclass(eq=False)
class Situation:
    """What a method looks at: the model that is mended, and the groups of the users.

    A *unit* is what a training weighs: a training row, or for task ``implicit`` a user.
    """

    model: TrainedModel
    groups: UserGroups

    @property
    def is_labelled(self) -> bool:
        return self.model.task != "implicit"

    @cached_property
    def unit_group(self) -> np.ndarray:
        """Group of every unit ``(n_units,)``."""
        split_dataset = self.model.split_dataset
        if not self.is_labelled:
            return self.groups.code
        return self.groups.code[split_dataset.histories.user[split_dataset.split.train]]

    @cached_property
    def unit_size(self) -> np.ndarray:
        """How many losses of an epoch each unit has ``(n_units,)``: of a row one, of a user its moments."""
        split_dataset = self.model.split_dataset
        if self.is_labelled:
            return np.ones(len(split_dataset.split.train))
        taken = split_dataset.sequences().copy()
        taken.sum_duplicates()
        most, seed = self.model.config["settings"]["sampling"]["targets"], split_dataset.split.seed
        begin, _ = target_blocks(taken.indptr.astype(np.int64), most, random_stream(seed, "moments of users"))
        owner = np.searchsorted(taken.indptr, begin, side="right") - 1
        return np.bincount(owner, minlength=len(self.groups.code)).astype(float)

    @cached_property
    def unit_positive(self) -> np.ndarray | None:
        """Whether each row's label is one (of ratings: above their mean); None for task ``implicit``."""
        if not self.is_labelled:
            return None
        target = self.model.split_dataset.target(self.model.split_dataset.split.train)
        return target > (target.mean() if self.model.task == "rating" else 0.5)


class LossTerm(Protocol):
    """Something that is added to a batch's mean loss."""

    def __call__(self, found: BatchLosses, each: Tensor) -> Tensor:
        """``each`` are the batch's losses as they are weighed."""
        ...

    def parameters(self) -> list[nn.Parameter]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What a mending changes of a training; what is not said stays.

    Attributes
    ----------
    weight
        How much each unit counts, relative to a plain training's 1.
    draw
        How often each unit is seen, relative to one another.
    terms
        Added to the loss.
    without
        Feature groups that the model does not read.
    projection
        Groups that are projected out of the users' representation after training, by this share.
    notes
        What was decided on the way.
    """

    weight: np.ndarray | None = None
    draw: np.ndarray | None = None
    terms: tuple[LossTerm, ...] = ()
    without: frozenset[str] = frozenset()
    projection: tuple[UserGroups, float] | None = None
    notes: tuple[Phrase, ...] = ()

    @property
    def trains(self) -> bool:
        """Whether it needs a training, which a projection does not."""
        return self.weight is not None or self.draw is not None or bool(self.terms or self.without)


@dataclass(frozen=True, slots=True)
class TrainedMethod:
    """One method: its name, and the change at a strength above 0 up to 1."""

    name: str
    change: Callable[[Situation, float], Change]
