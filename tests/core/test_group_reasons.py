"""Explanations between groups against contributions and removal curves pair by pair; a base; what cannot be asked."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from explain_model import random_scorer
from scipy.stats import permutation_test
from test_attribute_audit import FEATURES, SCORER, SPLIT, with_cells

from recsys_core.__main__ import main
from recsys_core.compare.group_reasons import GroupReasonSettings, group_reasons
from recsys_core.errors import RecLensError, SettingError
from recsys_core.explain.explain import explain
from recsys_core.explain.faithfulness import removal_curves
from recsys_core.explain.shapley import exact_contributions
from recsys_core.metrics import top_k
from recsys_core.models.scorer import Pairs

FEW = GroupReasonSettings(background=2, n_bootstrap=400, least_size=5)


def first_recommendations() -> tuple[Pairs, np.ndarray]:
    task = SPLIT.ranking_of(SPLIT.test_users)
    scores = SCORER.score_catalogue(task.users, task.histories, task.known)
    first = top_k(scores, 10, excluded=task.seen, tie_order=task.tie_order)[:, 0]
    return Pairs(task.users, first, task.histories, task.known), SPLIT.dataset.users["city"].to_numpy()[task.users]


def test_figures_are_those_of_the_pairs_one_by_one():
    found = group_reasons(SCORER, SPLIT, by=("city",), settings=FEW)
    pairs, city = first_recommendations()
    background = SPLIT.background(2, seed=0)
    sizes = np.abs(exact_contributions(SCORER, pairs, background)[0])
    for at, group in enumerate(found.groups):
        assert found.n[at] == (city == group.value).sum()
        own = [figure.of_groups[at] for figure in found.reasons]
        np.testing.assert_allclose([s.value for s in own], sizes[city == group.value].mean(0), atol=1e-6)
        assert all(s.low <= s.value <= s.high for s in own)
    assert [f.name for f in found.reasons] == [p.key for p in SCORER.features.players]
    expected = permutation_test(
        [sizes[city == g.value, 1] for g in found.groups],
        lambda *groups: np.ptp([np.mean(g) for g in groups]),
        n_resamples=2000,
        alternative="greater",
        random_state=0,
    ).pvalue
    assert found.reasons[1].p_value == pytest.approx(expected, abs=0.1)
    assert all(f.p_corrected >= f.p_value for f in found.reasons)


def test_deletion_is_the_removal_curves_area():
    found = group_reasons(SCORER, SPLIT, by=("city",), settings=FEW)
    pairs, city = first_recommendations()
    background, group = SPLIT.background(2, seed=0), found.groups[0].value
    areas, sizes = [], []
    for at in np.flatnonzero(city == group):
        pair = pairs[np.array([at])]
        explanation = explain(SCORER, SPLIT.dataset, pair, background)
        curves = removal_curves(SCORER, SPLIT.dataset, explanation, pair, background)
        areas.append(np.mean(curves.random_deletion) - np.mean(curves.deletion))
        sizes.append(sum(abs(c.contribution) for c in explanation.contributions))
    deletion = found.faithfulness[0].of_groups[0]
    assert deletion.value == pytest.approx(sum(areas) / sum(sizes), abs=0.06)  # other random orders
    assert deletion.low > 0


def test_a_mending_changes_reasons_group_by_group():
    same = group_reasons(SCORER, SPLIT, by=("city",), base=SCORER, settings=FEW)
    assert {(c.value, c.low, c.high) for f in same.reasons for c in f.change} == {(0, 0, 0)}
    blind = random_scorer(FEATURES.without({"user.city"}))
    mended = group_reasons(SCORER, SPLIT, by=("city",), base=blind, settings=FEW)
    at = [f.name for f in mended.reasons].index("user.city")
    assert [c.value for c in mended.reasons[at].change] == [s.value for s in mended.reasons[at].of_groups]


def test_groups_that_cannot_be_compared_are_said():
    def said(cells: list | None = None, by: str = "city") -> str:
        with pytest.raises(RecLensError) as raised:
            group_reasons(SCORER, SPLIT if cells is None else with_cells("city", cells), by=(by,), settings=FEW)
        return raised.value.key

    assert said(["Ulm"] * 40) == "group_reasons.one_group"
    assert said(["Ulm"] * 39 + ["Kiel"]) == "group_reasons.one_group"
    assert said([None] * 40) == "group_reasons.one_group"
    assert said(by="brand") == "setting.choice"
    with pytest.raises(SettingError):
        replace(FEW, background=0)


def test_the_command_compares_groups(capsys, grouped_workspace):
    asked = ["explain-groups", "--workspace", str(grouped_workspace), "--by", "gender", "--background", "1"]
    assert main([*asked, "--n-users", "60", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"groups", "n", "reasons", "faithfulness", "seed", "seconds"} <= set(found)
    assert sum(found["n"]) + found["n_small"] == 60
    assert main([*asked, "--against", "first"]) == 2
