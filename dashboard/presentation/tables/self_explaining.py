"""The ranker beside models that explain themselves, as a table."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.sentences.self_explaining import model_name
from dashboard.presentation.texts import capital, numbers, plain
from recsys_core.results.self_explaining import CostOfExplaining, ExplainedModel

HEADS = ("ndcg", "auc", "loss", "faithfulness", "agreement", "reasons", "seconds", "seconds_reason", "rows", "fit")


def models(cost: CostOfExplaining) -> pd.DataFrame:
    """A row a model: quality with intervals, faithfulness of its reasons, their number and their seconds."""
    is_rating = cost.task == "rating"
    heads = [plain("overview.model"), *(_head(head, is_rating) for head in HEADS)]
    return pd.DataFrame([_row(model, is_rating) for model in cost.models], columns=heads)


def _head(head: str, is_rating: bool) -> str:
    if head == "loss":
        return plain("measure.rmse" if is_rating else "measure.logloss")
    names = {"ndcg": "measure.ndcg@10", "auc": "measure.auc"}
    return plain(names.get(head, f"cost.table.{head}"))


def _row(model: ExplainedModel, is_rating: bool) -> tuple[str, ...]:
    return (
        capital(model_name(model.name)),
        _with_interval(model.ndcg, model.low, model.high),
        _with_interval(model.auc, model.auc_low, model.auc_high),
        numbers.number(model.rmse if is_rating else model.logloss),
        numbers.fixed(model.faithfulness),
        numbers.fixed(model.agreement),
        numbers.number(model.n_reasons),
        _duration(model.seconds_an_explanation),
        _duration(model.seconds_a_reason),
        numbers.count(model.n_rows),
        _duration(model.fit_seconds),
    )


def _with_interval(value: float | None, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return numbers.number(value)
    return plain("cost.table.interval", value=numbers.number(value), low=numbers.number(low), high=numbers.number(high))


def _duration(seconds: float | None) -> str:
    return numbers.number(None) if seconds is None else numbers.duration(seconds)
