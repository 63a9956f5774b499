"""Every explanation method on one pair: against closed forms, second implementations and each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features
from torch import nn

from recsys_core.errors import SettingError
from recsys_core.explain.explain import explain
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.gradients import GradientNetwork
from recsys_core.explain.methods.shap import shap_attribution
from recsys_core.explain.shapley import exact_shapley, solve
from recsys_core.models.body_inputs import body_inputs
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.variant import ModelVariant

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
SCORER = random_scorer(FEATURES)
PAIRS = random_pairs(DATASET, 12, seed=1)
BACKGROUND = random_pairs(DATASET, 7, seed=2)
PAIR = Pairs(np.array([2]), np.array([4]), np.array([[7, 3, 9, -1, -1]]))


def contributions(
    method: str, scorer: Scorer = SCORER, pair: Pairs = PAIR, background: Pairs = BACKGROUND
) -> np.ndarray:
    found = explain(scorer, DATASET, pair, background, method=method)
    return np.array([c.contribution for c in found.contributions])


def linear_scorer() -> Scorer:
    """Every unit always on, the history without weight: the logit is linear in the group embeddings."""
    scorer = random_scorer(FEATURES, seed=3)
    ranker = scorer.ranker
    with torch.no_grad():
        ranker.body.first.bias.fill_(200.0)
        ranker.body.second.weight.mul_(0.1)
        ranker.body.second.bias.fill_(500.0)
        ranker.split_first()[2].zero_()
    return Scorer(ranker, FEATURES)


def linear_contributions(scorer: Scorer, pair: Pairs, background: Pairs) -> np.ndarray:
    """``w (x - mean b)`` for each group, 0 for the history; players hold it between the sides."""
    ranker = scorer.ranker
    with torch.inference_mode():
        change = (body_inputs(scorer, pair) - body_inputs(scorer, background)).double().mean(0)
        slope = ranker.head.weight[0].double() @ ranker.body.second.weight.double() @ ranker.body.first.weight.double()
        parts = (slope * change)[: len(FEATURES.groups) * ranker.shape.width].view(len(FEATURES.groups), -1).sum(1)
    n_user = len(FEATURES.side("user"))
    return np.concatenate([parts[:n_user], [0.0], parts[n_user:]])


@pytest.mark.parametrize("method", ["shapley", "shap", "deeplift", "ig"])
def test_linear_model_closed_form(method):
    scorer = linear_scorer()
    expected = linear_contributions(scorer, PAIR, BACKGROUND)
    assert np.ptp(expected) > 0.1
    assert contributions(method, scorer) == pytest.approx(expected, abs=2e-3)


def test_lime_fits_a_linear_model_up_to_its_ridge():
    scorer = linear_scorer()
    found = explain(scorer, DATASET, PAIR, BACKGROUND, method="lime")
    assert found.fit > 0.999
    expected = linear_contributions(scorer, PAIR, BACKGROUND)
    assert contributions("lime", scorer) == pytest.approx(expected, abs=0.05 * np.abs(expected).max())


@pytest.mark.parametrize("which", range(4))
def test_equals_shap_on_several_backgrounds(which):
    background = random_pairs(DATASET, 1 + 3 * which, seed=20 + which)
    pair = PAIRS[which : which + 1]
    assert contributions("shapley", SCORER, pair, background) == pytest.approx(
        contributions("shap", SCORER, pair, background), abs=1e-5
    )


def test_items_and_groups_side_by_side_equal_shap():
    theirs = explain(SCORER, DATASET, PAIR, BACKGROUND, method="shap", history="each")
    ours = solve(FactorisedGames(SCORER, PAIR, BACKGROUND, history="each"))
    assert theirs.history == "each"
    assert [c.contribution for c in theirs.contributions] == pytest.approx(ours.contributions[0], abs=1e-5)
    assert theirs.base_value == pytest.approx(ours.base_values[0], abs=1e-6)


def test_one_score_everywhere_and_whose_it_is():
    found = explain(SCORER, DATASET, PAIR, BACKGROUND, seed=5)
    in_list = SCORER.score_catalogue(PAIR.users, PAIR.histories)[0, PAIR.items[0]]
    assert found.score == pytest.approx(in_list, abs=1e-5)
    assert (found.user_id, found.item_id, found.title) == ("u2", "i4", "Thing number 4")
    assert (found.background, found.seed, found.fit) == (7, 5, None)
    assert found.seconds > 0


def test_lime_gap_is_the_surrogates_and_its_base_is_not_the_backgrounds():
    found = explain(SCORER, DATASET, PAIR, BACKGROUND, method="lime")
    exact = explain(SCORER, DATASET, PAIR, BACKGROUND)
    assert abs(found.completeness_gap) > 1e-4
    assert abs(found.base_value - exact.base_value) > 1e-4
    assert 0.5 < found.fit < 1
    assert not found.exact
    assert exact.exact


def test_lime_fit_is_the_weighted_share_of_variance():
    """The ridge refitted by hand on draws of our own: close to the library's figure."""
    found = explain(SCORER, DATASET, PAIR, BACKGROUND, method="lime")
    games = FactorisedGames(SCORER, PAIR, BACKGROUND)
    n_players = len(games.players)
    masks = np.random.default_rng(0).random((1000, n_players)) < 0.5
    values = games.mean_values(masks)
    weight = np.exp(-(~masks).sum(1) / (0.75**2 * n_players)) ** 0.5  # lime's kernel: root of the Gaussian
    design = np.column_stack([np.ones(len(masks)), masks]) * np.sqrt(weight)[:, None]
    solved = np.linalg.solve(design.T @ design + np.diag([0] + [1] * n_players), design.T @ (values * np.sqrt(weight)))
    left = values - solved[0] - masks @ solved[1:]
    mean = np.average(values, weights=weight)
    share = 1 - np.average(left**2, weights=weight) / np.average((values - mean) ** 2, weights=weight)
    assert found.fit == pytest.approx(share, abs=0.03)
    assert contributions("lime") == pytest.approx(solved[1:], abs=0.1)


def test_lime_is_seeded_and_leaves_the_global_generator_alone():
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    first, again, other = (
        [c.contribution for c in explain(SCORER, DATASET, PAIR, BACKGROUND, method="lime", seed=s).contributions]
        for s in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert (np.random.get_state()[1] == before).all()


def test_ig_equals_a_riemann_sum():
    """Mean gradient at 4,000 midpoints of the straight line, times the change (Sundararajan et al. 2017, eq. 3)."""
    ranker, example, rows = SCORER.ranker, body_inputs(SCORER, PAIR), body_inputs(SCORER, BACKGROUND)
    total = torch.zeros(example.shape[1], dtype=torch.float64)
    for row in rows:
        share = ((torch.arange(4000) + 0.5) / 4000).unsqueeze(1)
        points = (row + share * (example - row)).requires_grad_()
        slope = torch.autograd.grad(ranker(points).sum(), points)[0].double().mean(0)
        total += slope * (example[0] - row).double() / len(rows)
    assert contributions("ig") == pytest.approx(by_player(total), abs=5e-3)


def test_deeplift_equals_the_rescale_rule():
    """Each ReLU passes its change out over its change in (Shrikumar et al. 2017, section 3.5.1)."""
    body, head = SCORER.ranker.body, SCORER.ranker.head
    total = torch.zeros(body.first.in_features, dtype=torch.float64)
    with torch.no_grad():
        example, rows = body_inputs(SCORER, PAIR), body_inputs(SCORER, BACKGROUND)
        for row in rows:
            first = body.first(example[0]), body.first(row)
            second = tuple(body.second(torch.relu(f)) for f in first)
            rates = [(torch.relu(a) - torch.relu(b)) / (a - b) for a, b in (first, second)]
            slope = ((head.weight[0] * rates[1]) @ body.second.weight * rates[0]) @ body.first.weight
            total += (slope * (example[0] - row)).double() / len(rows)
    assert contributions("deeplift") == pytest.approx(by_player(total), abs=1e-4)


def by_player(parts: torch.Tensor) -> np.ndarray:
    n_user, n_groups, width = len(FEATURES.side("user")), len(FEATURES.groups), SCORER.ranker.shape.width
    sums = [float(parts[g * width : (g + 1) * width].sum()) for g in range(n_groups)]
    return np.array([*sums[:n_user], float(parts[n_groups * width :].sum()), *sums[n_user:]])


def test_gradient_methods_work_on_a_copy_of_the_shared_network():
    """Captum hangs hooks on modules while it works, and other sessions score with the same network meanwhile."""
    assert not set(GradientNetwork(SCORER.ranker, nn.Identity()).modules()) & set(SCORER.ranker.modules())
    explain(SCORER, DATASET, PAIR, BACKGROUND, method="deeplift")
    for module in SCORER.ranker.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._backward_hooks
    assert all(weights.requires_grad for weights in SCORER.ranker.parameters())


def test_values_are_raw_and_in_player_order():
    found = explain(SCORER, DATASET, PAIR, BACKGROUND)
    assert tuple(c.feature for c in found.contributions) == tuple(p.key for p in FEATURES.players)
    values = {c.feature: c.value for c in found.contributions}
    assert values["user_id"] == "u2"
    assert values["user.age"] == DATASET.users["age"][2]
    assert values["item.price"] == DATASET.items["price"][4]
    assert values["item.genres"] == DATASET.items["genres"][4]
    assert values["history"] == 3
    assert values["item.title"] == "Thing number 4"
    units = {c.feature: c.unit for c in found.contributions}
    assert {k: u for k, u in units.items() if u} == {"history": "items", "item.price": "€"}
    each = explain(SCORER, DATASET, PAIR, BACKGROUND, history="each")
    past = [(c.feature, c.value) for c in each.contributions if c.feature.startswith("history")]
    assert past == [(f"history:i{i}", f"Thing number {i}") for i in (7, 3, 9)]


class TestManyPlayers:
    """16 players: shap's permutation explainer beside our sampling, both with an error."""

    DATASET = tiny_dataset(extra=3)
    SCORER = random_scorer(tiny_features(DATASET), seed=4)
    PAIR = random_pairs(DATASET, 1, seed=8)
    ROWS = random_pairs(DATASET, 2, seed=9)

    def test_both_are_within_their_errors_of_the_exact_values(self):
        games = FactorisedGames(self.SCORER, self.PAIR, self.ROWS)
        masks_of = exact_shapley(games.mean_values(np.array([[c == "1" for c in f"{i:016b}"] for i in range(2**16)])))
        for method in ("shapley", "shap"):
            found = explain(self.SCORER, self.DATASET, self.PAIR, self.ROWS, method=method)
            errors = np.array([c.standard_error for c in found.contributions])
            values = np.array([c.contribution for c in found.contributions])
            assert (np.abs(values - masks_of) <= 4 * errors + 1e-5).all()
            assert not found.exact
            assert found.standard_error == errors.max() > 0
            assert abs(found.completeness_gap) < 1e-4

    def test_shap_is_seeded_and_leaves_the_global_generator_alone(self):
        np.random.seed(3)
        before = np.random.get_state()[1].copy()
        first, again = (
            shap_attribution(FactorisedGames(self.SCORER, self.PAIR, self.ROWS), seed=1, rounds=4).contributions
            for _ in range(2)
        )
        assert (first == again).all()
        assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize(
    ("scorer", "settings", "key"),
    [
        (SCORER, {"method": "magic"}, "setting.choice"),
        (SCORER, {"history": "all"}, "setting.choice"),
        (SCORER, {"method": "deeplift", "history": "each"}, "explain.method_each"),
        (SCORER, {"method": "ig", "history": "each"}, "explain.method_each"),
        (
            Scorer(SCORER.ranker, FEATURES, variant=ModelVariant.compressed(bits=8)),
            {"method": "ig"},
            "explain.method_quantised",
        ),
        (
            Scorer(SCORER.ranker, FEATURES, variant=ModelVariant.compressed(bits=4)),
            {"method": "deeplift"},
            "explain.method_quantised",
        ),
    ],
)
def test_refusals(scorer, settings, key):
    with pytest.raises(SettingError) as caught:
        explain(scorer, DATASET, PAIR, BACKGROUND, **settings)
    assert caught.value.key == key


def test_takes_one_pair():
    with pytest.raises(ValueError, match="one pair, got 12"):
        explain(SCORER, DATASET, PAIRS, BACKGROUND)
