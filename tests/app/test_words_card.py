"""The card of a text's words: marks, sentence and table say the core's figures, and data stay text."""

from __future__ import annotations

import json

import pytest
from app_texts import tables_of, texts_of
from page_contract import NASTY

from dashboard.cached import words as cached_words
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.sentences.words import words_alt, words_caveats, words_sentence
from dashboard.presentation.tables.words import MarkedPart, marked_parts, words_table
from dashboard.presentation.texts import numbers, use_language
from recsys_core.player import Player
from recsys_core.results.words import WordContribution, WordExplanation
from recsys_core.variant import DENSE

USER, ITEM, TITLE = "3", "7", "item.title"


def bare(text: str) -> str:
    return text.replace("\\", "").replace("\u2060", "")


def marked(app) -> dict:
    """What the marked text was given."""
    return next(d for e in app.get("bidi_component") if "parts" in (d := json.loads(e.proto.json)))


@pytest.mark.parametrize("units", ["logit", "probability"])
def test_it_shows_what_the_core_says(open_app, ref, units):
    data = cached_workspace.dataset(ref)
    app = open_app("explain", user=USER, item=ITEM, words="true", units=units)
    assert not app.exception
    where = ref, data.user_index(USER), data.item_index(ITEM), DENSE
    found = cached_words.words(*where, TITLE, units=units)
    said = "\n".join(texts_of(app))
    assert bare(words_sentence(data, found)) in said
    assert all(bare(caveat) in said for caveat in words_caveats(found, "average")[:-1])  # the last is the time
    parts = marked(app)["parts"]
    assert "".join(part["text"] for part in parts) == data.titles[data.item_index(ITEM)] == found.text
    assert [p["kind"] for p in parts if p["note"]] == ["for" if w.contribution > 0 else "against" for w in found.words]
    shown = tables_of(app)["words_table"]
    assert sorted(shown.iloc[:, 0]) == sorted(w.word for w in found.words)


def test_it_speaks_chinese_and_a_quantised_variant_has_words_too(open_app):
    app = open_app("explain", user=USER, item=ITEM, words="true", bits="8", lang="zh")
    assert not app.exception
    assert any("正是" in text for text in texts_of(app))
    assert "蓝底" in marked(app)["alt"]


def of(text: str, *values: float, **about) -> WordExplanation:
    """Words of a text at its blanks, one value each."""
    words, at = [], 0
    for word, value in zip(text.split(" "), values, strict=True):
        words.append(WordContribution(word, at, at + len(word), value, lime=value / 2))
        at += len(word) + 1
    return WordExplanation(Player("item", "title"), text, tuple(words), sum(values), background=4, **about)


def test_marks_follow_sign_and_strength_and_hold_the_text_as_it_is():
    found = of(f"{NASTY.replace(' ', '_')} <b> plain", 0.5, -0.25, 0.0)
    parts = marked_parts(found)
    assert "".join(part.text for part in parts) == found.text
    assert [(p.kind, p.strength, p.note) for p in parts if p.note] == [
        ("for", 1.0, "+0.50"),
        ("against", 0.5, f"{numbers.MINUS}0.25"),
        ("", 0.0, "0.00"),
    ]
    assert MarkedPart(" ") in parts
    assert words_table(found).iloc[0, 0] == NASTY.replace(" ", "_")
    assert all(part.strength == 0 for part in marked_parts(of("a b", 0.0, 0.0)))


def test_the_sentence_names_the_strongest_and_sums(ref):
    data = cached_workspace.dataset(ref)
    found = of("a b c d e", 0.1, -0.5, 0.3, 0.05, 0.02)
    said = bare(words_sentence(data, found))
    assert (
        "*b* :orange[**−0.50**] · *c* :blue[**+0.30**] · *a* :blue[**+0.10**] · 2 other words :blue[**+0.07**]" in said
    )
    assert f"together :orange[**{numbers.MINUS}0.03**]" in said
    assert words_alt(data, found).endswith("b −0.50, c +0.30, a +0.10, d +0.05, e +0.02")
    use_language("zh")
    try:
        assert "其余 2 个词" in words_sentence(data, found)
    finally:
        use_language("en")


def test_doubt_says_what_was_drawn():
    drawn = of("a b", 0.1, 0.2, exact=False, all_contexts=False, n_contexts=128, n_texts=77, lime_fit=0.5)
    said = " ".join(bare(c) for c in words_caveats(drawn, "average"))
    assert "77 texts read" in said
    assert "128 drawn combinations" in said
    assert "orders the words alike: 1.00" in said
    one = of("a", 0.1, lime_fit=1.0)
    assert any("LIME fit R² 1.00" in bare(c) for c in words_caveats(one, "average"))
