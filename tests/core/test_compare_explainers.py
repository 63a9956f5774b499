"""Comparison of explainers on small workspaces: every method between floor and ceiling, by group, there and back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from recsys_core.__main__ import main
from recsys_core.compare.explainer_groups import group_gaps, method_groups
from recsys_core.compare.explainer_rows import UserFigures, method_rows
from recsys_core.compare.explainers import ComparisonSettings, compare_explainers
from recsys_core.compress.variants import VariantCache
from recsys_core.data.segments import Segment, SegmentStore
from recsys_core.errors import RecLensError, SettingError
from recsys_core.explain.methods import METHODS
from recsys_core.models.workspace import open_model
from recsys_core.results import Group
from recsys_core.results.method_comparison import OF_HISTORY, RANDOM, SEARCH, MethodComparison
from recsys_core.variant import Compression


@pytest.fixture(scope="module")
def compared(term_workspace) -> MethodComparison:
    model = open_model(term_workspace)
    settings = ComparisonSettings(n_users=4, background=2, by=("user.gender",), least_size=2)
    return compare_explainers(model.dense, model.split_dataset, settings)


def test_every_method_stands_between_floor_and_ceiling(compared):
    assert [row.method for row in compared.rows] == [RANDOM, *METHODS, *OF_HISTORY, SEARCH]
    floor, ceiling = compared.row(RANDOM).figures, compared.row(SEARCH).figures
    assert compared.n_users == compared.n_exact == 4
    for method in METHODS:
        own = compared.row(method).figures
        assert ceiling["deletion"].value <= own["deletion"].value + 1e-6
        assert ceiling["insertion"].value >= own["insertion"].value - 1e-6
        assert own["deletion"].value < floor["deletion"].value  # also after two epochs: they know the model
        assert own["insertion"].value > floor["insertion"].value
        assert own["deletion"].low <= own["deletion"].value <= own["deletion"].high
        assert own["seconds"].value > 0
        assert 0 <= own["sparsity"].value < 1
        assert (own["pos@20"] is None) == (not METHODS[method].per_item_history)
        assert own["truth"].n == 4
    for method in OF_HISTORY:
        own = compared.row(method).figures
        assert {name for name, figure in own.items() if figure} >= {"pos@20", "neg@20", "seconds"}
        assert own["deletion"] is None
    assert (floor["deletion_share"].value, ceiling["deletion_share"].value) == (0, 1)


def test_exact_shapley_values_are_those_of_the_library(compared):
    ours, theirs = (compared.row(name).figures for name in ("shapley", "shap"))
    for measure in ("deletion", "insertion", "sparsity", "truth", "randomisation"):
        assert ours[measure].value == pytest.approx(theirs[measure].value, abs=1e-3)


def test_groups_below_the_least_size_keep_their_name_and_size_only(compared):
    assert sum(g.n for g in compared.groups) == compared.n_users
    for group in compared.groups:
        assert group.suppressed == (group.n < 2) == (not group.rows)
    assert all(gap.low <= gap.difference <= gap.high for gap in compared.gaps)


def test_a_segment_is_a_group_beside_all_others(tiny_workspace, tmp_path, capsys):
    workspace = Path(shutil.copytree(tiny_workspace, tmp_path / "tiny"))
    dataset = open_model(workspace).dataset
    name = "=, <b>"
    SegmentStore(workspace).save(Segment(name, users=tuple(dataset.users["user_id"][: dataset.n_users // 2])))
    about = ["compare-explainers", "--workspace", str(workspace), "--background", "1", "--n-users", "2", "--json"]
    assert main([*about, "--by", f"segment:{name}"]) == 0
    assert sum(group["n"] for group in json.loads(capsys.readouterr().out)["groups"]) == 2
    assert main([*about, "--by", "segment:gone"]) == 2
    assert "no segment 'gone'" in capsys.readouterr().err


def test_it_comes_back_from_json(compared):
    written = json.loads(json.dumps(compared.to_json(), allow_nan=False))
    again = MethodComparison.from_json(written)
    assert json.loads(json.dumps(again.to_json())) == written
    assert again.groups[0].group == compared.groups[0].group


def test_one_seed_one_answer_and_another_seed_other_users(tiny_workspace):
    model = open_model(tiny_workspace)

    def without_seconds(seed: int) -> list[dict]:
        settings = ComparisonSettings(2, background=2, seed=seed, methods=("occlusion",))
        found = compare_explainers(model.dense, model.split_dataset, settings)
        assert [row.method for row in found.rows] == [RANDOM, "occlusion", SEARCH]
        return [{k: v for k, v in row.to_json().items() if "seconds" not in k} for row in found.rows]

    first = without_seconds(0)
    assert first == without_seconds(0)
    assert first != without_seconds(1)


def test_bad_settings_are_refused_before_anything_is_computed(tiny_workspace):
    with pytest.raises(SettingError, match="n_users"):
        ComparisonSettings(n_users=0)
    with pytest.raises(SettingError, match="shapley"):
        ComparisonSettings(methods=("guess",))
    model = open_model(tiny_workspace)
    for by in (("item.category",), ("user.shoe_size",)):
        with pytest.raises(RecLensError):
            compare_explainers(model.dense, model.split_dataset, ComparisonSettings(by=by))


def test_a_variant_without_gradients_says_so(tiny_workspace):
    model = open_model(tiny_workspace)
    scorer = VariantCache(model).scorer(Compression(bits=8))
    found = compare_explainers(scorer, model.split_dataset, ComparisonSettings(1, background=2, methods=("ig", "lime")))
    row = found.row("ig")
    assert row.unavailable.key == "explain.method_quantised"
    assert set(row.figures.values()) == {None}
    assert found.row("lime").figures["deletion"] is not None
    assert MethodComparison.from_json(found.to_json()).row("ig").unavailable == row.unavailable


def test_a_planted_difference_between_groups_is_found_and_equal_ones_are_not():
    """Shapley's order reaches all of what is possible for the first group, a tenth of it for the second."""
    rng, n = np.random.default_rng(0), 60
    code = np.arange(n) % 2
    possible = rng.uniform(1, 3, n)
    found = []
    for user in range(n):
        floor = {"deletion": -1.0}
        reached = {"shapley": 0.9 if code[user] == 0 else 0.1, "lime": 0.5 + 0.1 * rng.normal()}
        row = {name: {"deletion": -1.0 - share * possible[user]} for name, share in reached.items()}
        found.append({RANDOM: floor, **row, SEARCH: {"deletion": -1.0 - possible[user]}})
    every = UserFigures.of(found, seed=0)
    groups = (Group("value", "a"), Group("value", "b"))
    gaps = {g.method: g for g in group_gaps(every, groups, code, least_size=20)}
    assert gaps["shapley"].difference == pytest.approx(0.8, abs=1e-9)
    assert (gaps["shapley"].worst.value, gaps["shapley"].best.value) == ("b", "a")
    assert not gaps["shapley"].within_noise
    assert abs(gaps["lime"].difference) < 0.1
    rows = {r.method: r for r in method_groups(every, groups, code, least_size=20)[0].rows}
    assert rows["shapley"].figures["deletion_share"].value == pytest.approx(0.9)
    assert "ig" not in rows  # was not asked
    assert not group_gaps(every, groups, code, least_size=31)
    assert method_rows(every, {})[0].figures["deletion"].value == -1
