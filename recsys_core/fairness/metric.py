"""A fairness metric: its name, good end, unit and needs, and one of several ways of being computed.

`recsys_core.fairness.metrics` holds one file a metric; what is declared there appears in every audit, on the
page, in tables, files and on the command line.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from recsys_core.fairness.metric_inputs import MetricInputs, Need, Sums
from recsys_core.fairness.terms import (
    GroupingStatistic,
    GroupStatistic,
    PairTerms,
    RatioTerms,
    SummedTerms,
    SumsStatistic,
    Terms,
    TogetherTerms,
    WeightedTerms,
)

Direction = Literal["higher", "lower", "zero", "neither"]
HIGHER_IS_BETTER: Direction = "higher"
LOWER_IS_BETTER: Direction = "lower"
ZERO_IS_BEST: Direction = "zero"
NEITHER: Direction = "neither"  # no end is bad in itself; the group that gets less is called the worst

Unit = Literal["share", "difference", "lift", "ratio", "amount", "number"]
LIMITS: dict[Unit, tuple[float, float]] = {  # between which a value of the unit lies
    "share": (0, 1),
    "difference": (-1, 1),  # of two shares
    "lift": (-1, np.inf),  # a relative change
    "ratio": (0, np.inf),
    "amount": (0, np.inf),
    "number": (-np.inf, np.inf),
}
Kind = Literal["ratio", "auc", "sums", "statistic", "together"]
Family = Literal["quality", "probabilities", "decisions", "lists", "together", "items"]
"""What a measure is about; the order in which lists of measures show them (``together``: all groups at once)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric(ABC):
    """A measure of how a group of users is served.

    Attributes
    ----------
    name
        As in JSON and on the command line, without the length of the list.
    place
        Where it stands among the measures, ascending; tens, so that another fits between two.
    family
        What it is about: `Family`.
    formula, source
        Its definition in one line of plain text, and the paper or library whose definition that is.
    direction
        Which end is good, and so which of two extreme groups is called the worst.
    unit
        What the value is, see `LIMITS`.
    needs
        What the data must hold; a metric whose needs are not met is left out and says why.
    at_k
        Whether it is of lists, and so named after their length (``ndcg@10``).
    no_quality
        The value that no quality at all gives, from which gaps of different metrics are compared as shares
        (`recsys_core.fairness.scan.relative_size`); None where a difference can be compared as it is.
    undefined
        Message key of why nobody may have a figure although the needs are met; by the needs if empty.
    is_scanned
        Whether the scan of all columns tests it, which costs too much for some; others are tested where one column
        is looked at.
    """

    kind: ClassVar[Kind]
    name: str
    place: int
    family: Family
    formula: str
    source: str
    direction: Direction
    unit: Unit
    needs: tuple[Need, ...]
    at_k: bool = False
    no_quality: float | None = 0.0
    undefined: str = ""
    is_scanned: bool = True

    @property
    def is_together(self) -> bool:
        """Whether it is one figure of all groups together, which no group has."""
        return False

    def full_name(self, k: int) -> str:
        """``ndcg@10`` of lists of ten; metrics that are not of lists keep their name."""
        return f"{self.name}@{k}" if self.at_k else self.name

    @abstractmethod
    def terms(self, inputs: MetricInputs) -> Terms:
        """What every user adds; only asked for where the needs are met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioMetric(Metric):
    """``sum(numerator) / sum(denominator) - offset`` over the group's users; a mean has ones below.

    ``sums`` gives what each user adds, both ``(n_users,)`` (`MetricInputs.of_lists`, `MetricInputs.of_pairs`).
    """

    kind: ClassVar[Kind] = "ratio"
    sums: Callable[[MetricInputs], Sums]
    offset: float = 0.0

    def terms(self, inputs: MetricInputs) -> RatioTerms:
        return RatioTerms(*self.sums(inputs), offset=self.offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class AucMetric(Metric):
    """Area under the ROC curve over all scored pairs of the group's users together."""

    kind: ClassVar[Kind] = "auc"

    def terms(self, inputs: MetricInputs) -> PairTerms:
        return PairTerms(inputs.n_users, inputs.pair_user, inputs.pairs.label, inputs.pairs.score)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummedMetric(Metric):
    """Any function of sums over the group's users (`recsys_core.fairness.terms.SummedTerms`), made by ``summed``."""

    kind: ClassVar[Kind] = "sums"
    summed: Callable[[MetricInputs], SummedTerms]

    def terms(self, inputs: MetricInputs) -> SummedTerms:
        return self.summed(inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticMetric(Metric):
    """Any function of a group's users: of how often each counts, so that users can be resampled.

    ``statistic(inputs)`` prepares the function once; it is called with ``(inside, everyone)``, the weights
    ``(b, n_users)`` of the group's and of all users, and gives ``(b,)``, NaN where it is undefined. Shuffled no more
    often than resampled.
    """

    kind: ClassVar[Kind] = "statistic"
    statistic: Callable[[MetricInputs], GroupStatistic]
    is_scanned: bool = False

    def terms(self, inputs: MetricInputs) -> WeightedTerms:
        return WeightedTerms(of_set=self.statistic(inputs))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfAllGroups(Metric):
    """A figure of all groups together: it stands with everyone, and is tested against that of groups drawn by lot.

    ``by_group`` names the measure of single groups that shows what it is made of.
    """

    by_group: str

    is_scanned: bool = False

    @property
    def is_together(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class TogetherMetric(OfAllGroups):
    """Any function of every group's sums over users, such as the difference of two rates.

    ``table`` gives what each user adds, ``(n_users, width)``; ``of_sums`` makes the figure ``(…)`` from the sums of two
    groups or more, ``(…, n_groups, width)``.
    """

    kind: ClassVar[Kind] = "together"
    table: Callable[[MetricInputs], np.ndarray]
    of_sums: SumsStatistic

    def terms(self, inputs: MetricInputs) -> TogetherTerms:
        return TogetherTerms(self.table(inputs), self.of_sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupingMetric(OfAllGroups):
    """Any function of who counts how often in which group (`recsys_core.fairness.terms.Members`).

    Shuffled no more often than resampled.
    """

    kind: ClassVar[Kind] = "statistic"
    statistic: Callable[[MetricInputs], GroupingStatistic]

    def terms(self, inputs: MetricInputs) -> WeightedTerms:
        return WeightedTerms(of_groups=self.statistic(inputs))
