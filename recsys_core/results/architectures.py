"""Results of comparing architectures: each design's quality and gap over seeds, and whether one is fairer by itself."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

KINDS = ("logistic", "fm", "cross", "mlp", "attention")


@dataclass(frozen=True, slots=True, order=True)
class Design:
    """An architecture, and which of the inputs it reads.

    Attributes
    ----------
    kind
        One of ``KINDS``: logistic regression, factorisation machine, cross network, multilayer perceptron over the mean
        of the history, or the ranker's own attention over it.
    ids
        Whether users' and items' own embeddings are read.
    text
        Whether the encoder's vectors are read.
    """

    kind: str
    ids: bool
    text: bool

    @property
    def key(self) -> str:
        """Its name in files and tables.

        >>> Design("mlp", True, False).key
        'mlp_ids_no-text'
        """
        return "_".join((self.kind, "ids" if self.ids else "no-ids", "text" if self.text else "no-text"))


@dataclass(frozen=True, slots=True)
class DesignRun:
    """One training of a design: NDCG@10 and AUC on the test part, and by user column the gap of NDCG@10.

    A gap is the best served group less the worst served; ``worst`` is the latter by column.
    """

    design: Design
    seed: int
    ndcg: float
    auc: float | None
    gaps: Mapping[str, float]
    worst: Mapping[str, str]
    n_parameters: int
    seconds: float


@dataclass(frozen=True, slots=True)
class OverSeeds:
    """A figure over seeds: its mean, and the ends of the 95 % t-interval; None with one seed alone.

    The interval says where the mean of further seeds would lie, on the same users.
    """

    mean: float
    low: float | None
    high: float | None
    values: tuple[float, ...]

    @classmethod
    def of(cls, values: tuple[float, ...]) -> OverSeeds:
        """Of one value a seed.

        >>> OverSeeds.of((1.0, 2.0, 3.0)).mean, round(OverSeeds.of((1.0, 2.0, 3.0)).high, 3)
        (2.0, 4.484)
        """
        mean, half = statistics.fmean(values), half_width(values)
        return cls(mean, None, None, values) if half is None else cls(mean, mean - half, mean + half, values)


def half_width(values: tuple[float, ...]) -> float | None:
    """Half of the 95 % t-interval of a mean; None of one value alone."""
    from scipy.stats import t

    if len(values) < 2:
        return None
    return float(t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / math.sqrt(len(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignFigures:
    """One design over seeds, and beside the app's own design (``APP``), paired by seed.

    ``gap_change`` and ``ndcg_change`` are this design's less the app's; ``p_gap`` and ``p_ndcg`` those of paired
    t-tests, corrected by Holm over all other designs; None for the app's own, and with one seed.
    """

    design: Design
    ndcg: OverSeeds
    auc: OverSeeds | None
    gap: OverSeeds
    gap_change: float
    ndcg_change: float
    p_gap: float | None
    p_ndcg: float | None
    n_parameters: int
    worst: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ArchitectureReport:
    """Which design is fairer by itself: all of them at one budget on one split.

    Attributes
    ----------
    designs
        In the order of ``KINDS``; the app's own is the last with ids (and text where the data hold any).
    fairer
        Designs whose gap is smaller than the app's beyond what seeds explain (corrected) without losing quality.
    poorer
        Those with a smaller gap that also lose NDCG@10 so: who serves everyone worse has less of a gap to leave.
    left_out
        Designs with nothing to read.
    """

    by: str
    task: str
    designs: tuple[DesignFigures, ...]
    fairer: tuple[Design, ...]
    poorer: tuple[Design, ...]
    left_out: tuple[Design, ...]
    app: Design
    seeds: tuple[int, ...]
    epochs: int
    n_users: int
    n_groups: int
    seconds: float
