"""One reason taken away: against the plain forward, coalition by coalition."""

from __future__ import annotations

import numpy as np
import pytest
from explain_model import plain_value, random_pairs, random_scorer, tiny_dataset, tiny_features

from recsys_core.explain.explain import explain
from recsys_core.metrics import probability
from recsys_core.models.scorer import Pairs

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
SCORER = random_scorer(FEATURES)
BACKGROUND = random_pairs(DATASET, 7, seed=2)
PAIR = Pairs(np.array([2]), np.array([4]), np.array([[7, 3, 9, -1, -1]]))


def plainly_without(background: Pairs) -> np.ndarray:
    """Logits ``(n_rows, n_players)`` by the ranker's plain forward, one coalition at a time."""
    players = {p.key for p in FEATURES.players}
    rows = [background[i : i + 1] for i in range(len(background))]
    return np.array([[plain_value(SCORER, PAIR, row, players - {p.key}) for p in FEATURES.players] for row in rows])


@pytest.mark.parametrize("method", ["shapley", "lime", "deeplift", "occlusion"])
def test_probability_without_is_the_models_whatever_the_method(method):
    """A row twice counts twice; the mean is over probabilities."""
    background = BACKGROUND[np.array([0, 1, 2, 3, 4, 5, 6, 6])]
    found = explain(SCORER, DATASET, PAIR, background, method=method)
    expected = (1 / (1 + np.exp(-plainly_without(background)))).mean(0)
    shown = np.array([c.probability_without for c in found.contributions])
    assert shown == pytest.approx(expected, abs=1e-6)
    if method == "shapley":
        additive = [probability(found.score - c.contribution) for c in found.contributions]
        assert np.abs(shown - additive).max() > 0.01, "the additive shortcut is another number"


@pytest.mark.parametrize("row", range(4))
def test_against_one_row_it_is_the_score_less_the_occlusion(row):
    found = explain(SCORER, DATASET, PAIR, BACKGROUND[row : row + 1], method="occlusion")
    other = explain(SCORER, DATASET, PAIR, BACKGROUND[row : row + 1], method="shapley")
    for ours, same in zip(found.contributions, other.contributions, strict=True):
        assert ours.probability_without == pytest.approx(probability(found.score - ours.contribution), abs=1e-6)
        assert same.probability_without == ours.probability_without


def test_occlusion_is_the_mean_loss_of_score_and_owns_up_to_its_gap():
    found = explain(SCORER, DATASET, PAIR, BACKGROUND, method="occlusion")
    values = np.array([c.contribution for c in found.contributions])
    assert values == pytest.approx(found.score - plainly_without(BACKGROUND).mean(0), abs=2e-5)
    rows = SCORER.score_pairs(BACKGROUND.users, BACKGROUND.items, BACKGROUND.histories)
    assert found.base_value == pytest.approx(rows.mean(), abs=1e-5)
    assert abs(found.completeness_gap) > 0.01, "reasons that work together are counted twice or not at all"
    assert not found.exact
    assert found.standard_error is None


def test_a_reason_that_equals_the_backgrounds_changes_nothing():
    background = Pairs(PAIR.users, BACKGROUND.items[:1], BACKGROUND.histories[:1])
    found = explain(SCORER, DATASET, PAIR, background, method="occlusion")
    for reason in found.contributions:
        if reason.feature.startswith("user"):
            assert reason.contribution == pytest.approx(0, abs=1e-6)
            assert reason.probability_without == pytest.approx(found.probability, abs=1e-6)
