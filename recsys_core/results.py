"""The frozen results that travel from the core to charts, pages and the command line."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from recsys_core.metrics import Csr, roc_auc
from recsys_core.variant import DENSE, Variant

MIDDLE = 1e-6  # how far from the middle of its scale a rating must lie to be in the upper or the lower half


def probability(logit: float) -> float:
    """Logistic of a logit, without overflow.

    >>> probability(0.0)
    0.5
    """
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))


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
    variant: Variant = DENSE
    n_tied_listed: int = 0
    n_tied: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """What one reason (feature group) adds to a score, in logits.

    ``feature`` is the group's key: ``user.age``, ``item.title``, ``user_id``, ``history``, or
    ``history:ITEM_ID``. ``value`` is what the group holds here, raw (a title, 34.0, the length of a
    history; None where the cell is empty), and ``unit`` what it counts (``items`` for a history).
    ``standard_error`` is None where nothing was sampled. ``probability_without`` is the mean
    probability over the background with this one reason taken from the background row: a property
    of the model, the same for every method.
    """

    feature: str
    value: str | float | int | None
    contribution: float
    standard_error: float | None = None
    unit: str = ""
    probability_without: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Base value + contributions = score, for one user and item, with its doubt.

    Attributes
    ----------
    score, base_value
        Logits: of this pair, and the mean over the background.
    completeness_gap
        ``base_value + sum(contributions) - score``; 0 up to rounding for additive methods.
    exact
        Whether the contributions are exact Shapley values (with ``history='each'`` Owen values):
        solved over all coalitions. False for everything sampled, and for the methods that answer
        another question (``lime``, ``deeplift``, ``ig``, ``occlusion``).
    standard_error
        Largest standard error of a contribution, None where nothing was sampled.
    fit
        Weighted R² of a local surrogate (LIME), None elsewhere.
    background, seed
        How many background rows stood for "not this value", and the seed that drew them.
    n_evaluations
        Network rows that were computed.
    history
        ``one`` (the history is one reason) or ``each`` (one reason an item).
    """

    user_id: str
    item_id: str
    title: str
    method: str
    score: float
    base_value: float
    contributions: tuple[Contribution, ...]
    background: int
    seed: int
    seconds: float
    exact: bool = False
    fit: float | None = None
    history: str = "one"
    n_evaluations: int = 0
    variant: Variant = DENSE

    @property
    def completeness_gap(self) -> float:
        return self.base_value + sum(c.contribution for c in self.contributions) - self.score

    @property
    def standard_error(self) -> float | None:
        errors = [c.standard_error for c in self.contributions if c.standard_error is not None]
        return max(errors) if errors else None

    @property
    def probability(self) -> float:
        return probability(self.score)


@dataclass(frozen=True, slots=True, eq=False)
class RankingResult:
    """Full-catalogue ranking of unseen items, one row a user with at least one held-out item.

    ``top`` (n, k) holds item indices, best first, -1 where a user has fewer candidates;
    ``ndcg`` and ``recall`` are at ``k``. ``held_out`` is what they looked for, ``(indptr, indices)``
    with the same rows: the items that the user took in the held-out part and had not seen before,
    each once. ``n_distinct`` counts the different scores in a list, ``n_tied_out`` the candidates
    that are left out although they score as high as the last one listed
    (`recsys_core.metrics.list_ties`).
    """

    k: int
    user_index: np.ndarray
    top: np.ndarray
    ndcg: np.ndarray
    recall: np.ndarray
    held_out: Csr
    n_distinct: np.ndarray | None = None
    n_tied_out: np.ndarray | None = None

    @property
    def n_held_out(self) -> np.ndarray:
        """How many items were looked for, one number a row."""
        return np.diff(self.held_out[0])


@dataclass(frozen=True, slots=True, eq=False)
class PairResult:
    """Scored test pairs with their 0/1 label, for task ``rating`` the rating on a scale of 0 to 1.

    ``negatives`` is ``logged`` or ``sampled``.
    """

    user_index: np.ndarray
    item_index: np.ndarray
    label: np.ndarray
    score: np.ndarray
    negatives: str

    def binary(self) -> PairResult:
        """The pairs that an AUC is formed of, with 0/1 labels: the one definition for every task and page.

        A rating counts as taken in the upper half of its scale; those in the very middle are left out.
        (What counts as taken in a history and is looked for in lists is the upper quarter, see
        `recsys_core.data.history.is_taken`.) Other tasks have 0/1 labels already.

        >>> nobody = np.zeros(3, dtype=int)
        >>> pairs = PairResult(nobody, nobody, np.array([0.25, 0.5, 1.0]), np.zeros(3), "logged").binary()
        >>> pairs.label.tolist()
        [0.0, 1.0]
        """
        kept = np.abs(self.label - 0.5) > MIDDLE
        label = (self.label[kept] > 0.5).astype(float)
        return PairResult(self.user_index[kept], self.item_index[kept], label, self.score[kept], self.negatives)

    @property
    def auc(self) -> float:
        """AUC of the `binary` pairs; NaN where one of the two labels is missing."""
        binary = self.binary()
        return roc_auc(binary.label, binary.score)


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Quality of one scorer on the held-out rows. ``logloss`` is None for a scorer without probabilities."""

    ranking: RankingResult
    pairs: PairResult
    auc: float
    logloss: float | None
    rmse: float | None = None

    @property
    def ndcg(self) -> float:
        return float(np.mean(self.ranking.ndcg)) if len(self.ranking.ndcg) else math.nan

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


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """What one variant costs and how well it does, measured on this machine.

    ``latency_ms`` maps ``batch_1`` and ``batch_256`` to ``{"p50": …, "p95": …}``.
    ``size_bytes`` is network, embedding tables and cached item vectors as stored on disk;
    ``text_bytes`` of them are the cached vectors of texts.
    ``auc``, ``ndcg`` and ``recall`` are None where the test part has nothing to compute them from.
    """

    size_bytes: int
    text_bytes: int
    encoder_bytes: int
    n_parameters: int
    macs: int
    latency_ms: dict[str, dict[str, float]]
    auc: float | None
    ndcg: float | None
    recall: float | None

    def to_json(self) -> dict:
        plain = ("size_bytes", "text_bytes", "encoder_bytes", "n_parameters", "macs", "latency_ms", "auc")
        return {k: getattr(self, k) for k in plain} | {"ndcg@10": self.ndcg, "recall@10": self.recall}

    @classmethod
    def from_json(cls, data: dict) -> Measurement:
        plain = {k: v for k, v in data.items() if "@" not in k}
        return cls(**plain, ndcg=data["ndcg@10"], recall=data["recall@10"])


@dataclass(frozen=True, slots=True, eq=False)
class CompressionReport:
    """One variant against the dense model, measured in the same minute.

    ``top_10_overlap``: mean share of a user's dense top ten that the variant keeps.
    ``explanation_drift``: ``rank_correlation`` and ``top_3_kept`` of exact attributions on
    ``n_pairs`` seeded pairs with ``background`` rows. ``before_training``: AUC and NDCG@10 of
    a structured variant before its epoch of distillation, None elsewhere. ``noise``: half
    width of the bootstrap interval of each metric's paired difference.

    Lists are compared for ``n_users`` of the ``n_test_users`` users with held-out items. Where
    that is a sample, the variant's NDCG and recall are the dense model's of all users plus the
    mean difference of the sample's. ``group_gaps``: the gap of every user column, by column;
    ``group_gap``: that of the ``column`` that is watched, with ``is_real`` (more than noise for the
    dense model), ``p_corrected`` and ``n_tested``. ``ties``: for ``dense`` and ``variant``
    the mean number of ``distinct`` scores in a list and the share of users with a tie
    ``inside`` their list and ``across`` its border. ``auc_interval``: 95 %, of each model's
    AUC, bootstrap over users. ``same_runtime_ms``: latencies of the dense model in the runtime
    of the variant, None where that is PyTorch for both.
    """

    variant: Variant
    dense: Measurement
    compressed: Measurement
    top_10_overlap: float
    explanation_drift: dict[str, float]
    group_gap: dict[str, object]
    before_training: dict[str, float] | None
    noise: dict[str, float]
    n_users: int
    n_test_users: int
    group_gaps: dict[str, dict]
    ties: dict[str, dict[str, float]]
    auc_interval: dict[str, list[float]]
    same_runtime_ms: dict[str, dict[str, float]] | None
    seed: int
    measured_at: str
    machine: str
    extra: dict = field(default_factory=dict)
