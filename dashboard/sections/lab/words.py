"""The words that matter: what each word of a title or a description adds, marked in the text."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import words as cached_words
from dashboard.cached import workspace as cached_workspace
from dashboard.parameters import Parameter
from dashboard.presentation.sentences import words as sentences
from dashboard.presentation.tables import words as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.lab.card import Explained, LabCard
from recsys_core.errors import RecLensError

TABLE_HEIGHT = 280


def draw(explained: Explained) -> dict | None:
    """The sentence, the marked text, every word beside LIME's weight, doubt; what each adds, raw."""
    page, ref = explained.page, explained.ref
    data = cached_workspace.dataset(ref)
    players = cached_words.text_players(ref, explained.variant)
    if not players:
        st.markdown(t("lab.words.none"))
        return None
    names = sentences.column_names(data, players)
    key = page.pick("words_of", names, buttons=True) if len(names) > 1 else players[0].key
    try:
        with components.working(t("lab.words.working"), once=("words", key, *explained.where)):
            how = {"units": explained.explanation.units, "compared": explained.compared}
            found = cached_words.words(*explained.where, key=key, **how)
    except RecLensError as error:
        components.unavailable(error)
        return None
    st.markdown(sentences.words_sentence(data, found))
    components.marked_text(tables.marked_parts(found), key="marked_words", alt=sentences.words_alt(data, found))
    components.caveats(sentences.words_caveats(found, explained.explanation.compared_with))
    rows, alt = tables.words_table(found), plain("lab.words.table.alt")
    components.rows(rows, tables.words_columns(rows, found), key="words_table", alt=alt, height=TABLE_HEIGHT)
    return found.to_json()


CARD = LabCard("words", draw, (Parameter("words_of", "lab.words.of"),))
