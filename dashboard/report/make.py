"""Make a report: work out its sections in the order of reading, and write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.presentation import exports, texts
from dashboard.presentation.report.blocks import Section
from dashboard.presentation.report.html import page
from dashboard.presentation.texts import numbers, plain
from dashboard.presentation.variants import plain_variant
from dashboard.report.request import ReportRequest
from dashboard.report.sections import SECTIONS
from recsys_core.progress import Progress, silent


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """One report: the text of its HTML file, and the text of its JSON file."""

    html: str
    json: str


def make_report(asked: ReportRequest, *, progress: Progress = silent) -> Report:
    """The report that is asked for; the same request gives the same figures.

    Raises what the audit of its columns raises (``RecLensError``: an unknown column, nobody to compare).
    """
    before = texts.language()
    texts.use_language(asked.language)
    try:
        sections = []
        for at, make in enumerate(SECTIONS):
            progress("auditing", at / len(SECTIONS))
            sections.append(make(asked))
        found = [section for section in sections if section is not None]
        written = datetime.now().astimezone().isoformat(timespec="seconds")
        return Report(page(_title(asked), _origin(asked, written), found), _json(asked, found, written))
    finally:
        texts.use_language(before)


def _title(asked: ReportRequest) -> str:
    return plain("report.title", workspace=_workspace_name(asked))


def _workspace_name(asked: ReportRequest) -> str:
    return asked.model.workspace


def _about(asked: ReportRequest) -> dict[str, object]:
    return exports.about(
        workspace=_workspace_name(asked),
        model=asked.model.fingerprint,
        variant=asked.variant.key,
        seed=asked.model.split_dataset.split.seed,
    )


def _origin(asked: ReportRequest, written: str) -> list[str]:
    about = _about(asked)
    return [
        plain("report.model", name=asked.model.name, made=_moment(asked.model.made, asked.language)),
        plain_variant(asked.variant),
        plain("report.fingerprints", data=asked.model.data_fingerprint[:12], model=str(about["model"])[:12]),
        plain("report.written", when=_moment(written, asked.language), version=about["reclens_version"]),
    ]


def _json(asked: ReportRequest, sections: list[Section], written: str) -> str:
    about = _about(asked) | {
        "model_id": asked.model.id,
        "model_name": asked.model.name,
        "data": asked.model.data_fingerprint,
        "by": list(asked.by),
        "language": asked.language,
        "written": written,
    }
    return exports.as_json({section.key: section.to_json() for section in sections}, about)


def _moment(iso: str, language: str) -> str:
    return numbers.date(datetime.fromisoformat(iso).timestamp(), language)
