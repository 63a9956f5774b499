"""Smallest change: against every single value by plain loops, constraints, and what it says of odd cases."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from counterfactual_data import DATASET, N_ITEMS, NETWORK, SCORERS, SPLIT, random_situation, situation
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.counterfactual import AllowedColumn, allowed_columns, allowed_text, changeable, smallest_change
from recsys_core.counterfactual.allowed import choices
from recsys_core.data.features import make_features
from recsys_core.data.schema import Column
from recsys_core.errors import SettingError
from recsys_core.player import Player
from recsys_core.results.edits import SetColumn
from recsys_core.what_if.situation import Situation, with_edits

FEATURES = NETWORK.features
K = 5
CATEGORIES = ("user.city", "user.income", "item.brand")
LEVELS = {"user.city": ("Ulm", "Kiel", "Bonn"), "user.income": ("low", "middle", "high")}
LEVELS["item.brand"] = ("Acme", "Nord", "Blau", "Rot")


def rank(where: Situation, cells: dict[str, object]) -> int:
    """By a plain loop: the place after some cells are others."""
    edits = [SetColumn(Player.parse(key), value) for key, value in cells.items()]
    scores = with_edits(where, edits).scores(SPLIT.tie_order).scores
    order = sorted(np.flatnonzero(~where.seen), key=lambda i: (-scores[i], SPLIT.tie_order[i]))
    return order.index(where.item_index) + 1


def fewest_by_loops(where: Situation, columns: tuple[str, ...]) -> int | None:
    """How many of these categories must change."""
    for n in range(1, len(columns) + 1):
        for some in combinations(columns, n):
            for values in product(*(LEVELS[key] for key in some)):
                if rank(where, dict(zip(some, values, strict=True))) <= K:
                    return n
    return None


def allowed(text: str) -> tuple[AllowedColumn, ...]:
    return allowed_columns(text, DATASET, FEATURES)


@pytest.mark.parametrize("name", SCORERS)
def test_as_few_categories_as_plain_loops_find(name):
    sizes = []
    for seed in range(11):
        where = random_situation(seed, n_taken=6, rank=K + 1 + seed % 7 * 2, scorer=SCORERS[name])
        fewest = fewest_by_loops(where, CATEGORIES)
        found = smallest_change(where, SPLIT, allowed(",".join(CATEGORIES)), k=K)
        sizes.append(fewest)
        assert found.found == (fewest is not None)
        if fewest is not None:
            assert (len(found.changes), found.verified) == (fewest, True)
            assert rank(where, {c.player.key: c.after for c in found.changes}) == found.after.rank <= K
            assert found.exact == (fewest < 3)
    assert {1, 2, None} <= set(sizes)


def test_the_nearest_sufficient_price_is_found():
    """One step nearer to the own price does not suffice; where nothing is found, no price does."""
    n_found = 0
    for seed in range(6):
        where = random_situation(seed, n_taken=4, rank=K + 2)
        found = smallest_change(where, SPLIT, allowed("item.price"), k=K)
        prices = np.sort(DATASET.items["price"].to_numpy())
        own = float(DATASET.items["price"][where.item_index])
        steps = np.round(np.arange(prices[0], prices[-1], 0.1), 1)
        ranks = np.array([rank(where, {"item.price": float(price)}) for price in steps[::12]])
        if not found.found:
            assert (ranks > K).all()
            continue
        n_found += 1
        after = found.changes[0].after
        assert found.verified
        step = -0.1 if after > own else 0.1
        assert after in (prices[0], prices[-1]) or rank(where, {"item.price": round(after + step, 1)}) > K
    assert n_found >= 3


@given(seed=st.integers(0, 10_000), place=st.integers(K + 1, N_ITEMS - 8), name=st.sampled_from([*SCORERS]))
@settings(max_examples=20, deadline=None)
def test_what_is_said_holds_within_the_limits_and_no_column_is_needless(seed, place, name):
    where = random_situation(seed, n_taken=7, rank=place, scorer=SCORERS[name])
    found = smallest_change(
        where, SPLIT, allowed("user.age=30:50,item.price=20:80,user.city=Ulm|Kiel,item.genres=Comedy"), k=K
    )
    if not found.found:
        assert found.note.key == "counterfactual.no_change"
        assert found.best_rank > K
        return
    cells = {change.player.key: change.after for change in found.changes}
    assert found.verified
    assert rank(where, cells) == found.after.rank <= K
    for key in cells:
        assert rank(where, {k: v for k, v in cells.items() if k != key}) > K
    assert 30 <= cells.get("user.age", 40) <= 50
    assert 20 <= cells.get("item.price", 40) <= 80
    assert cells.get("user.city", "Ulm") in ("Ulm", "Kiel")
    before = set(DATASET.items["genres"][where.item_index].split("|"))
    assert set(cells.get("item.genres", "|".join(before)).split("|")) ^ before <= {"Comedy"}
    assert found.distance == pytest.approx(sum(change.share for change in found.changes))


def test_distances_are_shares():
    where = random_situation(1, n_taken=4, rank=20)
    own = {key: DATASET.users[key][where.user_index] for key in ("age", "city", "income")}
    other = {"city": "Kiel" if own["city"] != "Kiel" else "Ulm", "income": "high" if own["income"] != "high" else "low"}

    def share(text: str, value) -> float:
        return choices(allowed(text)[0], FEATURES, DATASET, where.user_index, edited={}).share(value)

    assert share("user.city", other["city"]) == 1
    assert share("user.income", other["income"]) == (0.5 if own["income"] == "middle" else 1)
    ages = DATASET.users["age"].to_numpy()
    below = (ages < own["age"]).mean() + (ages == own["age"]).mean() / 2
    assert share("user.age", 200.0) == pytest.approx(1 - below)
    assert share("user.age", own["age"]) == 0


def test_what_may_change_unless_told():
    assert [p.key for p in changeable(DATASET, FEATURES)] == [*("user.age", "user.city", "user.income"),
                                                              *("item.price", "item.genres", "item.brand")]  # fmt: skip
    hidden = tuple(Column(c.name, c.kind, c.name == "age", c.levels) for c in DATASET.schema.users)
    sensitive = replace(DATASET, schema=replace(DATASET.schema, users=hidden))
    assert "user.age" not in [p.key for p in changeable(sensitive, FEATURES)]
    assert "user.age" not in [c.player.key for c in allowed_columns("", sensitive, FEATURES)]
    assert allowed("item.price=5:, user.city=Ulm|Bonn") == (
        AllowedColumn(Player("item", "price"), low=5),
        AllowedColumn(Player("user", "city"), values=("Ulm", "Bonn")),
    )
    for text in ("item.price=5:,user.city=Ulm|Bonn", "user.age=:30.5", "item.genres"):
        assert allowed_text(allowed(text)) == text


ODD_NAMES = ("=", "a=b", "a", "x,y", "x:y", "|", "%7C", '"q"')


@given(st.lists(st.sampled_from(ODD_NAMES), min_size=1, unique=True), st.lists(st.sampled_from(ODD_NAMES), unique=True))
def test_odd_names_and_values_come_back_from_their_text(columns, values):
    """A name or a value may hold every sign of the form."""
    cells = [ODD_NAMES[k % len(ODD_NAMES)] for k in range(N_ITEMS)]
    table = DATASET.items.assign(**dict.fromkeys(ODD_NAMES, cells))
    schema = replace(DATASET.schema, items=tuple(Column(name, "category") for name in ODD_NAMES))
    dataset = replace(DATASET, schema=schema, items=table)
    features = make_features(dataset)
    said = tuple(AllowedColumn(Player("item", name), values=tuple(values)) for name in columns)
    assert allowed_columns(allowed_text(said), dataset, features) == said


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("price", "change.form"),
        ("item.price=5", "change.form"),
        ("item.price=a:b", "change.form"),
        (",", "change.form"),
        ("user_id", "change.form"),
        ("item.price=9:5", "change.range"),
        ("item.price=nan:5", "change.range"),
        ("item.title", "change.text"),
        ("user.age,user.age=3:4", "change.twice"),
        ("user.shoe", "edit.column"),
        ("user.city=Rome", "edit.value"),
    ],
)
def test_what_cannot_change_is_refused(text, key):
    with pytest.raises(SettingError) as refused:
        allowed(text)
    assert refused.value.key == key


def test_odd_cases_are_one_sentence():
    first = random_situation(0, n_taken=3, rank=1)
    outside = random_situation(0, n_taken=3, rank=20)
    city = DATASET.users["city"][outside.user_index]
    asked = {
        "counterfactual.listed": (first, "item.price"),
        "counterfactual.no_candidate": (situation(item=7, taken=[7]), "item.price"),
        "counterfactual.no_values": (outside, f"user.city={city}"),
    }
    for key, (where, text) in asked.items():
        found = smallest_change(where, SPLIT, allowed(text), k=K)
        assert (found.found, found.note.key, found.changes) == (False, key, ())
    with pytest.raises(SettingError) as refused:
        smallest_change(outside, SPLIT, ())
    assert refused.value.key == "change.no_columns"


def test_the_values_of_an_edited_situation_are_where_it_starts():
    """City edited first: the own value is the edited one, so going back is a change like any other."""
    for seed in range(20):
        where = random_situation(seed, n_taken=4, rank=K - 1)
        own = DATASET.users["city"][where.user_index]
        city = Player("user", "city")
        for other in LEVELS["user.city"]:
            if other != own and rank(where, {"user.city": other}) > K:
                edited = with_edits(where, [SetColumn(city, other)])
                found = smallest_change(edited, SPLIT, allowed("user.city"), k=K, edited={city: other})
                assert found.verified
                assert found.changes[0].before == other
                return
    pytest.fail("no seed has such a case")
