"""Response curves: each point is the situation with that value, scored and ranked anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from explain_model import tiny_dataset

from recsys_core.errors import SettingError
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.player import Player
from recsys_core.results.edits import AddItem, SetColumn
from recsys_core.results.what_if import ResponseCurve
from recsys_core.what_if.response import MOST_VALUES, N_GRID, _toggled, response_curve
from recsys_core.what_if.situation import Situation, situation_of, with_edits

PLAYERS = ("user.age", "user.region", "user.income", "item.price", "item.brand")


@pytest.fixture(scope="module", params=["tiny_workspace", "term_workspace"])
def model(request) -> TrainedModel:
    return open_model(request.getfixturevalue(request.param))


def asked(model: TrainedModel, user: int | None = 3) -> Situation:
    taken = [] if user is None else model.split_dataset.histories.seen(user).tolist()
    item = next(i for i in range(model.dataset.n_items) if i not in taken)
    return situation_of(model.dense, model.split_dataset, user, item)


def check_points(model: TrainedModel, about: Situation, others: tuple, curve: ResponseCurve) -> None:
    """Every point by the slow way: edited tables, the whole catalogue, the item's place in it."""
    for point in curve.points:
        edits = (*others, SetColumn(curve.player, point.value))
        scores = with_edits(about, edits).scores(model.split_dataset.tie_order)
        assert point.score == pytest.approx(float(scores.scores[about.item_index]), abs=2e-5)
        assert point.rank == scores.rank_of(about.item_index)


@pytest.mark.parametrize("key", PLAYERS)
def test_a_point_is_the_situation_with_that_value(model, key):
    about = asked(model)
    added = next(i for i in range(model.dataset.n_items) if not about.seen[i] and i != about.item_index)
    others = (AddItem(added, "x"), SetColumn(Player("user", "gender"), "woman"))
    curve = response_curve(about, others, Player.parse(key), model.split_dataset)
    check_points(model, about, others, curve)
    assert curve.own is curve.edited
    assert curve.n_candidates == int((~about.seen).sum()) - 1


def test_a_number_runs_from_the_least_to_the_largest_with_its_own_and_edited_value(model):
    about, age = asked(model), Player("user", "age")
    ages = pd.to_numeric(model.dataset.users["age"])
    curve = response_curve(about, (SetColumn(age, 200.0),), age, model.split_dataset)
    values = [point.value for point in curve.points]
    assert values == sorted(values)
    assert curve.span == (ages.min(), ages.max())
    assert curve.own.value == ages.iloc[3]
    assert curve.edited.value == 200.0
    assert curve.own in curve.points
    at_end = next(point for point in curve.points if point.value == ages.max())
    assert (curve.edited.score, curve.edited.rank) == (at_end.score, at_end.rank), "beyond the table: as its end"
    grid = [v for v in values if v not in next(g for g in model.features.groups if g.player == age).knots]
    assert all(v == round(v) for v in grid), "ages are whole, so is the grid"
    assert len(grid) <= N_GRID + 2


def test_a_category_takes_every_value_the_most_frequent_first(model):
    curve = response_curve(asked(model), (), Player("user", "region"), model.split_dataset)
    counts = model.dataset.users["region"].value_counts()
    assert {p.value for p in curve.points} == set(counts.index)
    assert [counts[p.value] for p in curve.points] == sorted(counts, reverse=True)
    assert curve.n_values == len(counts) <= MOST_VALUES


def test_a_new_persons_own_cell_is_empty(model):
    curve = response_curve(asked(model, None), (), Player("user", "age"), model.split_dataset)
    assert curve.own.value is None
    assert curve.own not in curve.points
    empty = asked(model, None)
    expected = empty.scores(model.split_dataset.tie_order)
    assert curve.own.score == pytest.approx(float(expected.scores[empty.item_index]), abs=1e-5)


def test_a_set_gains_and_loses_each_member():
    from explain_model import random_scorer

    from recsys_core.data.features import make_features

    dataset = tiny_dataset()
    features = make_features(dataset)
    nothing = np.zeros(0, dtype=np.int64)
    about = Situation(random_scorer(features), 0, 0, nothing, np.zeros(dataset.n_items, dtype=bool), 8)
    group = next(g for g in features.groups if g.key == "item.genres")
    found = _toggled(group, "Drama|Comedy", about)
    assert found == {"Drama": ("Comedy", False), "Comedy": ("Drama", False), "Comedy|Crime|Drama": ("Crime", True)}
    assert _toggled(group, "Drama", about)[None] == ("Drama", False), "nothing is left: an empty cell"


@pytest.mark.parametrize(
    ("key", "message"), [("item.title", "response.text"), ("user.nothing", "edit.column"), ("user_id", "edit.column")]
)
def test_what_has_no_values_to_run_along_is_refused(model, key, message):
    with pytest.raises(SettingError) as problem:
        response_curve(asked(model), (), Player.parse(key), model.split_dataset)
    assert problem.value.key == message
