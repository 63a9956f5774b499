"""Results of compressing: what a variant costs and changes, beside the dense model.

Every part of a report is None until it is measured, so a half finished measurement is a report, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from recsys_core.results.dataclass_json import INLINED, named
from recsys_core.variant import ModelVariant

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model takes on disk and in work, known from its shape.

    ``size_bytes`` is network, embedding tables, cached item vectors and item-item term as stored on disk;
    ``text_bytes`` of them are the cached vectors of texts, ``term_bytes`` the item-item term. ``encoder_bytes``: the
    text encoder, which is needed for new titles only. ``n_parameters``: of the network, and the entries of the term.
    ``macs``: multiply-adds to score one pair, of the term the entries that known positives hit, in the mean over
    seeded pairs. ``neighbours``: entries of the term's fullest column, 0 without a term.
    """

    size_bytes: int
    text_bytes: int
    term_bytes: int
    encoder_bytes: int
    n_parameters: int
    macs: int
    neighbours: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Median and 95th percentile of the milliseconds that one call takes."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one model costs and how well it does, measured on this machine.

    ``latency`` is by batch: ``batch_1`` (one pair) and ``batch_256`` (one user's 256 candidates).
    ``auc``, ``ndcg`` and ``recall`` are None also where the test part has nothing to compute them from.
    """

    cost: Cost | None = field(default=None, metadata=INLINED)
    latency: Mapping[str, Latency] | None = field(default=None, metadata=named("latency_ms"))
    auc: float | None = None
    ndcg: float | None = field(default=None, metadata=named("ndcg@10"))
    recall: float | None = field(default=None, metadata=named("recall@10"))


@dataclass(frozen=True, slots=True)
class Quality:
    """AUC and NDCG@10 of a structured variant before its epoch of distillation."""

    auc: float | None
    ndcg: float | None = field(metadata=named("ndcg@10"))


@dataclass(frozen=True, slots=True)
class Noise:
    """Half widths of the 95 % paired bootstrap intervals of the differences of AUC and NDCG@10."""

    auc: float | None = None
    ndcg: float | None = field(default=None, metadata=named("ndcg@10"))


@dataclass(frozen=True, slots=True)
class AucIntervals:
    """95 % interval of each model's AUC, bootstrap over users; ends are None without pairs of both labels."""

    dense: tuple[float | None, float | None]
    compressed: tuple[float | None, float | None] = field(metadata=named("variant"))


@dataclass(frozen=True, slots=True)
class Ties:
    """Equal scores in the lists of the compared users; None without users.

    ``distinct``: mean number of different scores in a list. ``inside``: share of users with equal scores in their
    list; ``across``: share of users of whose items some are left out although they score as high as the last one.
    """

    distinct: float | None
    inside: float | None
    across: float | None


@dataclass(frozen=True, slots=True)
class BothTies:
    """Ties under the two models."""

    dense: Ties
    compressed: Ties = field(metadata=named("variant"))


@dataclass(frozen=True, slots=True)
class ListOverlap:
    """Share of a user's top ten that stays: mean over users with its 95 % interval, None without users.

    ``most_changed``: up to 20 ``(user_index, share kept)``, fewest kept first, only users whose list changed.
    """

    mean: float | None
    low: float | None
    high: float | None
    most_changed: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class ExplanationDrift:
    """How far reasons move: exact attributions of ``n_pairs`` seeded pairs with ``background`` rows, both models.

    ``rank_correlation`` of the signed contributions, and ``top_3_overlap``, the share of the three strongest
    reasons kept: means over pairs with 95 % intervals, None without pairs.
    """

    rank_correlation: float | None
    rank_correlation_low: float | None
    rank_correlation_high: float | None
    top_3_overlap: float | None
    top_3_overlap_low: float | None
    top_3_overlap_high: float | None
    n_pairs: int
    background: int


@dataclass(frozen=True, slots=True)
class GroupGap:
    """What compression does to the gap between the groups of one user column.

    ``worst_group`` and ``best_group`` are the dense model's; ``dense`` and ``compressed`` are better minus worse of
    these two, ``change`` their difference with ``low`` and ``high`` (95 %, paired bootstrap over users). ``own`` is
    better minus worse of the variant's own extreme groups, which may be others: closing the gap of two groups by
    opening one elsewhere does not make it smaller.
    """

    metric: str
    worst_group: str
    best_group: str
    dense: float
    compressed: float
    change: float
    low: float
    high: float
    n_draws: int
    own: float | None = None


@dataclass(frozen=True, slots=True)
class WatchedGap:
    """Which column's gap a report watches, None where no column has groups to compare.

    ``is_real``: more than noise for the dense model, after a correction for ``n_tested`` columns and measures. The
    gap is one of ``metric``.
    """

    column: str | None
    is_real: bool
    p_corrected: float | None
    n_tested: int
    metric: str


@dataclass(frozen=True, slots=True)
class LostGroup:
    """A group over-represented among the users whose lists change most: ``n`` and ``share`` of them.

    ``share_of_all`` users belong to it; ``p_corrected``: hypergeometric tail, Holm over all groups of all columns.
    """

    column: str
    group: str
    n: int
    share: float
    share_of_all: float
    p_corrected: float


@dataclass(frozen=True, slots=True)
class LostMost:
    """The tenth of the users who keep least of their list, and the group that is clearly over-represented there.

    ``kept_none``: users who keep nothing of it. ``n`` users keep ``at_most`` this share (None where no list changes).
    """

    kept_none: int
    at_most: float | None = None
    n: int = 0
    group: LostGroup | None = None


@dataclass(frozen=True, slots=True)
class CompressionReport:
    """One variant against the dense model, measured in the same minute; parts are None until they are measured.

    ``before_training`` stays None but for structured variants. Lists are compared for ``n_users`` of the
    ``n_test_users`` users with held-out items. Where that is a sample (drawn by ``users_seed``), the variant's NDCG and
    recall are the dense model's of all users plus the mean difference of the sample's. ``n_pairs`` test pairs are
    behind AUC.
    ``group_gaps``: the gap of every user column that has groups, by column; ``watched``: the one that is shown
    first. ``same_runtime``: latencies of the dense model in the runtime of the variant, None where that is PyTorch
    for both. ``measured_at`` and ``machine`` are empty until all is measured.
    """

    variant: ModelVariant = field(metadata=named("settings"))
    dense: Measurement = Measurement()
    compressed: Measurement = field(default=Measurement(), metadata=named("variant"))
    noise: Noise = Noise()
    n_pairs: int | None = None
    auc_interval: AucIntervals | None = None
    same_runtime: Mapping[str, Latency] | None = field(default=None, metadata=named("same_runtime_ms"))
    n_users: int | None = None
    n_test_users: int | None = None
    users_seed: int | None = None
    list_overlap: ListOverlap | None = None
    ties: BothTies | None = None
    explanation_drift: ExplanationDrift | None = None
    watched: WatchedGap | None = field(default=None, metadata=named("group_gap"))
    group_gaps: Mapping[str, GroupGap] = field(default_factory=dict)
    lost_most: LostMost | None = None
    before_training: Quality | None = None
    seed: int = 0
    measured_at: str = ""
    machine: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether all is measured."""
        return bool(self.measured_at)

    @property
    def top_10_overlap(self) -> float | None:
        """Mean share of a user's dense top ten that the variant keeps."""
        return self.list_overlap.mean if self.list_overlap else None

    @property
    def top_3_overlap(self) -> float | None:
        """Mean share of the three strongest reasons that the variant keeps."""
        return self.explanation_drift.top_3_overlap if self.explanation_drift else None

    @property
    def size_bytes(self) -> int | None:
        """Size of the variant on disk."""
        return self.compressed.cost.size_bytes if self.compressed.cost else None

    def gap(self, column: str | None = None) -> GroupGap | None:
        """The gap by a user column, by the watched one if None; None where it is not known."""
        wanted = column or (self.watched.column if self.watched else None)
        return self.group_gaps.get(wanted) if wanted else None


def measured(part: Part | None) -> Part:
    """A part of a report that is whole. Raises ``ValueError`` where it is not measured."""
    if part is None:
        raise ValueError("this part of the report is not measured yet")
    return part
