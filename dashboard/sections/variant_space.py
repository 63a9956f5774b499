"""Cards of the Compress page that no slider draws again: all measured variants side by side, and where bytes are."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import components, state
from dashboard.cached import compress as cached_compress
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation import ranges as ranges_of
from dashboard.presentation.charts.byte_map import byte_map
from dashboard.presentation.charts.variant_space import axis_name, axis_values, parallel_coordinates
from dashboard.presentation.ranges import Ranges
from dashboard.presentation.sentences import variant_space as sentences
from dashboard.presentation.sentences.fairness import column_name
from dashboard.presentation.tables import variants as tables
from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain, t
from dashboard.presentation.variants import plain_variant
from dashboard.state import Selection
from recsys_core.compare import MeasuredVariant, is_on_sliders
from recsys_core.variant import ModelVariant, Reranking

TABLE_HEIGHT = 330


def measured_variants(selection: Selection) -> list[MeasuredVariant]:
    return cached_compress.measured_variants(selection.ref, selection.variant.model)


def chosen_ranges(selection: Selection) -> tuple[Ranges, list[str]]:
    """The ranges that the address narrows the measured variants down to, and the parts of it that are none."""
    written = state.bar().value("within")
    if not written:  # a slider pays for what was narrowed alone
        return {}, []
    return ranges_of.from_text(written, list(axis_values(measured_variants(selection))))


def narrowed_table(page) -> pd.DataFrame:
    """The measured variants within the ranges with their figures, for the download."""
    selection: Selection = page.selection
    table = cached_compress.variant_table(selection.ref, selection.variant.model, selection.language)
    ranges, _ = chosen_ranges(selection)
    page.shown["within"] = ranges_of.to_text(ranges)
    return table[ranges_of.within(axis_values(measured_variants(selection)), ranges)] if ranges else table


def notices(page) -> None:
    """What the address asks of these cards and is no range and no measured variant."""
    _, unusable = chosen_ranges(page.selection)
    bar = state.bar()
    unknown = bar.unknown("bytes_of", _named(page.selection)) if bar.value("bytes_of") else None
    with page.slots["notices"]:
        for part in unusable:
            components.notice(t("compress.within.unknown", value=part))
        if unknown is not None:
            shown = plain_variant(page.selection.variant.dense)
            components.notice(t("frame.setting_unknown", name=plain("compress.bytes.of"), value=unknown, shown=shown))


def _named(selection: Selection) -> dict[str, ModelVariant]:
    """The measured variants by key, the full model first."""
    dense = selection.variant.dense
    return {dense.key: dense} | {point.variant.key: point.variant for point in measured_variants(selection)}


def side_by_side(selection: Selection) -> None:
    """Every measured variant as a line; ranges marked on its axes narrow the table below it."""
    points = measured_variants(selection)
    with components.card(t("compress.space")):
        if not points:
            st.markdown(t("compress.space.empty"))
            return
        values, (ranges, _) = axis_values(points), chosen_ranges(selection)
        st.markdown(f":small[:gray[{t('compress.space.how')}]]")
        components.draw_plotly(parallel_coordinates(values, ranges), key="space", on_brush=_narrow)
        kept = ranges_of.within(values, ranges)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(sentences.narrowed(int(kept.sum()), len(points), ranges), width="stretch")
            if ranges:
                st.button(t("compress.space.clear"), key="space_clear", on_click=_narrow, args=({},), type="tertiary")
        listed = [point for point, is_kept in zip(points, kept, strict=True) if is_kept]
        if listed:
            _table(listed)
        components.caveats(_caveats(selection))


def _narrow(ranges: Ranges) -> None:
    written = ranges_of.to_text(ranges)
    if written != state.bar().value("within"):
        state.choose(within=written or None)


def _table(points: list[MeasuredVariant]) -> None:
    """The variants that are left; a click on one that sliders can set, re-ranked or not, chooses it."""
    names = [plain_variant(point.variant) for point in points]
    shown = tables.side_by_side(points, names)
    heads = {axis: RowColumn(axis_name(axis), right=True) for axis in shown.columns if axis != "name"}

    def pick(row: int) -> None:
        if is_on_sliders(replace(points[row].variant, reranking=Reranking())):
            state.choose_variant(points[row].variant)

    components.rows(
        shown,
        {"name": RowColumn(plain("compress.map.level"), wrap=True)} | heads,
        key="space_rows",
        alt=plain("compress.space.table"),
        height=TABLE_HEIGHT,
        pick="name",
        on_pick=pick,
    )


def _caveats(selection: Selection) -> list[str]:
    report = cached_compress.reports(selection.ref, selection.variant.model).get(selection.variant.dense)
    column = report.watched.column if report and report.watched else None
    gap = t("compress.space.gap", column=column_name(column)) if column else ""
    return [t("compress.space.colour"), t("compress.space.speed"), gap, t("compress.space.pick")]


def bytes_of(selection: Selection) -> None:
    """Where the bytes of one measured variant are; at first of the full model."""
    known = _named(selection)
    chosen = known[state.bar().known("bytes_of", known) or selection.variant.dense.key]
    with components.card(t("compress.bytes")):
        st.selectbox(
            t("compress.bytes.of"),
            list(known),
            format_func={key: plain_variant(variant) for key, variant in known.items()}.get,
            key=state.bar().picker("bytes_of", chosen.key),
            on_change=state.bar().choose_picked,
            args=("bytes_of",),
        )
        parts = cached_compress.stored_parts(selection.ref, chosen)
        encoder = cached_workspace.model(selection.ref, chosen.model).config["encoder"]["size_bytes"]
        components.draw_plotly(byte_map(cached_workspace.dataset(selection.ref), parts), key="bytes")
        total = numbers.size(sum(part.n_bytes for part in parts))
        apart = t("compress.bytes.encoder", encoder=numbers.size(encoder)) if encoder else ""
        shape = "" if chosen.is_dense else t("compress.bytes.shape")
        components.caveats([t("compress.bytes.sum", size=total), apart, shape])
