"""Section: what the data hold by themselves, for every column of users asked for."""

from __future__ import annotations

from dashboard.cached import data_gap as cached
from dashboard.presentation.report.blocks import Notes, Said, Section, Table
from dashboard.presentation.sentences import data_gap as sentences
from dashboard.presentation.sentences import fairness as fairness_sentences
from dashboard.presentation.tables import data_gap as tables
from dashboard.presentation.texts import plain
from dashboard.report.request import ReportRequest
from recsys_core.errors import RecLensError
from recsys_core.fairness.data_gap import compared_measures, data_gap_json


def data_gap(asked: ReportRequest) -> Section | None:
    """The model's gap beside those that popularity, item-kNN, EASE and the best possible leave; None without groups."""
    parts = [part for by in asked.of_users if (part := _part(asked, by)) is not None]
    return Section("data_gap", plain("report.data_gap"), (), parts=tuple(parts)) if parts else None


def _part(asked: ReportRequest, by: tuple[str, ...]) -> Section | None:
    measure = compared_measures(asked.evaluation.ranking.k)[0]
    try:
        found = cached.data_gap(asked.ref, asked.variant, by, measure, asked.limit)
    except RecLensError:  # the columns' own section says why there are no figures
        return None
    if found.worst is None:
        return None
    blocks = (
        *(Said(said) for said in sentences.verdicts(found)),
        Table(tables.gaps(found)),
        Notes(sentences.caveats(found, measure)),
    )
    return Section("+".join(by), fairness_sentences.columns_name(by), blocks, data_gap_json(found))
