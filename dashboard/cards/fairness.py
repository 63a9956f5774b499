"""Cards of the Fairness page: its three choices, the dots, the gaps, and details that wait until they are opened."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import cached, components, group_tables, state
from dashboard.cached import Place
from dashboard.charts import fairness as charts
from dashboard.components import RowColumn
from dashboard.stories import fairness as story
from dashboard.texts import plain, t
from recsys_core.fairness import FairnessReport
from recsys_core.variant import DENSE, Variant

MODELS = ("dense", "compressed", "both")
WRAPPED = (0, 2)  # columns of texts in the table of gaps
Reports = dict[str, FairnessReport]


def picker(page, key: str, names: dict[str, str], *, default: str | None = None) -> str:
    """A list whose choice stands in the address (``gender`` stands for ``user.gender``, too)."""
    short = {name.split(".", 1)[-1]: name for name in reversed(names)}
    spelled = short | {name: name for name in names}
    chosen = spelled.get(state.chosen_id(key, spelled), default or next(iter(names)))
    unknown = state.unknown_id(key, spelled)
    if unknown is not None:
        said = t("fairness.unknown", name=plain(f"fairness.{key}"), value=unknown, shown=names[chosen])
        with page.places["notices"]:
            components.notice(said)
    return st.selectbox(
        t(f"fairness.{key}"),
        list(names),
        format_func=names.get,
        key=state.show_in_picker(key, chosen),
        on_change=state.choose_picked,
        args=(key,),
    )


def model_picker(variant: Variant) -> dict[str, Variant]:
    """The models to look at, by ``dense`` and ``compressed``; without compression there is only one."""
    chosen = "dense" if variant.is_dense else state.chosen_id("models", dict.fromkeys(MODELS)) or "both"
    st.segmented_control(
        t("fairness.models"),
        MODELS,
        format_func=lambda model: plain(f"fairness.models.{model}"),
        required=True,
        key=state.show_in_picker("models", chosen),
        on_change=state.choose_picked,
        args=("models",),
        disabled=variant.is_dense,
        help=t("fairness.models.help"),
        width="stretch",
    )
    both = {"dense": DENSE, "compressed": variant}
    return both if chosen == "both" else {chosen: both[chosen]}


def dots(place: Place, reports: Reports, metric: str) -> None:
    """Every group as a dot with its interval; what the colours mean and what the figures rest on."""
    report = next(iter(reports.values()))
    words = story.measure_name(metric), story.column_name(report.by[0])
    with components.card(t("fairness.chart", metric=words[0], column=words[1]), stretch=True):
        chart = charts.dots(reports, metric, partial(story.group_name, place, report.by[0]), words)
        components.draw(chart, key=f"dots_{len(reports)}")
        components.doubt(story.legend(reports, metric))
        evaluation = cached.evaluation(place, report.variant).result
        components.doubt(story.doubts(report, evaluation, cached.dataset(place).n_items))


def gaps(place: Place, reports: Reports) -> None:
    """Every measure with its two extreme groups."""
    model, report = next(iter(reports.items()))
    with components.card(t("fairness.gaps"), stretch=True):
        rows = group_tables.gaps(report, partial(story.group_name, place, report.by[0]))
        if rows.empty:
            st.markdown(t("fairness.gaps.none"))
            return
        columns = {name: RowColumn(name, wrap=at in WRAPPED) for at, name in enumerate(rows.columns)}
        components.rows(rows, columns, key="gaps", alt=plain("fairness.gaps.alt"))
        shown = plain(f"fairness.model.{model}")
        components.doubt([t("fairness.gaps.doubt", model=shown, n=report.n_bootstrap)])


@st.fragment
def details(place: Place, reports: Reports) -> None:
    """All figures of all groups, and the item side; worked out when opened."""
    report = list(reports.values())[-1]
    groups = st.expander(t("fairness.details.groups"), key="all_groups", on_change="rerun")
    if groups.open:
        rows = group_tables.groups(reports, partial(story.group_name, place, report.by[0]))
        with groups:
            components.table(rows, key="groups", alt=plain("fairness.details.groups.alt"))
    items = st.expander(t("fairness.details.items"), key="item_groups", on_change="rerun")
    columns = cached.group_columns(place, "item")
    if items.open and columns:
        with items:
            by = st.selectbox(t("fairness.details.items.by"), columns, format_func=story.column_name, key="items_by")
            found = cached.fairness_report(place, report.variant, by)
            rows = group_tables.exposure(found, partial(story.group_name, place, by))
            components.table(rows, key="exposure", alt=plain("fairness.details.items.alt"))
            components.doubt([t("fairness.details.items.what")])
