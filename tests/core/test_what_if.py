"""What if: edited situations against tables that said so, Shapley values over edits against brute force."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations
from math import factorial

import numpy as np
import pandas as pd
import pytest
from explain_model import random_scorer, tiny_dataset, tiny_features
from hypothesis import given, settings
from hypothesis import strategies as st
from term_workspace import random_term

from recsys_core.compress.levers import LEVERS
from recsys_core.data.features import make_features
from recsys_core.data.known import KnownItems
from recsys_core.errors import SettingError
from recsys_core.metrics import logistic
from recsys_core.models.scorer import Scorer
from recsys_core.models.workspace import open_model
from recsys_core.player import Player
from recsys_core.recommend import score_user
from recsys_core.results.edits import AddItem, Edit, SetColumn, TakeOffItem
from recsys_core.results.units import scores_in_units
from recsys_core.variant import ModelVariant
from recsys_core.what_if import edit_contributions
from recsys_core.what_if.edit_contributions import EditGame
from recsys_core.what_if.edits import check_history_edits, column_edit, read_column_edit
from recsys_core.what_if.situation import Situation, situation_of, with_edits
from recsys_core.what_if.what_if import explain_edits, what_if

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
NETWORK = random_scorer(FEATURES)
SCORER = NETWORK.with_term(random_term(DATASET.n_items))
USER, ITEM, HELD = 2, 4, [7, 3, 9, 12, 15, 1, 0, 19, 8, 11]  # newest first; the first eight are read by attention
ORDER = np.arange(DATASET.n_items)
VECTORS = np.random.default_rng(7).normal(size=(40, 8)).astype(np.float32)


def encode(texts: list[str]) -> np.ndarray:
    """A made-up encoder: one vector a text."""
    return np.stack([VECTORS[sum(text.encode()) % 40] for text in texts])


def situation(scorer: Scorer = SCORER, *, item: int = ITEM, held: list[int] = HELD) -> Situation:
    seen = np.zeros(DATASET.n_items, dtype=bool)
    seen[held] = True
    return Situation(scorer, USER, item, np.array(held, dtype=np.int64), seen, scorer.ranker.shape.history)


def edit(text: str) -> SetColumn:
    return read_column_edit(text, DATASET, FEATURES)


def add(item: int) -> AddItem:
    return AddItem(item, f"i{item}")


def take_off(item: int) -> TakeOffItem:
    return TakeOffItem(item, f"i{item}")


EVERY = (
    *(edit("user.age=64"), edit("user.city=Kiel"), edit("user.income=high")),
    *(edit("item.price=12.5"), edit("item.genres=Drama"), edit("item.title=Another thing")),
    *(add(6), add(17), take_off(3), take_off(11)),
)


def score_after(about: Situation, edits: tuple[Edit, ...]) -> float:
    return float(with_edits(about, edits, encode).scores(ORDER).scores[about.item_index])


def brute_force(about: Situation, edits: tuple[Edit, ...], units: str = "logit") -> np.ndarray:
    """Shapley's formula over situations that are edited one by one, each with its whole catalogue scored."""
    n = len(edits)
    subsets = [set(s) for size in range(n + 1) for s in combinations(range(n), size)]
    value = {frozenset(s): score_after(about, tuple(edits[i] for i in sorted(s))) for s in subsets}
    if units == "probability":
        value = {s: float(logistic(np.array([v]))[0]) for s, v in value.items()}
    out = np.zeros(n)
    for i in range(n):
        for s in (s for s in subsets if i not in s):
            weight = factorial(len(s)) * factorial(n - len(s) - 1) / factorial(n)
            out[i] += weight * (value[frozenset(s | {i})] - value[frozenset(s)])
    return out


def test_an_edited_situation_is_scored_as_if_the_tables_had_said_so():
    users, items = DATASET.users.copy(), DATASET.items.copy()
    users.loc[USER, ["city", "income"]] = ["Kiel", "high"]
    items.loc[ITEM, "genres"] = "Drama"
    edits = (edit("user.city=Kiel"), edit("user.income=high"), edit("item.genres=Drama"), add(6), take_off(3))
    texts = {"item.title": FEATURES.tables["item.title"]}
    anew = Scorer(NETWORK.ranker, make_features(replace(DATASET, users=users, items=items), texts)).with_term(
        SCORER.term
    )
    held = [6, *(i for i in HELD if i != 3)]
    found = with_edits(situation(), edits)
    assert found.positives.tolist() == held
    history = found.history[None]
    assert history[0].tolist() == held[:8], "an older item that attention had no room for is read again"
    known = KnownItems.of([held], DATASET.n_items)
    expected = anew.score_catalogue(np.array([USER]), history, known)[0]
    np.testing.assert_allclose(found.scores(ORDER).scores, expected, atol=1e-5)
    assert found.seen[6]
    assert found.seen[3], "what was really taken stays no candidate"


@pytest.mark.parametrize("scorer", [NETWORK, SCORER], ids=["network", "with a term"])
@pytest.mark.parametrize("units", ["logit", "probability"])
def test_shapley_values_over_edits_equal_brute_force(scorer, units):
    edits = EVERY[1:2] + EVERY[3:4] + EVERY[5:9]
    found, error = EditGame(situation(scorer), edits, encode).solve(units)
    assert error is None
    np.testing.assert_allclose(found, brute_force(situation(scorer), edits, units), atol=2e-5)


def test_ten_edits_are_exact_and_sum_to_the_change():
    about = situation()
    game = EditGame(about, EVERY, encode)
    found, error = game.solve()
    assert error is None
    assert game.active.tolist() == list(range(10))
    assert game.n_evaluations <= 1024
    assert found.sum() == pytest.approx(score_after(about, EVERY) - score_after(about, ()), abs=1e-4)


def test_shap_says_the_same():
    import shap

    game = EditGame(situation(), EVERY[:7], encode)
    explainer = shap.ExactExplainer(lambda masks: game.values(masks.astype(bool)), np.zeros((1, 7)))
    expected = explainer(np.ones((1, 7))).values[0]
    np.testing.assert_allclose(game.solve()[0], expected, atol=1e-5)


def test_the_item_itself_in_the_history_is_edited_there_too():
    about = situation(item=9)
    edits = (edit("item.price=12.5"), edit("item.brand=Rot"), take_off(9), edit("user.age=64"))
    found, _ = EditGame(about, edits, encode).solve()
    np.testing.assert_allclose(found, brute_force(about, edits), atol=2e-5)
    assert about.scores(ORDER).rank_of(9) is None


def test_more_than_ten_edits_are_sampled_with_an_error_and_still_sum():
    edits = (*EVERY, edit("item.brand=Rot"), take_off(0))
    about = situation()
    found, error = EditGame(about, edits, encode).solve()
    assert error is not None
    assert found.sum() == pytest.approx(score_after(about, edits) - score_after(about, ()), abs=1e-4)
    again, _ = EditGame(about, edits, encode).solve()
    assert found.tolist() == again.tolist()
    exact = _exact_of_many(about, edits)
    assert np.abs(found - exact).max() < 5 * error.max()
    assert 0 < error.max() < 0.2


def _exact_of_many(about: Situation, edits: tuple[Edit, ...]) -> np.ndarray:
    before = edit_contributions.EXACT_EDITS
    try:
        edit_contributions.EXACT_EDITS = len(edits)
        return EditGame(about, edits, encode).solve()[0]
    finally:
        edit_contributions.EXACT_EDITS = before


def test_an_edit_to_the_own_value_changes_nothing_and_is_no_player():
    row, item = DATASET.users.iloc[USER], DATASET.items.iloc[ITEM]
    own = (edit(f"user.age={row.age:g}"), edit(f"user.city={row.city}"), edit(f"item.genres={item.genres}"))
    about = situation()
    assert with_edits(about, own).scores(ORDER).scores.tolist() == about.scores(ORDER).scores.tolist()
    game = EditGame(about, (*own, EVERY[1]))
    found, _ = game.solve()
    assert found[:3].tolist() == [0.0, 0.0, 0.0]
    assert game.active.tolist() == [3]


@pytest.mark.parametrize("item", [ITEM, 9], ids=["another item", "one of the history"])
def test_an_edited_item_alone_leaves_the_others_as_they_are(item):
    about = with_edits(situation(item=item), (edit("item.price=12.5"), edit("item.brand=Rot")))
    whole = about.scorer.score_catalogue(np.array([USER]), about.history[None], about.known)[0]
    np.testing.assert_allclose(about.scores(ORDER).scores, whole, atol=1e-6)
    again = with_edits(about, (edit("user.age=64"), edit("item.price=40")))
    whole = again.scorer.score_catalogue(np.array([USER]), again.history[None], again.known)[0]
    np.testing.assert_allclose(again.scores(ORDER).scores, whole, atol=1e-6)


def test_an_old_item_that_the_network_does_not_read_adds_exactly_nothing():
    about = situation(NETWORK)
    found, _ = EditGame(about, (take_off(11), EVERY[0], EVERY[3])).solve()
    assert found[0] == 0.0
    with_term, _ = EditGame(situation(), (take_off(11), EVERY[0], EVERY[3])).solve()
    share = SCORER.term.shares(np.array([ITEM]), KnownItems.of([HELD], DATASET.n_items)).toarray()[0, 11]
    assert with_term[0] == pytest.approx(-share, abs=1e-6), "the term is linear: its share is exact"


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(7)), st.integers(0, 7))
def test_the_order_of_edits_plays_no_part(order, n):
    edits = [EVERY[i] for i in (0, 2, 3, 4, 6, 8, 9)]  # of added items one: their order is that of the history
    chosen = [edits[i] for i in order if i < n]
    straight, _ = EditGame(situation(), edits[:n]).solve()
    mixed, _ = EditGame(situation(), chosen).solve()
    by_key = {e.key: v for e, v in zip(chosen, mixed, strict=True)}
    assert [by_key[e.key] for e in edits[:n]] == pytest.approx(straight.tolist(), abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.sets(st.sampled_from(EVERY), max_size=8), st.sampled_from(("logit", "probability")))
def test_any_edits_sum_to_the_change(edits, units):
    edits = tuple(edits)
    found, _ = EditGame(situation(), edits, encode).solve(units)
    before, after = (scores_in_units(np.array(score_after(situation(), e)), units) for e in ((), edits))
    assert found.sum() == pytest.approx(float(after - before), abs=1e-4)


def test_added_items_are_the_newest_in_the_order_said():
    assert with_edits(situation(), (add(6), add(17))).positives[:3].tolist() == [17, 6, 7]


@pytest.mark.parametrize("bits", [16, 8])
def test_a_compressed_variant_explains_its_own_scores(bits):
    variant = ModelVariant.compressed(bits=bits)
    scorer = LEVERS["bits"].scorer(NETWORK.ranker, FEATURES, variant)
    about, edits = situation(scorer), EVERY[:1] + EVERY[4:7]
    found, _ = EditGame(about, edits, encode).solve()
    np.testing.assert_allclose(found, brute_force(about, edits), atol=2e-5)


def test_edits_are_read_with_their_column_and_value():
    renamed = {"city": "a=b", "income": "a"}
    columns = tuple(replace(c, name=renamed.get(c.name, c.name)) for c in DATASET.schema.users)
    schema = replace(DATASET.schema, users=columns)
    odd = replace(DATASET, users=DATASET.users.rename(columns=renamed), schema=schema)
    features = make_features(odd)
    assert read_column_edit("user.a=b=Bonn", odd, features) == SetColumn(Player("user", "a=b"), "Bonn")
    assert read_column_edit("user.a=high", odd, features) == SetColumn(Player("user", "a"), "high")
    assert edit("user.age=1e2").value == 100.0
    assert edit("user.city=").value is None
    assert edit("item.genres=Drama|Comedy").value == "Drama|Comedy"
    assert edit("item.title= Heat=2 ").value == " Heat=2 "
    assert edit("item.price=1234567.25").key == "item.price=1234567.25"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("user.age=old", "edit.number"),
        ("user.age=1e400", "edit.number"),
        ("user.age=nan", "edit.number"),
        ("user.age=1_0", "edit.number"),
        ("user.nothing=1", "edit.column"),
        ("item.genres", "edit.form"),
        ("age=3", "edit.form"),
        ("user.=3", "edit.form"),
        ("", "edit.form"),
        ("item.genres=Drama|Western", "edit.value"),
        ("user.city=Berlin", "edit.value"),
        ("item.user_id=3", "edit.column"),
    ],
)
def test_what_is_no_edit_is_refused(text, key):
    with pytest.raises(SettingError) as problem:
        edit(text)
    assert problem.value.key == key
    assert "\n" not in str(problem.value)


def test_a_column_that_the_model_does_not_read_is_named():
    with pytest.raises(SettingError, match="does not read user column 'city'"):
        column_edit(Player("user", "city"), "Bonn", DATASET, FEATURES.without({"user.city"}))


@pytest.mark.parametrize(
    ("edits", "key"),
    [
        ((take_off(6),), "edit.not_taken"),
        ((add(7),), "edit.taken"),
        ((add(ITEM),), "edit.itself"),
        ((add(6), add(6)), "edit.twice"),
        ((take_off(3), take_off(3)), "edit.twice"),
        ((edit("user.age=3"), edit("user.age=4")), "edit.twice"),
    ],
)
def test_edits_that_do_not_fit_are_refused(edits, key):
    with pytest.raises(SettingError) as problem:
        check_history_edits(edits, item_index=ITEM, held=np.array(HELD), user_id="u2")
    assert problem.value.key == key


@pytest.mark.parametrize("name", ["tiny_workspace", "term_workspace"])
def test_what_if_starts_from_the_users_list_and_counts_moves(name, request):
    model = open_model(request.getfixturevalue(name))
    scores = score_user(model.dense, model.split_dataset, 3)
    listed = scores.top(model.dataset.n_items)
    item = int(listed[4])
    about = situation_of(model.dense, model.split_dataset, 3, item)
    assert about.scores(model.split_dataset.tie_order).scores.tolist() == scores.scores.tolist()
    newest = int(about.positives[0])
    ids = model.dataset.items["item_id"]
    edits = (
        read_column_edit("user.age=20", model.dataset, model.features),
        AddItem(int(listed[0]), ids[listed[0]]),
        TakeOffItem(newest, ids[newest]),
    )
    found = what_if(about, edits, model.split_dataset, k=5)
    assert found.explanation.before.rank == 5
    assert abs(found.explanation.completeness_gap) < 1e-4
    after = with_edits(about, edits).scores(model.split_dataset.tie_order)
    assert [line.item.item_index for line in found.top.after] == after.top(5).tolist()
    assert [line.other_rank for line in found.top.after] == [scores.rank_of(i) for i in after.top(5).tolist()]
    assert found.top.before[0].other_rank is None, "what was added is no candidate any more"
    same = explain_edits(about, edits, model.split_dataset, units="probability")
    assert same.change == pytest.approx(sum(e.contribution for e in same.edits), abs=1e-4)
    assert same.change == pytest.approx(same.after.probability - same.before.probability)


def test_nothing_edited_changes_nothing(tiny_workspace):
    model = open_model(tiny_workspace)
    found = what_if(situation_of(model.dense, model.split_dataset, 0, 1), (), model.split_dataset)
    assert found.explanation.edits == ()
    assert found.explanation.before == found.explanation.after
    assert all(line.other_rank == line.item.rank for line in found.top.after)


def test_a_number_beyond_the_table_is_read_as_its_largest(tiny_workspace):
    model = open_model(tiny_workspace)
    about = situation_of(model.dense, model.split_dataset, 0, 1)
    most = float(pd.to_numeric(model.dataset.users["age"]).max())
    beyond, at_end = (read_column_edit(f"user.age={x}", model.dataset, model.features) for x in (most + 50, most))
    found = what_if(about, (beyond,), model.split_dataset)
    assert "beyond the table's range" in str(found.notes[0])
    assert not what_if(about, (at_end,), model.split_dataset).notes
    assert found.explanation.after == what_if(about, (at_end,), model.split_dataset).explanation.after


def test_a_new_person_starts_from_empty_cells(tiny_workspace):
    model = open_model(tiny_workspace)
    about = situation_of(model.dense, model.split_dataset, None, 1)
    assert (len(about.positives), int(about.seen.sum())) == (0, 0)
    edits = (read_column_edit("user.age=30", model.dataset, model.features), AddItem(2, "x"), AddItem(3, "y"))
    found = what_if(about, edits, model.split_dataset)
    assert abs(found.explanation.completeness_gap) < 1e-4
    assert found.explanation.before.n_candidates == model.dataset.n_items
    told = pd.DataFrame({"user_id": ["guest"], "age": [30.0]})
    scorer = model.dense.with_features(model.dense.features.with_rows("user", told))
    expected = scorer.score_pairs(np.array([model.dataset.n_users]), np.array([1]), np.array([[3, 2]]))[0]
    assert found.explanation.after.score == pytest.approx(float(expected), abs=1e-5)


@pytest.mark.parametrize("name", ["tiny_workspace", "term_workspace"])
def test_a_new_item_takes_its_place_among_the_others(name, request):
    model = open_model(request.getfixturevalue(name))
    n = model.dataset.n_items

    def vectors(texts: list[str]) -> np.ndarray:
        return np.stack([model.features.tables["item.title"][len(text) % n] for text in texts])

    about = situation_of(model.dense, model.split_dataset, 3, None, vectors)
    texts = ("item.title=Solar lantern", "item.price=30", f"item.category={model.dataset.items['category'].iloc[0]}")
    edits = tuple(read_column_edit(text, model.dataset, model.features) for text in texts)
    found = what_if(about, edits, model.split_dataset, vectors, k=n + 1)
    assert abs(found.explanation.completeness_gap) < 1e-4
    assert found.explanation.before.n_candidates == int((~about.seen).sum())
    line = next(m for m in found.top.after if m.item.item_index == n)
    assert (line.item.item_id, line.item.title) == ("new", "Solar lantern")
    assert (line.item.rank, line.other_rank) == (found.explanation.after.rank, found.explanation.before.rank)


def test_walks_over_all_orders_are_the_exact_values():
    """The definition by orders: mean over all of them of what an edit adds when its turn comes."""
    edits = EVERY[2:4] + EVERY[7:9]
    about, gains = situation(), np.zeros(4)
    for order in permutations(range(4)):
        before = score_after(about, ())
        for step, i in enumerate(order, 1):
            after = score_after(about, tuple(edits[j] for j in sorted(order[:step])))
            gains[i] += (after - before) / factorial(4)
            before = after
    np.testing.assert_allclose(EditGame(about, edits, encode).solve()[0], gains, atol=2e-5)
