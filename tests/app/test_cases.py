"""Ways to a user: conditions in the address, at random among those who meet them, and cases of a kind."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.cached import fairness as cached_fairness
from dashboard.cached import workspace as cached_workspace
from recsys_core.compare.cases import most_wrong, worst_served
from recsys_core.data.conditions import ACTIVITY, fitting, parse_conditions, write_conditions
from recsys_core.models.evaluation import evaluate
from recsys_core.variant import DENSE


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"age": (18.0, 25.5)},
        {"a b;c": ("x|y", "1..2", "ü:%"), "price": (-3.0, 1e9)},
        {"region": ("north",), "training.activity": (0.0, 7.0)},
    ],
)
def test_conditions_come_back_from_the_address(conditions):
    assert parse_conditions(write_conditions(conditions)) == conditions


@pytest.mark.parametrize("nonsense", ["age", "age:", ":", ";;", "age:9..1", "age:nan..inf", "a:b..c"])
def test_nonsense_in_the_address_is_no_range(nonsense):
    assert all(isinstance(c[0], str) for c in parse_conditions(nonsense).values())


def test_users_fit_all_conditions(ref):
    users = cached_workspace.dataset(ref).users
    cells = cached_workspace.filter_cells(ref)
    region = users["region"].iloc[0]
    found = fitting(cells, {"age": (20.0, 50.0), "region": (region,)})
    wanted = users["age"].between(20, 50) & (users["region"] == region)
    assert found.tolist() == np.flatnonzero(wanted).tolist()
    assert 0 < len(found) < len(users)
    busy = cached_workspace.filter_cells(ref)[ACTIVITY]
    assert busy.sum() == len(cached_workspace.workspace(ref).split_dataset.sequences().indices)


def test_the_address_filters_and_a_random_user_fits(open_app, ref):
    users = cached_workspace.dataset(ref).users.set_index("user_id")
    region = users["region"].iloc[0]
    app = open_app("overview", filter=write_conditions({"age": (20.0, 50.0), "region": (region,)}))
    for _ in range(3):
        app.button(key="random").click().run()
        user = users.loc[app.session_state["user"]]
        assert 20 <= user["age"] <= 50
        assert user["region"] == region
    app.session_state["random_filter"] = True
    app.run()
    said = next(m.value for m in app.markdown if " fit; " in m.value)
    assert said.startswith(f"{((users['age'].between(20, 50)) & (users['region'] == region)).sum()} of {len(users)}")


def test_worst_served_and_most_wrong_are_the_evaluations(ref):
    workspace = cached_workspace.model(ref, "")
    found = evaluate(workspace.dense, workspace.split_dataset)
    served = worst_served(found, most=5)
    assert [c.value for c in served] == sorted(found.ranking.ndcg)[:5]
    wrong = most_wrong(found, most=5)
    off = np.abs(found.pairs.label - 1 / (1 + np.exp(-found.pairs.score.astype(float))))
    assert abs(wrong[0].label - wrong[0].value) == pytest.approx(off.max())
    assert len({c.user_index for c in wrong}) == 5
    job = cached_fairness.evaluation(ref, DENSE)
    assert job.wait(60)
    assert cached_fairness.cases(ref, DENSE, "served")[:5] == served
