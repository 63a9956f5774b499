"""Results of asking what being explainable costs: the ranker beside models that explain themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from recsys_core.results.dataclass_json import named
from recsys_core.results.ranking import UserSample

RANKER, SURROGATE = "ranker", "surrogate"


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedModel:
    """One model's quality and the price of its reasons; what has no meaning or could not be measured is None.

    Attributes
    ----------
    name
        ``ranker``, ``surrogate``, ``logistic_regression``, ``ebm`` or ``ease``.
    ndcg, low, high
        NDCG@10 over the full catalogue and its 95 % bootstrap interval over users.
    auc, auc_low, auc_high, logloss, rmse
        Of the test pairs; the log loss of models with probabilities, the RMSE of task ``rating`` alone.
    ranker_ahead, ranker_ahead_low, ranker_ahead_high
        The ranker's NDCG@10 less this one's on the same users, with the paired 95 % interval.
    faithfulness
        R² of base value plus reasons against the score that they are given for, on ``n_explained`` pairs: 1 where
        reasons add up. The surrogate's are given for the ranker's score.
    agreement
        Squared correlation of this model's scores with the ranker's on the test pairs.
    n_reasons
        Mean number of reasons of one explanation.
    seconds_a_reason, seconds_an_explanation
        Median time to explain one recommendation alone, and that by its number of reasons.
    n_rows, fit_seconds
        Examples that it was fitted on, and how long that took; of the ranker its whole training.
    """

    name: str
    ndcg: float | None = field(metadata=named("ndcg@10"))
    low: float | None
    high: float | None
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    logloss: float | None
    rmse: float | None
    ranker_ahead: float | None
    ranker_ahead_low: float | None
    ranker_ahead_high: float | None
    faithfulness: float | None
    agreement: float | None
    n_reasons: float | None
    seconds_a_reason: float | None
    seconds_an_explanation: float | None
    n_explained: int
    n_rows: int
    fit_seconds: float

    @property
    def is_behind(self) -> bool | None:
        """Whether its lists are surely worse than the ranker's; None where the interval holds 0, or is unknown."""
        low, high = self.ranker_ahead_low, self.ranker_ahead_high
        if low is None or high is None or low <= 0 <= high:
            return None
        return low > 0


@dataclass(frozen=True, slots=True)
class LeftOutModel:
    """A model that could not be fitted here: its name, and the key of the message that says why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class CostOfExplaining:
    """The ranker, then the models beside it, all on the same users and pairs.

    ``n_pairs`` test pairs; ``n_logged`` training rows of ``n_all_logged`` were drawn by the seed for those that were
    fitted here. ``background`` rows stood for "not this value" in the ranker's explanations.
    """

    task: str
    models: tuple[ExplainedModel, ...]
    left_out: tuple[LeftOutModel, ...]
    sample: UserSample
    n_pairs: int
    n_logged: int
    n_all_logged: int
    background: int
    seed: int
    seconds: float

    def __getitem__(self, name: str) -> ExplainedModel:
        return next(model for model in self.models if model.name == name)

    @property
    def self_explaining(self) -> tuple[ExplainedModel, ...]:
        """The models that are their own explanation, best lists first."""
        own = [model for model in self.models if model.name not in (RANKER, SURROGATE)]
        return tuple(sorted(own, key=lambda model: -1.0 if model.ndcg is None else -model.ndcg))
