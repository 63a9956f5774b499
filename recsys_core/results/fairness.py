"""Results of fairness: groups and their figures, the gaps between them, what a variant changes, what cannot be said."""

from __future__ import annotations

import json
from dataclasses import dataclass

from recsys_core.errors import Phrase
from recsys_core.results.ranking import UserSample
from recsys_core.variant import DENSE, ModelVariant

NOISE_ABOVE = 0.05
OWN_LABELS = {"missing": "(missing)", "rest": "(other values)", "all": "(all)", "others": "(others)"}


@dataclass(frozen=True, slots=True)
class Group:
    """Which users or items a figure is of, by what the data say and never by a text of ours.

    Attributes
    ----------
    kind
        ``value`` (the text of a cell), ``range`` (a bucket of numbers), ``missing`` (an empty cell),
        ``rest`` (the rarer values of a column with too many), ``popularity`` (of items), ``segment`` and ``others``
        (who is in a segment, and who is not), ``all``, or ``crossed``.
    value
        The cell's text; of a range its ends in words (``18–33``, without the unit); the name of the segment;
        of popularity ``head``, ``middle`` or ``tail``.
    unit, low, high
        Of a range: its unit, smallest and largest number.
    parts
        Of a crossed group: one group a column.
    """

    kind: str
    value: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    parts: tuple[Group, ...] = ()

    @property
    def label(self) -> str:
        """The group in words for the command line and JSON; two groups never have the same.

        A cell's text that could be taken for one of our own words stands in quotation marks.

        >>> Group("missing").label, Group("value", "(missing)").label
        ('(missing)', '"(missing)"')
        """
        if self.kind == "crossed":
            return " × ".join(part.label for part in self.parts)
        if self.kind in ("value", "segment"):
            unclear = self.value[:1] in ("(", '"') or "×" in self.value
            return json.dumps(self.value, ensure_ascii=False) if unclear else self.value
        return f"{self.value} {self.unit}".strip() if self.kind in ("range", "popularity") else OWN_LABELS[self.kind]


EVERYONE = Group("all")


@dataclass(frozen=True, slots=True, eq=False)
class GroupRow:
    """One group's figures. ``values[m]``, ``low[m]``, ``high[m]`` are None where suppressed or undefined.

    ``n`` counts the evaluated users (or the items, for item columns).
    """

    group: Group
    n: int
    suppressed: bool
    values: dict[str, float | None]
    low: dict[str, float | None]
    high: dict[str, float | None]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Verdict:
    """A difference with its 95 % interval and its test against there being none.

    ``p_value`` is of this one test, ``p_corrected`` after Holm's correction for all that were looked at.
    """

    low: float
    high: float
    p_value: float
    p_corrected: float

    @property
    def within_noise(self) -> bool:
        """Whether ``p_corrected`` is above 0.05 (or unknown)."""
        return not self.p_corrected <= NOISE_ABOVE


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Gap(Verdict):
    """Worst against best group of one metric, with the bootstrap interval of the difference.

    ``difference`` is the larger minus the smaller figure (never negative), ``ratio`` the smaller over
    the larger. ``p_value`` is that of a permutation test of equal groups, corrected for all metrics (and
    columns) that were looked at. The interval does not know that the two groups were picked for being
    extreme, so it can leave 0 out where the verdict is noise.
    """

    metric: str
    worst_group: Group
    best_group: Group
    worst: float
    best: float
    difference: float
    ratio: float | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TogetherFigure(Verdict):
    """A figure of all groups together, such as the difference of their selection rates; also in the overall row.

    ``p_value`` is the chance of one as bad if groups were drawn by lot.
    """

    metric: str
    value: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Change(Verdict):
    """A figure under the dense model and under a variant: ``change = compressed - dense``, paired user by user.

    ``p_value`` is that of the paired bootstrap: twice the smaller share of draws on either side of 0.
    """

    dense: float
    compressed: float
    change: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GapChange(Change):
    """What a variant does to one gap: the two groups that are extreme for the dense model, under both.

    ``dense`` and ``compressed`` are larger minus smaller group as the dense model has them
    (``compressed`` is negative where the order turned over); ``p_corrected`` is for all metrics.
    """

    metric: str
    worst_group: Group
    best_group: Group


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GroupChange(Change):
    """What a variant does to one figure of one group; ``p_corrected`` is for all groups."""

    group: Group


@dataclass(frozen=True, slots=True, eq=False)
class OneVsRestGap:
    """One group against everyone else. ``difference = value - rest``, negative where the group gets less.

    ``low`` and ``high`` bound the difference (95 %, paired bootstrap over users).
    """

    metric: str
    group: Group
    n: int
    value: float
    rest: float
    difference: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """The interval leaves out 0. One in twenty does so by chance: read it beside the gap's p-value."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """A figure that an audit cannot give, and why: a message key of the core with its values."""

    metric: str
    reason: Phrase


@dataclass(frozen=True, slots=True, eq=False)
class FairnessReport:
    """Quality and exposure by group; the overall group is row 0 of every table made of it.

    ``together`` holds the figures of all groups at once; ``n_tested`` counts the gaps and these figures that
    ``p_corrected`` is corrected for, ``most_shuffles`` those behind the smallest p-values. ``left_out`` names the
    figures that cannot be given, ``notes`` what else must be known; ``sample`` says on how many of the ranked users
    all of it rests.
    """

    by: tuple[str, ...]
    side: str  # "user" or "item"
    overall: GroupRow
    groups: tuple[GroupRow, ...]
    gaps: tuple[Gap, ...]
    n_tested: int
    n_bootstrap: int
    most_shuffles: int
    least_size: int
    seed: int
    seconds: float
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[Phrase, ...] = ()
    variant: ModelVariant = DENSE
    sample: UserSample | None = None
    together: tuple[TogetherFigure, ...] = ()

    def gap(self, metric: str) -> Gap | None:
        """The gap of one metric, None where fewer than two groups have it."""
        return next((gap for gap in self.gaps if gap.metric == metric), None)

    def figure(self, metric: str) -> TogetherFigure | None:
        """The figure of all groups together that a metric is, None where it is none."""
        return next((figure for figure in self.together if figure.metric == metric), None)
