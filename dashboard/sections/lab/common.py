"""What the whole list has in common, against the rest of the catalogue."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import contrast as cached_contrast
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.charts import contrast as charts
from dashboard.presentation.sentences import contrast as sentences
from dashboard.presentation.tables import contrast as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.lab.card import Explained, LabCard
from recsys_core.errors import RecLensError
from recsys_core.explain.common import N_OTHERS


def draw(explained: Explained) -> dict | None:
    """The card: the sentence, bars with intervals, who shares what, doubt."""
    ref, user_index, _, variant = explained.where
    how = {"units": explained.explanation.units, "compared": explained.compared}
    try:
        with components.working(t("common.working", n=N_OTHERS), once=("common", ref, user_index, variant)):
            found = cached_contrast.common(ref, user_index, variant, **how)
    except RecLensError as error:
        components.unavailable(error)
        return None
    lines = tables.common_lines(cached_workspace.dataset(ref), found)
    st.markdown(sentences.common_sentence(found, lines))
    with components.grid(2, min_width=380) as grid:
        with grid.cell():
            components.draw(charts.in_common(lines, found.units), key="common_bars")
        with grid.cell():
            table, alt = tables.common_table(lines, found), plain("common.table.alt")
            components.rows(table, tables.common_columns(found.units), key="common_table", alt=alt)
    components.caveats(sentences.common_caveats(found))
    return found.to_json()


CARD = LabCard("common", draw)
