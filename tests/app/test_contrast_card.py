"""Why not that one, and what the list has in common: the cards say the core's figures, in words that fit the case."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from app_texts import tables_of, texts_of

from dashboard.cached import contrast as cached_contrast
from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.charts import contrast as charts
from dashboard.presentation.sentences import contrast as sentences
from dashboard.presentation.tables import contrast as tables
from dashboard.presentation.texts import numbers, use_language
from dashboard.sections.lab import contrast as lab_contrast
from dashboard.workspaces import workspace_ref
from recsys_core.player import Player
from recsys_core.results import RankedItem
from recsys_core.results.contrast import CommonReason, CommonReasons, Contrast, Difference, EntryGap, SharedValue
from recsys_core.variant import DENSE

USER = "3"


def whole(app) -> str:
    return "\n".join(texts_of(app)).replace("\\", "")


def ranked(ref, k: int = 14) -> list[RankedItem]:
    user = cached_workspace.dataset(ref).user_index(USER)
    return list(cached_explain.recommendation(ref, user, DENSE, k=k).items)


def test_closed_it_costs_nothing_and_open_it_compares_with_the_one_below(open_app, ref):
    first, second = ranked(ref)[:2]
    cached_contrast.contrast.cache.clear()
    closed = open_app("explain", user=USER)
    assert not closed.exception
    assert len(cached_contrast.contrast.cache) == 0
    app = open_app("explain", user=USER, contrast="true")
    assert not app.exception
    assert app.selectbox(key="pick_against").value == second.item_id
    said = whole(app)
    assert f"“{second.title}” is 1 place lower than “{first.title}” (rank 2 against 1" in said
    rows = tables_of(app)["contrast_table"]
    shown = [float(cell.replace(numbers.MINUS, "-")) for cell in rows["Difference"]]
    assert sum(shown) == pytest.approx(second.score - first.score, abs=0.0005 * len(shown) + 1e-6)
    assert shown == sorted(shown)


def test_an_item_outside_the_list_says_what_it_lacks_to_enter(open_app, ref):
    items = ranked(ref)
    outside, last = items[13], items[9]
    app = open_app("explain", user=USER, item=outside.item_id, contrast="true")
    assert app.selectbox(key="pick_against").value == last.item_id
    assert re.search(rf"“{re.escape(outside.title)}” needs \+[\d.]+ to enter the top 10", whole(app)), "reasons once"
    for against, places in ((items[8], 5), (items[0], 13)):
        app = open_app("explain", user=USER, item=outside.item_id, contrast="true", against=against.item_id)
        assert f"is {places} places lower than “{against.title}”" in whole(app)
        needs = rf"To enter the top 10, “{re.escape(outside.title)}” needs \+([\d.]+), beside its last item, “(.+?)”"
        needed, beside = re.search(needs, whole(app)).groups()
        assert float(needed) == pytest.approx(last.score - outside.score, abs=0.005), "whoever it is compared with"
        assert beside == last.title


def test_any_item_taken_before_and_the_same_twice(open_app, ref):
    data, first = cached_workspace.dataset(ref), ranked(ref)[0]
    user = data.user_index(USER)
    taken = str(data.items["item_id"].iloc[np.flatnonzero(cached_explain.user_scores(ref, user, DENSE).seen)[0]])
    app = open_app("explain", user=USER, contrast="true", against=taken)
    assert not app.exception
    assert "was shown or taken before, so it has no rank" in whole(app)
    same = open_app("explain", user=USER, item=first.item_id, contrast="true", against=first.item_id)
    assert "is compared with itself" in whole(same)
    assert "contrast_table" not in tables_of(same)
    unknown = open_app("explain", user=USER, contrast="true", against="no-such-item")
    assert any("no-such-item" in w.value.replace("\\", "") for w in unknown.warning)


def test_picking_another_item_is_kept_in_the_address_and_the_download(open_app, ref):
    third = ranked(ref)[2]
    app = open_app("explain", user=USER, contrast="true", contrast_history="each", common="true")
    app.selectbox(key="pick_against").select(third.item_id).run()
    assert app.session_state["against"] == third.item_id
    assert f"“{third.title}” is 2 places lower" in whole(app)
    app.session_state["download"] = True
    app.run()
    assert not app.exception
    assert {"lab.contrast", "lab.common"}.isdisjoint(whole(app).split())


def test_what_the_list_has_in_common_is_the_cores(open_app, ref):
    user = cached_workspace.dataset(ref).user_index(USER)
    found = cached_contrast.common(ref, user, DENSE)
    app = open_app("explain", user=USER, common="true")
    assert not app.exception
    decimals = numbers.decimals_for([found.score_difference])
    assert f"stand {numbers.signed(found.score_difference, decimals)} above the other candidates" in whole(app)
    rows = tables_of(app)["common_table"]
    assert len(rows) == len(found.contributions)
    lines = tables.common_lines(cached_workspace.dataset(ref), found)
    data = charts.in_common(lines, "logit").data
    assert data["value"].sum() == pytest.approx(found.score_difference, abs=1e-5)
    assert (data["low"] <= data["high"]).all()
    raw = json.loads(json.dumps(found.to_json()))
    assert raw["n_others"] == found.n_others


def test_a_user_who_has_nothing_left_beside_the_list_is_told(open_app, workspaces, tmp_path):
    """Ten unseen items or fewer: all of them are the list."""
    shutil.copytree(workspaces, tmp_path / "ws")
    ref = workspace_ref(tmp_path / "ws" / "tiny")
    user = cached_workspace.dataset(ref).user_index(USER)
    of_user = cached_explain.user_scores(ref, user, DENSE)
    of_user.seen[np.flatnonzero(~of_user.seen)[5:]] = True  # the shared result of this copy alone
    app = open_app("explain", tmp_path / "ws", user=USER, common="true", contrast="true")
    assert not app.exception
    assert any("nothing is left to compare it with" in i.value for i in app.info)


def made_up(first: RankedItem, second: RankedItem, **contributions: float) -> tuple[Contrast, list]:
    """A contrast of two made-up items with these reasons, and its lines."""
    parts = tuple(Difference(Player("item", name), "a", "b", value) for name, value in contributions.items())
    found = Contrast(
        *("3", first.item_id, first.title, second.item_id, second.title, first.score, second.score, parts),
        background=1,
        seed=0,
        seconds=0.1,
        exact=True,
    )
    lines = [tables.ContrastLine(p.feature, p.player.column, "a", "b", p.contribution) for p in parts]
    return found, sorted(lines, key=lambda line: line.contribution)


HEAT, TOY = RankedItem(0, "0", "Heat", -0.82, 13), RankedItem(1, "1", "Toy *Story*", 0.0, 1)
MANY = {"a": -0.5, "b": -0.4, "c": -0.3, "d": -0.2, "e": -0.1, "f": 0.3, "g": 0.38}


def bare(text: str) -> str:
    for mark in (":orange[", ":blue[", "**", "]", "\\"):
        text = text.replace(mark, "")
    return text.replace(numbers.MINUS, "-")


def test_the_sentence_of_the_drawing():
    found, lines = made_up(HEAT, TOY, genre=-0.80, price=-0.12, title=0.10, colour=0.0)
    assert bare(sentences.contrast_sentence(found, lines, (HEAT, TOY))) == (
        "“Heat” is 12 places lower than “Toy *Story*” (rank 13 against 1, probability 0.31 against 0.50). "
        "It loses by genre (-0.80) and price (-0.12); in its favour only title (+0.10). In all -0.82."
    )
    gap = EntryGap(10, 0.82, 1)
    assert bare(sentences.entry_sentence(gap, found, lines)) == (
        "To enter the top 10, “Heat” needs +0.82, beside its last item, “Toy *Story*”: genre (-0.80) and price (-0.12)."
    )
    assert "order of equal scores" in sentences.entry_sentence(EntryGap(10, 0.0, 1), found, lines)
    use_language("zh")
    assert "“Heat”比" in sentences.contrast_sentence(found, lines, (HEAT, TOY))


@pytest.mark.parametrize(
    ("contributions", "words"),
    [
        ({"genre": -0.9, "price": 0.001}, ["It loses by genre", "nothing speaks clearly for it"]),
        (MANY, ["2 others (-0.30)", "in its favour: g"]),
        ({"genre": 0.0}, ["no difference between them"]),
    ],
)
def test_what_is_named_and_what_is_joined(contributions, words):
    found, lines = made_up(HEAT, TOY, **contributions)
    said = bare(sentences.contrast_sentence(found, lines, (HEAT, TOY)))
    assert all(word in said for word in words)


def test_equal_scores_re_ranked_lists_and_seen_items_have_sentences_of_their_own():
    equal, above, seen = replace(TOY, rank=2), replace(HEAT, rank=1), replace(HEAT, rank=0)
    found, lines = made_up(HEAT, TOY, genre=-0.82)
    assert "which of them stands first is arbitrary" in sentences.contrast_sentence(found, lines, (equal, TOY))
    said = sentences.contrast_sentence(found, lines, (above, replace(TOY, rank=4)), by_score=False)
    assert "3 places higher" in said
    assert "not made by score alone" in said
    assert "scores less" in sentences.contrast_sentence(found, lines, (seen, TOY))
    assert sentences.lower_first(TOY, HEAT) == (HEAT, TOY)
    assert sentences.lower_first(HEAT, TOY) == (HEAT, TOY)
    assert sentences.lower_first(equal, TOY) == (equal, TOY)


def test_small_reasons_are_one_bar_and_all_bars_sum():
    found, lines = made_up(HEAT, TOY, **{f"r{i}": -0.1 - i / 100 for i in range(12)})
    data = charts.differences(lines, "logit").data
    assert data["value"].sum() == pytest.approx(sum(c.contribution for c in found.contributions))
    assert len(data) == 9
    assert data["room"].max() > 0 > data["room"].min()


@pytest.mark.parametrize("name", ["interactions-only", "one-user-column", "users-without-attributes", "nobody-to-rank"])
def test_data_that_lack_something_have_their_cards_all_the_same(odd_workspaces, open_app, name):
    """No texts, no attributes, twelve items in all: little is left beside the list, or nothing."""
    cards = {"contrast": "true", "common": "true", "paragraph": "true", "length": "full"}
    for user, lang in (("u3", "en"), ("u7", "zh")):
        app = open_app("explain", folder=odd_workspaces, workspace=name, user=user, lang=lang, **cards)
        assert not app.exception
        assert not app.error
        assert all(f" {numbers.UNKNOWN}" not in text and "nan" not in text.lower() for text in app.markdown.values)


def test_a_catalogue_too_long_for_a_list_is_searched(open_app, ref, monkeypatch):
    monkeypatch.setattr(lab_contrast, "MOST_OPTIONS", 5)
    first, other = ranked(ref)[0], ranked(ref)[7]
    app = open_app("explain", user=USER, contrast="true")
    app.text_input(key="search_against").set_value(other.title).run()
    options = app.selectbox(key="pick_against").options
    assert other.title in "\n".join(options)
    app.selectbox(key="pick_against").select(other.item_id).run()
    assert not app.exception
    assert f"“{other.title}” is 7 places lower than “{first.title}”" in whole(app)


def common_of(n_lifted: tuple[int, ...], values: tuple[float, ...] = (0.9, 0.5, 0.3)) -> tuple[CommonReasons, list]:
    """What five listed items have in common, made up; the first reason is a value that four of them share."""
    names, shared = ("genre", "price", "age"), SharedValue("Crime", None, 4, 0.2)
    parts = tuple(
        CommonReason(Player("item", name), value, value - 0.1, value + 0.1, n, shared if name == "genre" else None)
        for name, value, n in zip(names, values, n_lifted, strict=True)
    )
    found = CommonReasons("3", sum(values), 0.0, parts, 5, 10, 40, background=1, seed=0, seconds=0.1)
    lines = [
        tables.CommonLine(p, p.player.column, *(("4 of 5: Crime", "20 %", 0.6) if p.shared else ("", "", 0.0)))
        for p in parts
    ]
    return found, lines


@pytest.mark.parametrize(
    ("n_lifted", "values", "words", "not_said"),
    [
        ((5, 5, 5), (0.9, 0.5, 0.3), "Each of these lifts every one of the 5.", "most of them"),
        (
            (5, 4, 2),
            (0.9, 0.5, 0.3),
            "Every one of the 5 is lifted by genre. Most of them are lifted by price (4 of 5).",
            "age",
        ),
        ((5, 5, 5), (0.05, 0.04, 0.03), "no single reason stands out from the noise.", "mostly"),
    ],
)
def test_what_holds_for_every_one_and_for_most_is_told_apart(n_lifted, values, words, not_said):
    found, lines = common_of(n_lifted, values)
    said = bare(sentences.common_sentence(found, lines))
    assert words in said
    assert not_said not in said.split(words)[-1]
    if values[0] > 0.1:
        assert "What they share in genre: 4 of 5: Crime; of the rest 20 %." in said
