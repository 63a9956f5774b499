"""Results of comparing explainers: what each method's answers are worth, with intervals, for all and by user group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recsys_core.errors import Phrase, values_from_json, values_to_json
from recsys_core.results.dataclass_json import from_json, to_json
from recsys_core.results.fairness import Group
from recsys_core.variant import ModelVariant

RANDOM, SEARCH = "random", "search"  # rows of the floor and the ceiling; no method has such a name
OF_HISTORY = ("removal_walks", "leave_one_out")  # methods that know the history alone; the first is the default there
REMOVALS = ("deletion", "insertion", "pos@20", "neg@20")  # what removing tells, between floor and ceiling
MEASURES = (*REMOVALS, "randomisation", "stability", "sparsity", "truth", "seconds")
LOWER_IS_BETTER = ("deletion", "pos@20", "randomisation", "seconds")
SHARE = "_share"  # of the distance from the floor to the ceiling


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over users with its 95 % bootstrap interval; ``n`` users had it. Ends are None for fewer than two."""

    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class MethodRow:
    """One method's figures.

    Attributes
    ----------
    method
        A registered method, one of the history alone (``OF_HISTORY``: POS, NEG and seconds), ``random`` (the floor) or
        ``search`` (the ceiling: the best order of each measure).
    figures
        By measure, None where the method cannot tell it: ``deletion`` and ``insertion`` (how far the score falls or
        rises on average while reasons leave or enter in the method's order, logits), ``pos@20`` and ``neg@20``
        (`recsys_core.explain.history_removal`), ``randomisation`` (rank correlation with the reasons of shuffled
        weights; near 0 is good), ``stability`` (share of small changes of the question under which the strongest
        three reasons stay: `recsys_core.explain.small_changes`), ``sparsity`` (Gini index of the sizes), ``truth``
        (rank correlation with the planted reasons), ``seconds``. The first four also with ``_share``: of the distance
        from the floor (0) to the ceiling (1), a ratio of sums over users.
    unavailable
        Why the method cannot explain this model at all; None where it can.
    """

    method: str
    figures: Mapping[str, Figure | None]
    unavailable: Phrase | None = None

    def to_json(self) -> dict[str, Any]:
        """A flat row: each figure under its name, its ends under ``_low`` and ``_high``."""
        found: dict[str, Any] = {"method": self.method}
        for name, figure in self.figures.items():
            ends = (None, None, None, 0) if figure is None else (figure.value, figure.low, figure.high, figure.n)
            found |= dict(zip((name, f"{name}_low", f"{name}_high", f"{name}_n"), ends, strict=True))
        return found | values_to_json({"unavailable": self.unavailable})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> MethodRow:
        """The inverse of ``to_json``."""
        figures: dict[str, Figure | None] = {}
        for name in [key.removesuffix("_low") for key in data if key.endswith("_low")]:
            ends = (data[f"{name}_low"], data[f"{name}_high"], data[f"{name}_n"])
            figures[name] = None if data[name] is None else Figure(data[name], *ends)
        said = values_from_json({"unavailable": data["unavailable"]})["unavailable"]
        return cls(data["method"], figures, said if isinstance(said, Phrase) else None)


@dataclass(frozen=True, slots=True, eq=False)
class MethodGroup:
    """The same figures of one user group; no rows where it has too few of the compared users."""

    group: Group
    n: int
    suppressed: bool
    rows: tuple[MethodRow, ...]


@dataclass(frozen=True, slots=True)
class MethodGap:
    """How much worse a method's reasons are for one group of users than for another.

    ``value`` of each group is the share of the distance from the floor to the ceiling; ``difference`` with its 95 %
    bootstrap interval over the users of both.
    """

    method: str
    measure: str
    worst: Group
    best: Group
    worst_value: float
    best_value: float
    difference: float
    low: float
    high: float

    @property
    def within_noise(self) -> bool:
        """Whether the interval holds no difference at all."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True, eq=False)
class MethodComparison:
    """Every registered method on the same users, between random order and search.

    Attributes
    ----------
    rows
        The floor first, methods in the order of the registry, the ceiling last.
    n_users, background, seed
        Compared users (one recommendation each), background rows, and the seed of all draws.
    n_exact
        Users whose best order over the reasons is the best of all orders, not of a step by step search.
    by, groups, gaps
        The column of ``groups``, each with its rows, and the largest gap of each method; empty if not asked.
    least_size
        Groups of fewer compared users have no figures.
    """

    rows: tuple[MethodRow, ...]
    n_users: int
    n_exact: int
    background: int
    seed: int
    seconds: float
    variant: ModelVariant
    by: str = ""
    groups: tuple[MethodGroup, ...] = ()
    gaps: tuple[MethodGap, ...] = ()
    least_size: int = 0

    def row(self, method: str) -> MethodRow:
        """Raises ``KeyError`` for a method that was not compared."""
        found = {row.method: row for row in self.rows}
        return found[method]

    def to_json(self) -> dict[str, Any]:
        """Everything, raw."""
        about = ("n_users", "n_exact", "background", "seed", "seconds", "by", "least_size")
        groups = [
            {
                "group": g.group.label,
                "group_parts": to_json(g.group),
                "n": g.n,
                "suppressed": g.suppressed,
                "methods": [row.to_json() for row in g.rows],
            }
            for g in self.groups
        ]
        return (
            {"methods": [row.to_json() for row in self.rows]}
            | {name: getattr(self, name) for name in about}
            | {"variant": self.variant.to_query(), "groups": groups, "gaps": [_gap_json(gap) for gap in self.gaps]}
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> MethodComparison:
        """The inverse of ``to_json``."""
        groups = tuple(
            MethodGroup(from_json(Group, g["group_parts"]), g["n"], g["suppressed"], _rows(g["methods"]))
            for g in data["groups"]
        )
        gaps = tuple(_gap(gap) for gap in data["gaps"])
        about = ("n_users", "n_exact", "background", "seed", "seconds", "by", "least_size")
        return cls(
            rows=_rows(data["methods"]),
            variant=ModelVariant.from_query(data["variant"]),
            groups=groups,
            gaps=gaps,
            **{name: data[name] for name in about},
        )


def _rows(data: list[Mapping[str, Any]]) -> tuple[MethodRow, ...]:
    return tuple(MethodRow.from_json(row) for row in data)


def _gap_json(gap: MethodGap) -> dict[str, Any]:
    names = {"worst_group": gap.worst.label, "best_group": gap.best.label, "within_noise": gap.within_noise}
    return to_json(gap) | names


def _gap(data: Mapping[str, Any]) -> MethodGap:
    return from_json(MethodGap, data)
