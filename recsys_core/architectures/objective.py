"""What designs are fitted to: the task's own objective, asked through the interface that all networks share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from recsys_core.data.features import Features
from recsys_core.models.objective import Objective, distinct
from recsys_core.models.ranker import Ranker
from recsys_core.models.sequence_objective import Moments, SequenceObjective
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.training import TrainingSettings, make_objective


class DesignSequences(SequenceObjective):
    """The same moments, targets, negatives and loss for any network: by `Ranker.pooled` and `Ranker.grid`.

    The ranker's own training shares work between candidates in a way that only its body allows.
    """

    def _logits(
        self, batch: Moments, own: np.ndarray, shared: np.ndarray, noise: torch.Generator
    ) -> tuple[list[Tensor], Callable[[], Tensor], Tensor]:
        _, history = self.known(batch)
        users, of_user = self.users(self.user[batch.begin], noise)
        past = self.histories(history[:, : self.ranker.shape.history], noise)
        candidates = np.concatenate([own, np.broadcast_to(shared, (len(own), len(shared)))], 1)
        items, place = distinct(candidates, self.features.n_items)
        embedded, of_item = self.items(items, noise)
        part, query = (of_items[torch.from_numpy(place)] for of_items in self.ranker.item_parts(embedded))
        pooled = self.ranker.pooled(query, past, noise=noise)
        logits = self.ranker.grid(users, part, pooled, noise=noise)
        both = list(logits.split([own.shape[1], len(shared)], 1))
        return both, lambda: self.ranker.representation(users, pooled), of_user + of_item


def design_objective(
    network: Ranker, features: Features, split_dataset: SplitDataset, settings: TrainingSettings
) -> Objective:
    """The task's objective over the training rows."""
    if split_dataset.task != "implicit":
        return make_objective(network, features, split_dataset, settings)
    positives, ordered = split_dataset.histories.pools[0], split_dataset.split.kind != "random"
    return DesignSequences(network, features, settings.ids, positives, settings.sampling, ordered=ordered)
