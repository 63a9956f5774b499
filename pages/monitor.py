"""Monitor: what is served, how well and to whom, what drifted, and what was learned from feedback."""

from __future__ import annotations

import time

import streamlit as st

from dashboard import components, frame
from dashboard.cached import monitor as cached
from dashboard.parameters import Parameter, number, switch
from dashboard.presentation.sentences import monitor as sentences
from dashboard.presentation.tables import monitor as tables
from dashboard.presentation.texts import t
from dashboard.sections import candidates
from dashboard.sections import monitor as cards
from recsys_core.results.learning import HELD


@frame.page(
    "monitor",
    order=60,
    parameters=(
        Parameter("by", "fairness.by", problem="fairness.unknown"),
        Parameter("window", "monitor.window", problem="frame.setting_unknown"),
        Parameter("served_measure", "monitor.measure", problem="frame.setting_unknown"),
        number("least", "fairness.least"),
        switch("paused", "monitor.paused"),
        Parameter("candidate", "candidates"),
    ),
)
def show(page: frame.Frame) -> None:
    page.title(t("monitor.title"))
    ref = page.selection.ref
    files, models = cached.marks(ref.folder)
    found, is_current, now = None, True, time.time()
    if cached.has_log(ref.folder):
        view, measure = cards.pickers(page)
        freshness = st.container()
        found, is_current = cards.report(page, view)
    else:
        cards.nothing_served(ref)
        freshness = st.container()
    decisions = candidates.known(ref)
    waiting = sum(decision.decision == HELD for decision in decisions)
    if found is not None:
        page.sentence(sentences.sentence(found, measure, now, n_held=waiting))
        cards.figures(page, found, now)
        cards.over_time(page, found, measure)
    elif waiting:
        page.sentence(sentences.waiting(waiting))
    candidates.card(page, decisions)
    if found is not None:
        cards.traffic(found)
        cards.feedback_and_gap(found, measure)
        cards.groups(found, measure)
        components.caveats(sentences.read(found))
    everything = {"report": found and found.to_json(), "candidates": [decision.to_json() for decision in decisions]}
    page.download("monitor", tables.raw(found), everything)
    with freshness:
        cards.follow(cards.Shown(ref.folder, files if is_current else (), models, found, time.time()))
