"""Because of what they took: one contribution an item of the history, summing to the history's part."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import history as cached_history
from dashboard.cached import workspace as cached_workspace
from dashboard.parameters import Parameter
from dashboard.presentation.charts.history import history_bars
from dashboard.presentation.sentences import history as sentences
from dashboard.presentation.tables import history_reasons as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.lab.card import Explained, LabCard
from recsys_core.errors import RecLensError

TABLE_HEIGHT = 280


def draw(explained: Explained) -> dict | None:
    """Sentence, bars, doubt, every item; what each adds, raw."""
    page, ref = explained.page, explained.ref
    by = page.pick("history_by", sentences.names_of_ways(cached_history.WAYS), buttons=True)
    try:
        with components.working(t("lab.history.working"), once=("history", by, *explained.where)):
            how = {"units": explained.explanation.units, "compared": explained.compared}
            found = cached_history.history_reasons(*explained.where, by=by, **how)
    except RecLensError as error:
        components.unavailable(error)
        return None
    st.markdown(sentences.history_sentence(found))
    if not found.items:
        return found.to_json()
    components.draw(history_bars(found), key=f"history_bars_{by}_{found.units}")
    components.caveats(sentences.history_caveats(found))
    rows = tables.history_reasons_table(found, cached_workspace.item_names(ref, page.selection.language))
    columns = tables.history_reasons_columns(rows, found)
    components.rows(rows, columns, key="history_items", alt=plain("lab.history.table.alt"), height=TABLE_HEIGHT)
    return found.to_json()


CARD = LabCard("history_reasons", draw, (Parameter("history_by", "lab.history.by"),))
