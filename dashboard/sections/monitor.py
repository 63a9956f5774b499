"""Cards of the Monitor page: what it looks at, the figures, quality, scores, traffic and feedback over time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import streamlit as st

from dashboard import components, state
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import monitor as cached
from dashboard.presentation.charts import monitor as charts
from dashboard.presentation.sentences import monitor as sentences
from dashboard.presentation.sentences.fairness import column_name, inside, name_of, short_name
from dashboard.presentation.tables import monitor as tables
from dashboard.presentation.texts import numbers, plain, t
from dashboard.presentation.texts.markdown import escape
from dashboard.sections.fairness import short_names
from dashboard.sections.fairness_groups import MOST_LEAST, least_size
from dashboard.workspaces import ROOT, WorkspaceRef
from recsys_core.errors import RecLensError
from recsys_core.results import EVERYONE
from recsys_core.results.monitoring import SERVED_MEASURES, WINDOWS, MonitorReport

POLL_SECONDS, PATIENCE_SECONDS = 5.0, 0.8


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page was drawn of: states of the files (`dashboard.cached.monitor.marks`), the report, and when."""

    folder: Path
    files: tuple
    models: tuple
    report: MonitorReport | None
    drawn: float

    @property
    def last_seen(self) -> float | None:
        return self.report.last_seen if self.report else None


def command(name: str, ref: WorkspaceRef, options: str = "") -> str:
    """What to type for a command on this workspace, in the project's folder."""
    folder = ref.folder.resolve()
    shown = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    return f"python -m recsys_core {name} --workspace {shown}{options}"


def nothing_served(ref: WorkspaceRef) -> None:
    """The empty state: the command that starts serving."""
    components.empty(t("monitor.empty"), t("monitor.empty.how"), code=command("serve", ref))


def pickers(page) -> tuple[cached.View, str]:
    """What is looked at, and the measure that is shown over time."""
    columns = list(cached_fairness.group_columns(page.selection.ref, "user"))
    names = {column: column_name(column) for column in columns}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=220):
            by = page.pick("by", names, aliases=short_names(columns))
        with st.container(width=180):
            window = page.pick("window", {name: plain(f"monitor.window.{name}") for name in WINDOWS}, default="day")
        with st.container(width=200):
            measure = page.pick("served_measure", {name: short_name(name) for name in SERVED_MEASURES})
        with st.container(width=150):
            page.number("least", MOST_LEAST)
        help_text = t("monitor.paused.help", seconds=int(POLL_SECONDS))
        page.switch("paused", help=help_text)
    return cached.View(by, window, least_size()), measure


def report(page, view: cached.View) -> tuple[MonitorReport | None, bool]:
    """The log as it is now, or as it was a moment ago while it is being read; and whether it is that of now.

    None where it never was read, or cannot be.
    """
    ref = page.selection.ref
    before = cached.latest(ref, view)
    if before is not None and is_paused():
        return before, True
    job = cached.report(ref, view)
    if before is not None and not job.wait(PATIENCE_SECONDS):
        return before, False
    if job.is_done and isinstance(job.error, RecLensError):
        components.error_box(t("monitor.broken"), job.error, t("monitor.broken.how"))
        return None, True
    return (job.result, True) if components.finished(job, t("monitor.working"), key="reading_log") else (None, True)


def is_paused() -> bool:
    return state.bar().value("paused") == "true"


def figures(page, found: MonitorReport, now: float) -> None:
    """What is served, how fast it answers, what came back, and whether scores drifted."""
    with components.grid(5, min_width=150):
        _version(page.selection.ref, found, now)
        last = found.traffic_now
        if last is None or not last.requests or not sentences.is_live(found.last_seen, now):
            components.stat_card(t("monitor.card.rate"), numbers.UNKNOWN, plain("monitor.card.rate.none"))
            components.stat_card(t("monitor.card.latency"), numbers.UNKNOWN, help=t("monitor.card.latency.help"))
        else:
            failed = (
                plain("monitor.card.rate.errors", n=last.errors) if last.errors else plain("monitor.card.rate.fine")
            )
            components.stat_card(
                t("monitor.card.rate"), numbers.number(last.per_second, 2), failed, good=False if last.errors else None
            )
            half = plain("monitor.card.latency.p50", p50=numbers.duration(last.p50 or 0.0))
            p95 = numbers.duration(last.p95 or 0.0)
            components.stat_card(t("monitor.card.latency"), p95, half, help=t("monitor.card.latency.help"))
        of = found.feedback
        today = plain("monitor.card.feedback.today", n=of.n_today)
        help_text = t("monitor.card.feedback.help", n=of.n_events, users=of.n_users)
        components.stat_card(t("monitor.card.feedback"), numbers.count(of.n_in_window), today, help=help_text)
        note, good = sentences.drift_note(found.drift, now)
        psi = numbers.number(found.drift.psi, 2)
        components.stat_card(t("monitor.card.drift"), psi, note, good=good, help=t("monitor.card.drift.help"))
    pinned(page.selection.ref, found, now)


def pinned(ref: WorkspaceRef, found: MonitorReport, now: float) -> None:
    """That the server does not follow the workspace's current model, where it was started so."""
    if sentences.is_live(found.last_seen, now) and cached.is_pinned(ref.folder, found.model, now):
        components.caveats([t("monitor.pinned", version=found.version or 0)])


def _version(ref: WorkspaceRef, found: MonitorReport, now: float) -> None:
    served = cached.versions(ref.folder).get(found.version or 0)
    value = numbers.UNKNOWN if found.version is None else str(found.version)
    since = datetime.fromisoformat(served.since).timestamp() if served else None
    note = plain("monitor.card.version.none") if since is None else sentences.since(since, now)
    name = cached.model_name(ref.folder, found.model) if found.model else ""
    help_text = t("monitor.card.version.help")
    components.stat_card(t("monitor.card.version"), value, note, more=escape(name), help=help_text)


def over_time(page, found: MonitorReport, measure: str) -> None:
    """Quality of served lists by group with bands, and served scores beside those of the held-out users."""
    with components.grid(2):
        short, column = inside(short_name(measure)), inside(column_name(found.by))
        with components.card(t("monitor.quality", measure=short, column=column), stretch=True):
            groups = sorted((q for q in found.quality if q.group != EVERYONE), key=lambda q: -q.n_users)
            if any(q.measures[measure].value is not None for p in found.quality_points for q in p.groups):
                words = (short, column)
                chart = charts.quality(found.quality_points, measure, [q.group for q in groups], name_of, words=words)
                components.draw(chart, key="served_quality")
                components.caveats(sentences.quality_caveats(found, len(groups), charts.MOST_LINES))
            else:
                st.markdown(sentences.no_quality(found))
        with components.card(t("monitor.scores"), stretch=True):
            if found.drift.edges and found.drift.n:
                components.draw(charts.scores(found.drift), key="served_scores")
                of = {"n": found.drift.n, "n_reference": found.drift.n_reference}
                components.caveats([t("monitor.scores.caveat", **of)])
            else:
                st.markdown(t("monitor.scores.none"))


def traffic(found: MonitorReport) -> None:
    """Requests and the time they took, over the window."""
    with components.grid(2):
        n, errors = sum(p.requests for p in found.traffic), sum(p.errors for p in found.traffic)
        with components.card(t("monitor.traffic"), stretch=True):
            if n:
                components.draw(charts.traffic(found.traffic), key="traffic")
                components.caveats([t("monitor.traffic.caveat", n=n, errors=errors)])
            else:
                st.markdown(t("monitor.traffic.none"))
        with components.card(t("monitor.latency"), stretch=True):
            if n:
                components.draw(charts.latency(found.traffic), key="latency")
                components.caveats([t("monitor.latency.caveat")])
            else:
                st.markdown(t("monitor.traffic.none"))


def feedback_and_gap(found: MonitorReport, measure: str) -> None:
    """Feedback received, and the gap between the worst and the best served group, over the window."""
    with components.grid(2):
        with components.card(t("monitor.feedback"), stretch=True):
            if found.feedback.n_in_window:
                components.draw(charts.feedback(found.feedback_points), key="feedback")
                components.caveats([sentences.feedback_caveat(found.feedback)])
            else:
                st.markdown(t("monitor.feedback.none"))
        with components.card(t("monitor.gap"), stretch=True):
            whole = next((gap for gap in found.gaps if gap.measure == measure), None)
            if whole is None:
                st.markdown(t("monitor.gap.none"))
                return
            if any(gap.measure == measure for point in found.quality_points for gap in point.gaps):
                short = inside(short_name(measure))
                components.draw(charts.gap(found.quality_points, measure, name_of, short), key="served_gap")
            components.caveats([sentences.gap(found.by, whole)])


def groups(found: MonitorReport, measure: str) -> None:
    """Every group in numbers, where there are any."""
    if not found.quality:
        return
    with components.card(t("monitor.groups")):
        table, columns = tables.groups(found, measure), tables.groups_columns(measure)
        components.rows(table, columns, key="served_groups", alt=plain("monitor.groups.alt"))


@components.fragment(run_every=POLL_SECONDS)
def _follow(shown: Shown) -> None:
    now = time.time()
    if now - shown.drawn > POLL_SECONDS / 2:  # in the run that drew the page, nothing is older than the page
        files, models = cached.marks(shown.folder)
        if models != shown.models:
            st.rerun()
        was_live = sentences.is_live(shown.last_seen, shown.drawn)
        if files != shown.files or sentences.is_live(shown.last_seen, now) != was_live:
            state.draw_page()
    components.caveats([sentences.status(shown.last_seen, now)] if shown.report else [])


def follow(shown: Shown) -> None:
    """Say how fresh the page is; draw it again where the log, the versions or the workspace have changed."""
    if is_paused() and shown.report:
        components.caveats([t("monitor.status.paused", time=sentences.clock(shown.report.at))])
    elif not is_paused():
        _follow(shown)
