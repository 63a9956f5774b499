"""Results of ranking: lists, scored pairs, and their quality on held-out rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from recsys_core.errors import Phrase
from recsys_core.metrics import probability, roc_auc
from recsys_core.variant import DENSE, ModelVariant

MIDDLE = 1e-6  # how far from the middle of its scale a rating must lie to be in the upper or the lower half


@dataclass(frozen=True, slots=True, eq=False)
class RankedItem:
    """One line of a ranked list. ``score`` is a logit; ``rank`` counts from 1 over unseen items."""

    item_index: int
    item_id: str
    title: str
    score: float
    rank: int
    held_out: bool = False  # the user really took it later

    @property
    def probability(self) -> float:
        return probability(self.score)


@dataclass(frozen=True, slots=True, eq=False)
class Recommendation:
    """A ranked list for one user over all items that the user has not seen.

    ``n_tied_listed`` of its items share their score with another candidate; ``n_tied`` candidates in all, on the
    list and beyond it, have such a score: their order is drawn, not found.
    """

    user_index: int
    user_id: str
    items: tuple[RankedItem, ...]
    n_candidates: int
    seconds: float
    variant: ModelVariant = DENSE
    n_tied_listed: int = 0
    n_tied: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class RankingResult:
    """Full-catalogue ranking of unseen items, one row a user with at least one held-out item.

    ``top`` (n, k) holds item indices, best first, -1 where a user has fewer candidates;
    ``ndcg`` and ``recall`` are at ``k``. ``held_out`` ``(n, n_items)`` is what they looked for: the
    items that the user took in the held-out part and had not seen before, each once. ``n_distinct``
    counts the different scores in a list, ``n_tied_out`` the candidates that are left out although
    they score as high as the last one listed (`recsys_core.metrics.list_ties`).
    """

    k: int
    user_index: np.ndarray
    top: np.ndarray
    ndcg: np.ndarray
    recall: np.ndarray
    held_out: csr_array
    n_distinct: np.ndarray | None = None
    n_tied_out: np.ndarray | None = None

    def __getitem__(self, rows: np.ndarray) -> RankingResult:
        parts = (self.user_index, self.top, self.ndcg, self.recall, self.held_out, self.n_distinct, self.n_tied_out)
        return RankingResult(self.k, *(None if part is None else part[rows] for part in parts))  # type: ignore[arg-type]

    @property
    def n_held_out(self) -> np.ndarray:
        """How many items were looked for, one number a row."""
        return np.diff(self.held_out.indptr)

    @property
    def mean_ndcg(self) -> float:
        """NaN where nobody is ranked."""
        return float(np.mean(self.ndcg)) if len(self.ndcg) else math.nan


@dataclass(frozen=True, slots=True, eq=False)
class PairResult:
    """Scored test pairs with their 0/1 label, for task ``rating`` the rating on a scale of 0 to 1.

    ``negatives`` is ``logged`` or ``sampled``. ``selected`` is the chance that a pair is decided for, where that is
    anything else than a probability of one half or more.
    """

    user_index: np.ndarray
    item_index: np.ndarray
    label: np.ndarray
    score: np.ndarray
    negatives: str
    selected: np.ndarray | None = None

    def __getitem__(self, rows: np.ndarray) -> PairResult:
        user_index, item_index, label, score = (
            part[rows] for part in (self.user_index, self.item_index, self.label, self.score)
        )
        selected = None if self.selected is None else self.selected[rows]
        return PairResult(user_index, item_index, label, score, self.negatives, selected)

    def binary(self) -> PairResult:
        """The pairs that an AUC is formed of, with 0/1 labels: the one definition for every task and page.

        A rating counts as taken in the upper half of its scale; those in the very middle are left out.
        (What counts as taken in a history and is looked for in lists is the upper quarter, see
        `recsys_core.data.history.is_positive`.) Other tasks have 0/1 labels already.

        >>> nobody = np.zeros(3, dtype=int)
        >>> pairs = PairResult(nobody, nobody, np.array([0.25, 0.5, 1.0]), np.zeros(3), "logged").binary()
        >>> pairs.label.tolist()
        [0.0, 1.0]
        """
        kept = self[np.abs(self.label - 0.5) > MIDDLE]
        return replace(kept, label=(kept.label > 0.5).astype(float))

    @property
    def auc(self) -> float:
        """AUC of the `binary` pairs; NaN where one of the two labels is missing."""
        binary = self.binary()
        return roc_auc(binary.label, binary.score)


@dataclass(frozen=True, slots=True)
class UserSample:
    """How many users were ranked, of how many, and the seed that drew them; None where it is all of them."""

    n_users: int
    n_all_users: int
    seed: int | None = None

    @property
    def is_all(self) -> bool:
        return self.n_users == self.n_all_users


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Quality of one scorer on the held-out rows.

    Attributes
    ----------
    ranking, pairs, auc
        Lists, scored pairs, and the AUC of these.
    logloss, rmse
        None for a scorer without probabilities, for task ``rating`` and for all others.
    sample
        Which users it is of, where that is said; the pairs are theirs, too.
    anew
        Said where the lists stored with the model could not be used and these were worked out.
    """

    ranking: RankingResult
    pairs: PairResult
    auc: float
    logloss: float | None
    rmse: float | None = None
    sample: UserSample | None = None
    anew: Phrase | None = None

    @property
    def ndcg(self) -> float:
        return self.ranking.mean_ndcg

    @property
    def recall(self) -> float:
        return float(np.mean(self.ranking.recall)) if len(self.ranking.recall) else math.nan

    def to_json(self) -> dict:
        k = self.ranking.k
        return {
            "auc": self.auc,
            "logloss": self.logloss,
            f"ndcg@{k}": self.ndcg,
            f"recall@{k}": self.recall,
            **({"rmse": self.rmse} if self.rmse is not None else {}),
            "n_users": len(self.ranking.user_index),
            "n_pairs": len(self.pairs.label),
        }
