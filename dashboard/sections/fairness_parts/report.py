"""Part: the report of what is on the page, as one file."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.presentation.sentences.fairness import columns_name
from dashboard.presentation.texts import language, numbers, t
from dashboard.sections.fairness_parts.part import Audited, FairnessPart


def report(audited: Audited) -> None:
    """What the file holds, and the file once it is made; `python -m dashboard report` makes the same."""
    from dashboard.cached import report as cached
    from dashboard.report import ReportRequest

    st.markdown(t("report.what"))
    said = language() if language() in ("en", "zh") else "en"
    asked = ReportRequest(audited.ref, audited.variant, audited.by, said, audited.limit)
    column = columns_name(audited.by)
    job = cached.report(asked)
    if not components.finished(job, t("report.working", column=column), key="report_working"):
        return
    made, name = job.result, f"fairness-report-{said}"
    with st.container(horizontal=True):
        files = (("html", made.html, "text/html"), ("json", made.json, "application/json"))
        for kind, content, media in files:
            st.download_button(
                t(f"report.{kind}"),
                content,
                f"{name}.{kind}",
                media,
                key=f"report_{kind}",
                icon=":material/description:" if kind == "html" else ":material/data_object:",
                on_click="ignore",
            )
    components.caveats([t("report.size", size=numbers.size(len(made.html.encode())), column=column)])


REPORT = FairnessPart("report", report)
