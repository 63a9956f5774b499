"""Section: the model and how good it is for everyone together."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.report.blocks import Notes, Said, Section, Table
from dashboard.presentation.sentences import quality as sentences
from dashboard.presentation.texts import numbers, plain, word
from dashboard.report.request import ReportRequest
from recsys_core.results import ScorerQuality

MEASURES = ("ndcg@10", "recall@10", "auc", "logloss")


def model(asked: ReportRequest) -> Section:
    """What was trained, and its figures beside the baselines' on the same users."""
    trained = asked.model
    rows = [_row(name, quality) for name, quality in trained.training.scorers.items()]
    blocks = (
        Said(sentences.sentence(trained)),
        *(Said(said) for _, said in sentences.verdicts(trained)),
        Table(pd.DataFrame(rows), plain("report.model.caption")),
        Notes(sentences.caveats(trained)),
    )
    about = {
        "id": trained.id,
        "name": trained.name,
        "made": trained.made,
        "task": trained.task,
        "variant": asked.variant.to_query(),
        "mendings": [mending.to_json() for mending in trained.mendings],
        "training": trained.training.to_json(),
    }
    return Section("model", plain("report.model.title"), blocks, about)


def _row(name: str, quality: ScorerQuality) -> dict[str, str]:
    shown = plain("report.model.own") if name == "model" else word("baseline", name)
    return {plain("report.model.who"): shown} | {
        word("measure", measure): _figure(quality, measure) for measure in MEASURES if measure in quality.values
    }


def _figure(quality: ScorerQuality, measure: str) -> str:
    value = quality[measure]
    if value != value:
        return numbers.UNKNOWN
    low, high = quality.intervals.get(measure, (None, None))
    shown = numbers.fixed(value, 3)
    if low is None or high is None:
        return shown
    return plain("report.with_interval", value=shown, low=numbers.fixed(low, 3), high=numbers.fixed(high, 3))
