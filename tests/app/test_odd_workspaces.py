"""Every page opens on workspaces that lack something: attributes of users, items, anybody to rank."""

from __future__ import annotations

import pytest
from app_texts import PAGES, texts_of

from dashboard.presentation.texts import numbers

NAMES = ("interactions-only", "one-user-column", "users-without-attributes", "nobody-to-rank")


@pytest.mark.parametrize("name", NAMES)
def test_every_page_opens_with_sentences_and_no_dash_in_them(odd_workspaces, open_app, name):
    bad = []
    for at, page in enumerate(PAGES, start=NAMES.index(name)):
        language = ("en", "zh")[at % 2]  # each page is opened in both over the four workspaces
        app = open_app(page, folder=odd_workspaces, workspace=name, lang=language)
        bad += [f"{page} {language}: {e.value}" for e in app.exception]
        sentences = [text for text in texts_of(app) if text.startswith("##### ")]
        bad += [f"{page} {language}: {s}" for s in sentences if f" {numbers.UNKNOWN}" in s or "nan" in s.lower()]
        if not any(text.startswith("# ") for text in texts_of(app)):
            bad.append(f"{page} {language}: no question")
    assert bad == []


def test_people_without_attributes_are_named_by_their_ids(odd_workspaces, open_app):
    app = open_app("explain", folder=odd_workspaces, workspace="interactions-only", user="u3")
    assert "user u3" in app.selectbox(key="pick_user").options
    app = open_app("explain", folder=odd_workspaces, workspace="one-user-column", user="u3")
    assert "user u3, 23" in app.selectbox(key="pick_user").options


def test_where_no_column_can_change_that_is_said_and_the_page_goes_on(odd_workspaces, open_app):
    app = open_app("what-if", folder=odd_workspaces, workspace="interactions-only", user="u3", smallest="true")
    assert not app.exception
    assert not app.error
    assert [w.value for w in app.warning] == []
    assert "The model reads no column that could be changed." in texts_of(app)
    assert not [button for button in app.button if button.key == "find_smallest"]
