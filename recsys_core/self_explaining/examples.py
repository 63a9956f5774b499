"""Training examples of models that explain themselves: a stated sample of the rows that the ranker was trained on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recsys_core.models.scorer import Pairs
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.seeds import random_stream


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Pairs at their moment in the log, with what came of them.

    ``label`` ``(n,)`` 0/1, for task ``rating`` the rating on a scale of 0 to 1. ``own`` ``(n,)``: 1 where the pair is
    one of the training positives that popularity counts. ``n_logged`` rows of the log were drawn of ``n_all``.
    """

    pairs: Pairs
    label: np.ndarray
    own: np.ndarray
    n_logged: int
    n_all: int

    def __len__(self) -> int:
        return len(self.label)


def draw_examples(split_dataset: SplitDataset, *, most: int, seed: int) -> Examples:
    """At most ``most`` training rows, drawn by the seed; task ``implicit`` adds an untaken item to each positive.

    So the outcomes stand as in the pairs that AUC and log loss are of (`SplitDataset.labelled`).
    """
    train = split_dataset.split.train
    most = max(1, most // 2) if split_dataset.task == "implicit" else most
    draw = random_stream(seed, "examples of self-explaining models")
    rows = train if len(train) <= most else np.sort(draw.choice(train, most, replace=False))
    pairs = split_dataset.pairs(rows, "train")
    own = split_dataset.histories.positive[rows].astype(np.float32)
    if split_dataset.task != "implicit":
        return Examples(pairs, split_dataset.target(rows), own, len(rows), len(train))
    drawn = split_dataset.sample_untaken(pairs.users, seed=seed)
    there = np.flatnonzero(drawn >= 0)
    both = pairs[np.concatenate([np.arange(len(rows)), there])]
    both = replace(both, items=np.concatenate([pairs.items, drawn[there]]))
    label = np.repeat([1.0, 0.0], [len(rows), len(there)]).astype(np.float32)
    return Examples(both, label, np.concatenate([own, np.zeros(len(there), np.float32)]), len(rows), len(train))
