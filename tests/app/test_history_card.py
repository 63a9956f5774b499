"""The card of the history's reasons says the core's figures, in either unit and language, and why where it cannot."""

from __future__ import annotations

import pytest
from app_texts import tables_of, texts_of

from dashboard.cached import history as cached_history
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.charts.history import MOST_BARS, history_bars
from dashboard.presentation.sentences.history import history_caveats, history_sentence
from dashboard.presentation.tables.history_reasons import history_reasons_table
from dashboard.presentation.texts import numbers, use_language
from recsys_core.results.history import HistoryReason, HistoryReasons
from recsys_core.variant import DENSE

USER, ITEM = "3", "7"


@pytest.fixture
def where(ref) -> tuple:
    data = cached_workspace.dataset(ref)
    return ref, data.user_index(USER), data.item_index(ITEM), DENSE


def bare(text: str) -> str:
    return text.replace("\\", "").replace("\u2060", "")


def number(text: str) -> float:
    return float(text.replace(numbers.MINUS, "-").replace("+", ""))


@pytest.mark.parametrize("by", cached_history.WAYS)
def test_it_shows_what_the_core_says(open_app, where, by):
    app = open_app("explain", user=USER, item=ITEM, history_reasons="true", history_by=by)
    assert not app.exception
    found = cached_history.history_reasons(*where, by=by)
    said = "\n".join(texts_of(app))
    assert bare(history_sentence(found)) in said
    assert all(bare(caveat) in said for caveat in history_caveats(found))
    shown = tables_of(app)["history_items"]
    assert len(shown) == len(found.items)
    if by == "shapley":
        figures = [number(cell) for cell in shown["Contribution"]]
        assert sum(figures) == pytest.approx(found.history, abs=0.001 * len(figures))
    if by == "attention":
        assert "no explanation" in said


def of(values: list[tuple[float, float | None]], **about) -> HistoryReasons:
    items = tuple(HistoryReason(i, str(i), "the same", v, term, is_read=i < 14) for i, (v, term) in enumerate(values))
    told = {"by": "shapley", "history": sum(v for v, _ in values), "exact": True, "background": 4, "seed": 0}
    return HistoryReasons(items=items, seconds=0.1, **(told | about))


def test_bars_and_sentence_sum_to_everything_that_is_said():
    found = of([(0.1 * (i - 3), 0.02 * i) for i in range(30)])
    data = history_bars(found).data
    assert len(data) == MOST_BARS + 1
    assert data["value"].sum() == pytest.approx(found.total)
    assert data["term"].sum() == pytest.approx(found.term)
    assert len(set(data["label"])) == len(data), "like titles stay apart"
    said = history_sentence(found)
    assert "27 others" in said
    assert "16 older items count" in said
    table = history_reasons_table(found, {str(i): "x" for i in range(30)})
    assert list(table.columns) == ["item", "contribution", "term", "network"]
    assert (table["network"] == numbers.UNKNOWN).sum() == 16


def test_older_items_that_nothing_tells_apart_are_one_line():
    found = of([(0.2, None), (-0.1, None)], units="probability", earlier=0.05, n_earlier=9, history=0.15)
    assert found.total == pytest.approx(0.15)
    assert "9 older items" in history_sentence(found)
    assert history_bars(found).data["value"].sum() == pytest.approx(15.0)
    assert len(history_reasons_table(found, {"0": "a", "1": "b"})) == 3


def test_no_history_is_said_in_both_languages():
    for language, word in (("en", "No history"), ("zh", "没有历史")):
        use_language(language)
        assert word in history_sentence(of([]))


def test_attention_of_a_quantised_variant_is_refused_in_words(open_app):
    app = open_app("explain", user=USER, item=ITEM, bits="8", history_reasons="true", history_by="attention")
    assert not app.exception
    assert any("attention" in text.lower() and "8 bits" in text for text in texts_of(app))
