"""What-if: what the controls change, what the address restores, and that the page says what the core says."""

from __future__ import annotations

import random
import re
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
import pytest
from app_texts import tables_of, texts_of
from page_contract import link_of

from dashboard.cached import workspace as cached_workspace
from dashboard.cached.what_if import number_stops
from dashboard.presentation.texts import numbers
from recsys_core.metrics import probability
from recsys_core.recommend import score_user
from recsys_core.variant import DENSE, Compression
from recsys_core.what_if.edit_texts import EditTexts, read_edits
from recsys_core.what_if.situation import situation_of, with_edits

USER, ITEM, OTHER = "3", "5", "10"  # neither was seen by the user
EDITS = "user.age:34;user.region:south"


@pytest.fixture
def core(ref):
    """Rank and probability of an item after edits, as the core gives them."""

    def found(user: str = USER, item: str = ITEM, variant=DENSE, **texts: str) -> tuple[int | None, float]:
        data, split = cached_workspace.dataset(ref), cached_workspace.workspace(ref).split_dataset
        scorer = cached_workspace.scorer(ref, variant)
        before = situation_of(scorer, split, data.user_index(user), data.item_index(item))
        after = with_edits(before, read_edits(EditTexts(**texts), before, data).edits)
        scores = after.scores(split.tie_order)
        return scores.rank_of(after.item_index), probability(float(scores.scores[after.item_index]))

    return found


def sentence(app) -> str:
    return next(text for text in texts_of(app) if text.startswith("##### "))


def control(of_kind, name: str):
    """The one control whose key begins so; its end changes wherever an edit comes from elsewhere."""
    found = [c for c in of_kind if str(c.key).startswith(name)]
    assert len(found) == 1, [c.key for c in of_kind]
    return found[0]


def cards(app) -> dict[str, str]:
    return {m.label: m.value for m in app.metric}


def held(app) -> dict[str, str]:
    return {key: value for key, value in app.session_state["_live"].items() if value}


def said(app, rank: int | None, chance: float) -> None:
    """The sentence and the card name this rank and probability."""
    assert f"to {rank} (" in sentence(app) or f"at rank {rank} (" in sentence(app), (rank, sentence(app))
    shown = re.search(r"→ ([0-9.]+)\)", sentence(app))[1]
    assert shown == numbers.fixed(chance, len(shown) - 2)
    assert cards(app)["Changed"] == f"rank {rank}"


def test_controls_edit_and_the_page_says_what_the_core_says(open_app, core):
    app = open_app("what-if", user=USER, item=ITEM)
    assert "stands at rank" in sentence(app)
    now = core()
    assert cards(app) == {"Now": f"rank {now[0]}", "Changed": f"rank {now[0]}"}
    control(app.selectbox, "edit_user.region@").select("south").run()
    control(app.select_slider, "edit_user.age@").set_value(34.0).run()
    assert not app.exception
    said(app, *core(set="user.region:south;user.age:34"))
    assert held(app) == {"set": "user.region:south;user.age:34"}
    assert control(app.select_slider, "edit_user.age@").label.startswith("age · was ")
    control(app.text_input, "edit_item.title@").set_value("Handmade teapot").run()
    assert "another title" in sentence(app)
    added = control(app.selectbox, "add_item").options[0]
    control(app.selectbox, "add_item").select(added).run()
    assert len(held(app)["add"].split(";")) == 1
    shown = tables_of(app)["history_edits"]
    assert shown["Edited"].iloc[0] == "added"
    assert shown["Item"].iloc[0] == added


def test_the_own_value_ends_an_edit_and_an_empty_cell_is_a_choice(open_app, core, ref):
    own = cached_workspace.dataset(ref).users.set_index("user_id").loc[USER]
    app = open_app("what-if", user=USER, item=ITEM, set=EDITS)
    control(app.select_slider, "edit_user.age@").set_value(float(own["age"])).run()
    assert held(app) == {"set": "user.region:south", "curve": "user.age"}
    control(app.selectbox, "edit_user.region@").select(own["region"]).run()
    assert held(app) == {"curve": "user.region"}, "the column touched last, though nothing is edited"
    assert control(app.selectbox, "curve_of_").value == "user.region"
    control(app.select_slider, "edit_user.age@").set_value("").run()
    assert held(app) == {"set": "user.age:"}
    said(app, *core(set="user.age:"))
    assert "age unknown instead of" in sentence(app)


def test_undo_reset_and_pins(open_app, core):
    app = open_app("what-if", user=USER, item=ITEM)
    assert app.button(key="what_if_undo").disabled
    control(app.selectbox, "edit_user.region@").select("south").run()
    app.button(key="what_if_pin").click().run()
    assert app.button(key="what_if_pin").disabled, "the same edits are not pinned twice"
    control(app.select_slider, "edit_user.age@").set_value(34.0).run()
    app.button(key="what_if_pin").click().run()
    south, both = core(set="user.region:south"), core(set="user.region:south;user.age:34")
    assert cards(app) == {
        "Now": f"rank {core()[0]}", "Changed": f"rank {both[0]}",
        "Pinned A": f"rank {south[0]}", "Pinned B": f"rank {both[0]}",
    }  # fmt: skip
    app.button(key="what_if_undo").click().run()
    assert held(app)["set"] == "user.region:south"
    app.button(key="what_if_reset").click().run()
    assert "set" not in held(app)
    app.button(key="what_if_undo").click().run()
    assert held(app)["set"] == "user.region:south"
    app.button(key="use_1").click().run()
    said(app, *both)
    app.button(key="unpin_0").click().run()
    assert cards(app)["Pinned A"] == f"rank {both[0]}"
    assert "Pinned B" not in cards(app)


def test_the_link_restores_edits_pins_and_curve(open_app):
    app = open_app("what-if", user=USER, item=ITEM, set=EDITS)
    app.button(key="what_if_pin").click().run()
    control(app.selectbox, "curve_of_").select("item.price").run()
    first = dict(link_of(app))
    assert first["set"] == EDITS
    again = open_app("what-if", **first)
    assert (sentence(again), cards(again)) == (sentence(app), cards(app))
    assert control(again.selectbox, "curve_of_").value == "item.price"
    control(app.select_slider, "edit_user.income@").set_value(
        control(app.select_slider, "edit_user.income@").options[3]
    ).run()
    assert control(app.selectbox, "curve_of_").value == "user.income", "the column touched last"


def test_what_does_not_fit_is_named_once_and_the_rest_applies(open_app, core):
    app = open_app(
        "what-if", user=USER, item=ITEM, set="user.age:34;user.nothing:1;user.region:atlantis;x", add=ITEM, off="none",
        pins="nonsense", curve="user.name", new="everything",
    )  # fmt: skip
    assert not app.exception
    warnings = "\n".join(w.value.replace("\\", "") for w in app.warning)
    for part in ("nothing", "atlantis", "x is no edit", f"Item {ITEM}", "No item none", "everything"):
        assert part in warnings, part
    assert "pinned edits" in warnings
    said(app, *core(set="user.age:34"))


def test_edits_of_another_user_are_put_aside_and_can_be_made_there_too(open_app, core, ref):
    app = open_app("what-if", user=USER, item=ITEM, set="user.region:south;item.price:20", pins="user.age:20!!")
    app.selectbox(key="pick_user").select("9").run()
    app.run()
    assert held(app) == {}, "another user: another top recommendation, so another item too"
    assert any("region" in w.value and "price" in w.value for w in app.warning)
    app.button(key="bring_back").click().run()
    assert held(app)["set"] == "user.region:south;item.price:20"
    assert not app.warning


def test_another_item_keeps_what_was_edited_of_the_user(open_app, core):
    app = open_app("what-if", user=USER, item=ITEM, set="user.region:south;item.price:20")
    app.selectbox(key="pick_item").select(OTHER).run()
    app.run()
    assert held(app) == {"set": "user.region:south"}
    said(app, *core(item=OTHER, set="user.region:south"))


def test_an_address_of_another_user_brings_its_own_edits(open_app):
    app = open_app("what-if", user=USER, item=ITEM, set=EDITS)
    again = open_app("what-if", user="9", item=ITEM, set=EDITS)
    assert held(again) == held(app)
    assert not again.warning


def test_an_item_taken_before_has_no_rank_and_everything_else_works(open_app, core, ref):
    data = cached_workspace.dataset(ref)
    before = situation_of(
        cached_workspace.scorer(ref, DENSE),
        cached_workspace.workspace(ref).split_dataset,
        data.user_index(USER),
        data.item_index(ITEM),
    )
    taken = data.items["item_id"].iloc[int(before.positives[0])]
    app = open_app("what-if", user=USER, item=taken, set=EDITS)
    assert not app.exception
    assert "it has no rank, because it was shown or taken before" in sentence(app)
    assert numbers.fixed(core(item=taken, set=EDITS)[1]) in sentence(app)
    assert set(cards(app).values()) == {"no candidate"}
    assert len(tables_of(app)["both_lists"]) == 10


@pytest.mark.parametrize("new", ["user", "item", "both"])
def test_a_new_user_or_item_starts_from_empty(open_app, new):
    app = open_app("what-if", user=USER, item=ITEM, new=new)
    assert not app.exception
    cells = {c.key: c.value for c in [*app.select_slider, *app.selectbox] if str(c.key).startswith("edit_")}
    sides = ("user", "item") if new == "both" else (new,)
    assert all(value == "" for key, value in cells.items() if key.split(".")[0].removeprefix("edit_") in sides)
    if "user" in sides:
        assert "history_edits" not in tables_of(app)
        assert any("Nothing was taken before" in text for text in texts_of(app))
        control(app.selectbox, "edit_user.region@").select("south").run()
        assert "region south instead of unknown" in sentence(app)
        app.button(key="new_user").click().run()
        assert app.session_state["new"] == ("item" if new == "both" else "")
    else:
        control(app.select_slider, "edit_item.price@").set_value(
            control(app.select_slider, "edit_item.price@").options[5]
        ).run()
        assert "New item" in sentence(app)
    assert not app.exception


def test_too_many_edits_for_an_address_are_held_and_said(open_app):
    app = open_app("what-if", user=USER, item=ITEM)
    long = "long word " * 200
    app.session_state["_live"]["set"] = f"item.title:{long}"
    app.run()
    assert any("session file" in w.value for w in app.warning)
    assert "another title" in sentence(app)
    assert "set" not in app.query_params


def test_a_compressed_model_is_asked_and_named(open_app, core, ref):
    app = open_app("what-if", user=USER, item=ITEM, set=EDITS, sparsity="50", pruning="structured")
    variant = cached_workspace.ModelVariant(compression=Compression(0.5))
    said(app, *core(variant=variant, set=EDITS))
    assert "compressed model says so" in sentence(app)


def test_nothing_of_the_workspace_changes(open_app, ref):
    """The person on the other pages is the one of the tables, whatever is edited here."""
    scorer, split = cached_workspace.scorer(ref, DENSE), cached_workspace.workspace(ref).split_dataset
    index = cached_workspace.dataset(ref).user_index(USER)
    before = score_user(scorer, split, index).scores.copy()
    tables = {key: table.copy() for key, table in scorer.features.tables.items()}
    app = open_app("what-if", user=USER, item=ITEM, set=f"{EDITS};item.price:20", add="9")
    assert not app.exception
    assert (score_user(scorer, split, index).scores == before).all()
    assert all((scorer.features.tables[key] == table).all() for key, table in tables.items())


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose users have sixty columns, one of them ordered; trained for one epoch."""
    from recsys_core.data.importers import import_dataset
    from recsys_core.models.fit import FitRequest, fit_workspace

    draw, tables, folder = random.Random(0), tmp_path_factory.mktemp("tables"), tmp_path_factory.mktemp("wide")
    pairs = sorted({(draw.randrange(30), draw.randrange(12)) for _ in range(260)})
    pairs += [(30, i) for i in range(12)] * 2  # everything twice: nothing is left to recommend
    pd.DataFrame(
        {"user_id": f"u{u}", "item_id": f"i{i}", "time": 1_600_000_000 + 977 * n} for n, (u, i) in enumerate(pairs)
    ).to_csv(tables / "interactions.csv", index=False)
    columns = {f"trait {c:02d}": [round(draw.random(), 2) for _ in range(31)] for c in range(60)}
    pd.DataFrame({"user_id": [f"u{u}" for u in range(31)]} | columns).to_csv(tables / "users.csv", index=False)
    pd.DataFrame({"item_id": [f"i{i}" for i in range(12)], "title": [f"Thing {i}" for i in range(12)]}).to_csv(
        tables / "items.csv", index=False
    )
    fit_workspace(import_dataset("tables", tables, None), folder / "wide", FitRequest(name="wide", epochs=1))
    return folder


def test_of_sixty_columns_a_dozen_is_shown_and_the_others_are_searched(open_app, wide):
    app = open_app("what-if", wide, workspace="wide", user="u3", set="user.trait 40:0.5")
    assert not app.exception
    keys = [s.key.split("@")[0] for s in app.select_slider]
    assert keys[:12] == [f"edit_user.trait {c:02d}" for c in range(12)]
    assert keys[12:] == ["edit_user.trait 40"], "what is edited is shown"
    app.multiselect(key="more_user").select("user.trait 25").run()
    assert "edit_user.trait 25" in [s.key.split("@")[0] for s in app.select_slider]


def test_a_user_who_has_seen_everything_can_be_asked_about_an_item(open_app, wide):
    app = open_app("what-if", wide, workspace="wide", user="u30")
    assert not app.exception
    assert any("nothing left to recommend" in text for text in texts_of(app))
    app = open_app("what-if", wide, workspace="wide", user="u30", item="i3", set="user.trait 00:0.5", off="i5")
    assert not app.exception
    assert "it has no rank" in sentence(app)
    assert any("everything was shown before" in text for text in texts_of(app))


@pytest.mark.parametrize("page", ["interactions-only", "one-user-column", "users-without-attributes", "nobody-to-rank"])
def test_data_that_lack_something_open(open_app, odd_workspaces, page):
    app = open_app("what-if", odd_workspaces, workspace=page)
    assert not app.exception
    assert any(text.startswith("# ") for text in texts_of(app))
    titles = [title for box in app.selectbox if str(box.key).startswith("add_item") for title in box.options]
    if titles:
        control(app.selectbox, "add_item").select(titles[0]).run()
        assert not app.exception


def test_stops_of_a_slider_are_round_whole_where_all_are_and_few():
    assert number_stops(np.array([18.0, 80.0, np.nan])) == tuple(float(x) for x in range(18, 81))
    found = number_stops(np.array([6.9, 463.9]))
    assert (found[0], found[-1]) == (6.9, 463.9)
    assert len(found) <= 103
    assert all(x % 5 == 0 for x in found[1:-1])
    assert number_stops(np.array([np.nan])) == ()
    assert number_stops(np.array([2.0, 2.0])) == (2.0,)


def test_texts_of_the_address_are_as_drawn(open_app):
    """A part of an address that somebody wrote by hand is the one that the link gives."""
    link = dict(link_of(open_app("what-if", user=USER, item=ITEM, set="user.age:34", off="", add="")))
    assert link["set"] == "user.age:34"
    assert dict(parse_qsl("set=user.age%3A34"))["set"] == link["set"]
    assert re.fullmatch(r"\d+", link["item"])


@pytest.mark.parametrize("texts", [{}, {"set": "user.income:15"}])
def test_the_smallest_change_becomes_edits_that_bring_the_item_in(open_app, core, ref, texts):
    """From the tables' values, and from edited ones; what is found is edited beside what was."""
    ids = cached_workspace.dataset(ref).items["item_id"]
    item = next(i for i in ids if core(item=i, **texts)[0] in range(12, 18))
    app = open_app("what-if", user=USER, item=item, smallest="true", **texts)
    assert not any(b.key == "apply_smallest" for b in app.button), "nothing is looked for unasked"
    app.button(key="find_smallest").click().run()
    assert not app.exception
    app.button(key="apply_smallest").click().run()
    assert not app.exception
    rank, _ = core(item=item, **{k: v for k, v in held(app).items() if k in ("set", "add", "off")})
    assert rank <= 10
    assert cards(app)["Changed"] == f"rank {rank}"
