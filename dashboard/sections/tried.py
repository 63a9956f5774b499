"""Everything tried: the scatter of quality against gap on Fairness and Compress, and the variant that was clicked."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state
from dashboard.cached import compress as cached_compress
from dashboard.cached import search as cached
from dashboard.parameters import Parameter
from dashboard.presentation.charts import search as charts
from dashboard.presentation.sentences import search as sentences
from dashboard.presentation.sentences.fairness import columns_name
from dashboard.presentation.texts import numbers, t
from dashboard.state import Selection
from recsys_core.variant import ModelVariant

PARAMETER = Parameter("tried", "search.tried", problem="search.tried.unknown")


def note(page, by: str) -> None:
    """Say that the address names a variant that has not been measured; part of the view where it has."""
    asked = state.bar().value("tried")
    if not asked:
        return
    is_known = any(point.variant.key == asked for point in cached.tried(page.selection.ref, by))
    page.shown["tried"] = asked if is_known else ""
    if not is_known:
        page.notice(state.bar().problem("tried", asked, numbers.UNKNOWN))


def scatter(selection: Selection, by: str, *, key: str) -> list[dict]:
    """Every measured variant by a column's gap; a click shows one and offers to use it everywhere."""
    points = cached.tried(selection.ref, by)
    if not points:
        st.markdown(t("search.tried.none", column=columns_name((by,))))
        return []
    by_key = {point.variant.key: point for point in points}
    asked = state.bar().value("tried")
    shown = by_key.get(asked)
    st.markdown(t("search.tried.legend"))
    names = [sentences.name_of(point.variant) for point in points]

    def pick(marks: list[dict]) -> None:
        known = [mark["key"] for mark in marks if mark.get("key") in by_key]
        if known and known[0] != asked:
            state.choose(tried=known[0])

    looked_at = shown.variant if shown else selection.variant
    components.draw(charts.everything(points, names, looked_at), key=key, on_pick=pick)
    if shown is None:
        st.markdown(f":small[:gray[{t('search.tried.pick')}]]")
    else:
        _one(selection, sentences.chosen(shown), shown.variant, key)
    return [
        {
            "variant": point.variant.to_query(),
            "origin": point.origin,
            "ndcg@10": point.ndcg,
            "gap": point.gap,
            "size_bytes": point.size_bytes,
            "reasons_kept": point.reasons_kept,
        }
        for point in points
    ]


def card(selection: Selection) -> None:
    """The same on Compress, by the column whose gap is watched there."""
    by = watched(selection)
    if by is not None:
        with components.card(sentences.title(by)):
            scatter(selection, by, key="everything_tried")
            components.caveats([t("search.caveat.gap"), t("search.tried.more")])


def note_watched(page) -> None:
    """`note` on Compress."""
    by = watched(page.selection) if state.bar().value("tried") else None
    if by is not None:
        note(page, by)


def watched(selection: Selection) -> str | None:
    """The column that Compress watches: what the address names, else what the reports watch; None without groups."""
    report = cached_compress.reports(selection.ref, selection.variant.model).get(selection.variant.dense)
    known = report.group_gaps if report else {}
    return state.bar().known("watch", known) or (report.watched.column if report and report.watched else None)


def _one(selection: Selection, said: str, variant: ModelVariant, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(said, width="stretch")
        if variant == selection.variant:
            st.markdown(f":small[:gray[{t('search.tried.used')}]]")
        else:
            st.button(t("search.tried.use"), key=f"{key}_use", on_click=use, args=(variant,))


def use(variant: ModelVariant) -> None:
    """Callback: this variant on every page, its model too."""
    state.bar().write({"model": variant.model})
    state.choose_variant(variant)
