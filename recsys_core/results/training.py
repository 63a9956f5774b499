"""Results of training: a model's figures on the test part, beside the baselines' on the same rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from recsys_core.results.ranking import UserSample

Interval = tuple[float, float]
Difference = tuple[float, float, float]  # mean over the same users, and the ends of its paired 95 % interval
MAY_BE_NONE = ("logloss", "best_possible")  # null means "has none" here, everywhere else NaN


@dataclass(frozen=True, slots=True, eq=False)
class ScorerQuality:
    """Figures of one scorer on the test part.

    Attributes
    ----------
    values
        ``auc``, ``logloss`` (None for a scorer without probabilities), ``ndcg@10``, ``recall@10``,
        and for task ``rating`` ``rmse``; NaN where the part holds nothing to measure by.
    n_users, n_pairs
        Users that were ranked and pairs that were scored.
    intervals
        95 % intervals by measure.
    differences
        For a baseline: the model's figure less its, by measure.
    settings
        For a baseline: the numbers that were chosen for it, or that bound it. ``ease``: ``penalty``, ``n_items``
        with weights, each taken at least ``n_least`` times in training (1: all that anybody took);
        ``item_knn``: ``neighbours``, ``shrinkage``; both ``longest``: how many positives of one user counted
        at most (0: all).
    """

    values: dict[str, float | None]
    n_users: int
    n_pairs: int
    intervals: dict[str, Interval] = field(default_factory=dict)
    differences: dict[str, Difference] = field(default_factory=dict)
    settings: dict[str, float] = field(default_factory=dict)

    def __getitem__(self, measure: str) -> float:
        """A figure by name; NaN where there is none."""
        value = self.values.get(measure)
        return math.nan if value is None else value


@dataclass(frozen=True, slots=True, eq=False)
class TrainingReport:
    """What training reached: quality of the ``model`` and the ``baselines``, and the best possible, where known.

    ``sample``: on how many of the test users, the same for all.
    """

    task: str
    split: str
    seed: int
    seconds: float
    n_parameters: int
    model: ScorerQuality
    baselines: dict[str, ScorerQuality]
    best_possible: dict[str, float] = field(default_factory=dict)
    sample: UserSample | None = None

    @property
    def n_test_users(self) -> int:
        """Test users who have a list, ranked or not."""
        return self.model.n_users if self.sample is None else self.sample.n_all_users

    @property
    def scorers(self) -> dict[str, ScorerQuality]:
        """The model, then the baselines, by name."""
        return {"model": self.model} | self.baselines

    def to_json(self) -> dict[str, Any]:
        """The contract of ``train``: the model's figures on top, ``baselines``, ``intervals``, ``comparisons``."""
        return {
            "task": self.task,
            "split": self.split,
            "seed": self.seed,
            **_figures(self.model),
            "n_parameters": self.n_parameters,
            "baselines": {name: _figures(q) | {"settings": q.settings} for name, q in self.baselines.items()},
            "best_possible": self.best_possible or None,
            "intervals": {name: q.intervals for name, q in self.scorers.items()},
            "comparisons": {name: q.differences for name, q in self.baselines.items()},
            "seconds": self.seconds,
            **({} if self.sample is None else {"n_all_users": self.sample.n_all_users, "users_seed": self.sample.seed}),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TrainingReport:
        """The inverse of `to_json`, null as NaN; ``KeyError`` or ``TypeError`` for anything else."""
        data = {name: value if name in MAY_BE_NONE else _with_nan(value) for name, value in data.items()}
        measures: tuple[str, ...] = tuple(m for m in ("auc", "logloss", "ndcg@10", "recall@10", "rmse") if m in data)

        def quality(name: str, figures: dict[str, Any]) -> ScorerQuality:
            values = {m: figures[m] for m in measures if m in figures}
            intervals = {m: (low, high) for m, (low, high) in data["intervals"][name].items()}
            found = {m: (mean, low, high) for m, (mean, low, high) in data["comparisons"].get(name, {}).items()}
            about = figures.get("settings", {})
            return ScorerQuality(values, figures["n_users"], figures["n_pairs"], intervals, found, about)

        return cls(
            data["task"],
            data["split"],
            data["seed"],
            data["seconds"],
            data["n_parameters"],
            quality("model", data),
            {name: quality(name, figures) for name, figures in data["baselines"].items()},
            data["best_possible"] or {},
            _sample(data),
        )


def _sample(data: dict[str, Any]) -> UserSample | None:
    if "n_all_users" not in data:
        return None
    seed = data["users_seed"]
    return UserSample(data["n_users"], data["n_all_users"], None if seed != seed else seed)


def _figures(quality: ScorerQuality) -> dict[str, Any]:
    return quality.values | {"n_users": quality.n_users, "n_pairs": quality.n_pairs}


def _with_nan(value: Any) -> Any:
    """JSON's null as NaN, but for a log loss that a scorer has not."""
    if isinstance(value, dict):
        return {k: v if k in MAY_BE_NONE else _with_nan(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_nan(v) for v in value]
    return math.nan if value is None else value
