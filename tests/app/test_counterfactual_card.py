"""What would take it off the list or bring it in: the card says the core's answer, and sends it to What-if."""

from __future__ import annotations

import pytest
from app_texts import tables_of, texts_of

from dashboard.cached import counterfactual as cached
from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from recsys_core.results import Counterfactual
from recsys_core.variant import DENSE
from recsys_core.what_if.situation import situation_of, with_edits

USERS = tuple(map(str, range(1, 20)))


def whole(app) -> str:
    return "\n".join(texts_of(app)).replace("\\", "")


def ranked(ref, user: str, k: int = 25) -> list:
    index = cached_workspace.dataset(ref).user_index(user)
    return list(cached_explain.recommendation(ref, index, DENSE, k=k).items)


def first_found(ref, places: range, answer) -> tuple[str, Counterfactual]:
    for user in USERS:
        for item in ranked(ref, user)[places.start - 1 : places.stop - 1]:
            found = answer(cached_workspace.dataset(ref).user_index(user), item.item_index)
            if found.found:
                return user, found
    pytest.fail("no user has such a case")


def rank_by_core(ref, user: str, found: Counterfactual) -> int:
    """The rank that the edits lead to, worked out beside the page."""
    opened = cached_workspace.workspace(ref)
    index = opened.dataset.user_index(user)
    situation = situation_of(cached_workspace.scorer(ref, DENSE), opened.split_dataset, index, found.item.item_index)
    scores = with_edits(situation, found.edits).scores(opened.split_dataset.tie_order)
    return scores.rank_of(found.item.item_index)


def test_closed_it_costs_nothing_and_open_it_says_what_takes_the_item_off(open_app, ref):
    cached.removal.cache.clear()
    assert not open_app("explain", user="3").exception
    assert len(cached.removal.cache) == 0
    user, found = first_found(ref, range(1, 11), lambda u, i: cached.removal(ref, u, i, DENSE))
    app = open_app("explain", user=user, item=found.item.item_id, counterfactual="true")
    assert not app.exception
    said, after = whole(app), rank_by_core(ref, user, found)
    assert after > 10
    assert f"rank {found.item.rank} → {after} " in said
    assert f"“{found.replaced_by.title}” takes its place. " in said
    assert "Verified by scoring the catalogue again." in said
    titles = [change.title for change in found.changes]
    rows = tables_of(app)["counterfactual_changes"]["Taken off the history"]
    assert all(row.startswith(title) for row, title in zip(rows, titles, strict=True))
    zh = open_app("explain", user=user, item=found.item.item_id, counterfactual="true", lang="zh")
    assert f"排名 {found.item.rank} → {after}" in whole(zh)


def test_an_item_outside_says_what_would_bring_it_in_within_what_may_change(open_app, ref):
    allowed = cached.allowed(ref, DENSE, "item.price=:60,item.brand")
    user, found = first_found(ref, range(11, 18), lambda u, i: cached.change(ref, u, i, DENSE, allowed))
    where = {"user": user, "item": found.item.item_id, "counterfactual": "true"}
    app = open_app("explain", **where, may_change="item.price=:60,item.brand")
    assert not app.exception
    after = rank_by_core(ref, user, found)
    assert after <= 10
    assert f"rank {found.item.rank} → {after} " in whole(app)
    assert app.multiselect(key="may_change_columns").value == ["item.price", "item.brand"]
    assert len(tables_of(app)["counterfactual_changes"]["Column"]) == len(found.changes)
    app.multiselect(key="may_change_columns").set_value(["item.price"]).run()
    assert app.session_state["may_change"] == "item.price=:60"
    assert not app.exception
    wrong = open_app("explain", **where, may_change="user.shoe")
    assert any("shoe" in w.value for w in wrong.warning)
    assert "item.brand" in wrong.multiselect(key="may_change_columns").value


def test_an_item_taken_before_gets_one_sentence(open_app, ref):
    dataset = cached_workspace.dataset(ref)
    index = dataset.user_index("3")
    seen = int(cached_explain.user_scores(ref, index, DENSE).seen.nonzero()[0][0])
    app = open_app("explain", user="3", item=str(dataset.items["item_id"].iloc[seen]), counterfactual="true")
    assert not app.exception
    assert "was met before, so it is no candidate" in whole(app)
    assert "counterfactual_changes" not in tables_of(app)


def test_its_edits_are_the_what_if_pages(open_app, ref):
    user, found = first_found(ref, range(1, 11), lambda u, i: cached.removal(ref, u, i, DENSE))
    app = open_app("explain", user=user, item=found.item.item_id, counterfactual="true")
    app.button(key="counterfactual_what_if").click().run()
    off = ";".join(change.item_id for change in found.changes)
    assert (app.session_state["off"], app.session_state["item"]) == (off, found.item.item_id)
    there = open_app("what-if", user=user, item=found.item.item_id, off=off)
    assert not there.exception
    assert f"rank {found.item.rank} to {rank_by_core(ref, user, found)}" in whole(there)
