"""The planted function as a scorer: what no model can beat on a sample's own log, evaluated as any model is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.data.known import Positives
from recsys_core.data.sample.best import states
from recsys_core.data.sample.truth import PlantedTruth
from recsys_core.data.split import Split


@dataclass(frozen=True, slots=True, eq=False)
class PlantedScorer:
    """Scores by the planted logit in the user's true state; it reads what was taken, not what was recorded.

    Attributes
    ----------
    place, history
        ``user * n_items + item`` of every logged row, ascending, and the state at that moment
        ``(n, n_categories)``.
    before_test
        ``(n_users, n_categories)``: each user's state before the test part.
    """

    truth: PlantedTruth
    place: np.ndarray
    history: np.ndarray
    before_test: np.ndarray

    @staticmethod
    def is_known(dataset: Dataset, split: Split) -> bool:
        """Whether these are sample data under the split by time of logged impressions.

        Elsewhere nobody knows the best ranking: the truth is of what is taken when shown, in the order it happened.
        """
        return dataset.truth is not None and (split.task, split.kind) == ("like", "time")

    @classmethod
    def of(cls, dataset: Dataset, split: Split) -> PlantedScorer:
        """The scorer of sample data; ``ValueError`` where the best ranking is not known (`is_known`)."""
        if dataset.truth is None or not cls.is_known(dataset, split):
            raise ValueError("the best possible ranking of these data is not known")
        truth = PlantedTruth.from_tables(dataset.truth, dataset.users, dataset.items)
        log, test = dataset.interactions, np.zeros(dataset.n_interactions, dtype=bool)
        test[split.test] = True
        order = np.lexsort((split.order, log["user_index"].to_numpy()))
        user, item = (log[f"{side}_index"].to_numpy()[order].astype(np.int64) for side in ("user", "item"))
        taken = truth.taken(user, item, log["value"].to_numpy()[order] > 0)
        history = states(truth, user, item, taken).history
        rows = np.flatnonzero(test[order])[::-1]  # the earliest test row of a user is written last
        before_test = np.zeros((dataset.n_users, truth.function.n_categories), dtype=np.int64)
        before_test[user[rows]] = history[rows]
        place = user * truth.n_items + item
        ascending = np.argsort(place, kind="stable")
        return cls(truth, place[ascending], history[ascending], before_test)

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: Positives | None = None) -> np.ndarray:
        """Planted logits of every item ``(b, n_items)`` before the test part."""
        return self.truth.catalogue_logit(users, self.before_test[users])

    def score_pairs(
        self, users: np.ndarray, items: np.ndarray, histories: np.ndarray, known: Positives | None = None
    ) -> np.ndarray:
        """Planted logits ``(n,)`` of logged pairs, each in the state of its own moment."""
        at = np.searchsorted(self.place, np.asarray(users, dtype=np.int64) * self.truth.n_items + items)
        return self.truth.logit(users, items, self.history[at])
