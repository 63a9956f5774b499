"""Results of asking what being explainable costs: the ranker beside models that explain themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsys_core.results.ranking import UserSample
from recsys_core.results.training import ScorerQuality

RANKER = "ranker"


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedModel:
    """One model's quality and the price of its reasons.

    Attributes
    ----------
    name
        ``ranker``, ``surrogate``, ``logistic_regression``, ``ebm`` or ``ease``.
    quality
        On the same users and pairs as all others; ``differences`` holds the ranker's figure less this one's.
    faithfulness
        R² of base value plus reasons against the score that they are given for, on ``n_explained`` pairs: 1 where
        reasons add up. The surrogate's are given for the ranker's score. NaN where the scores do not differ.
    agreement
        R² of this model's score, scaled to fit, against the ranker's: how much of what the ranker says it says, too.
    n_reasons
        Mean number of reasons of one explanation.
    seconds_an_explanation
        Median time to explain one recommendation alone, over ``n_explained`` of them.
    n_rows, fit_seconds
        Training rows that it was fitted on, and how long that took.
    """

    name: str
    quality: ScorerQuality
    faithfulness: float
    agreement: float
    n_reasons: float
    seconds_an_explanation: float
    n_explained: int
    n_rows: int
    fit_seconds: float

    @property
    def seconds_a_reason(self) -> float:
        """NaN for a model without reasons."""
        return self.seconds_an_explanation / self.n_reasons if self.n_reasons else float("nan")

    def to_json(self) -> dict[str, Any]:
        """One row of the command's ``models``; ``low`` and ``high`` end the interval of NDCG@10."""
        quality, ends = self.quality, self.quality.intervals
        change = quality.differences.get("ndcg@10", (None, None, None))
        figures = {name: quality.values.get(name) for name in ("ndcg@10", "auc", "logloss", "rmse", "recall@10")}
        intervals = {"low": ends["ndcg@10"][0], "high": ends["ndcg@10"][1]}
        intervals |= {"auc_low": ends["auc"][0], "auc_high": ends["auc"][1]}
        against = dict(zip(("ranker_ahead", "ranker_ahead_low", "ranker_ahead_high"), change, strict=True))
        names = ("faithfulness", "agreement", "n_reasons", "seconds_a_reason", "seconds_an_explanation")
        rest = {name: getattr(self, name) for name in (*names, "n_explained", "n_rows", "fit_seconds")}
        return {"name": self.name} | figures | intervals | against | rest


@dataclass(frozen=True, slots=True, eq=False)
class CostOfExplaining:
    """The ranker, then the models beside it; ``left_out`` names those that could not be fitted, and why (a key)."""

    models: tuple[ExplainedModel, ...]
    sample: UserSample
    seed: int
    background: int
    seconds: float
    left_out: tuple[tuple[str, str], ...] = ()

    def __getitem__(self, name: str) -> ExplainedModel:
        return next(model for model in self.models if model.name == name)

    @property
    def beside(self) -> tuple[ExplainedModel, ...]:
        """All but the ranker, the best list first (equal ones, and those without lists, in their order)."""
        others = [model for model in self.models if model.name != RANKER]
        return tuple(sorted(others, key=lambda model: -_number(model.quality["ndcg@10"])))


def _number(value: float) -> float:
    return value if value == value else float("-inf")
