"""The item-item term of task ``like``: kept where validation is sure of it, with the strength that suits it best."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from test_training import two_tastes

from recsys_core.data.features import make_features
from recsys_core.metrics import log_loss
from recsys_core.models.calibration import fit_scales, scale_head
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.labelled_term import weigh_term
from recsys_core.models.ranker import Ranker, RankerShape
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.seeds import torch_stream

SHAPE = RankerShape(width=4, attention=4, first=8, second=8)


@pytest.fixture(scope="module")
def split_dataset() -> SplitDataset:
    return SplitDataset.build(two_tastes(), task="like", kind="time", seed=0)


@pytest.fixture
def untrained(split_dataset) -> Scorer:
    """A network that knows nothing: what can be told, the term tells."""
    features = make_features(split_dataset.dataset)
    return Scorer(Ranker(features.groups, SHAPE, weights=torch_stream(0, "test")), features)


def term_of(weights: np.ndarray, alpha: float = 1.0) -> ItemItemTerm:
    return ItemItemTerm(alpha, 100.0, csr_array(weights.astype(np.float32)), len(weights))


def same_kind(n_items: int) -> np.ndarray:
    parity = np.arange(n_items) % 2
    return np.where(parity[:, None] == parity, 0.2, -0.2) * (1 - np.eye(n_items))


def test_a_term_that_tells_is_kept_and_its_strength_is_that_of_a_logistic_regression(split_dataset, untrained):
    labelled = split_dataset.labelled("validation")
    logit = evaluate_pairs(untrained, labelled).score.astype(float)
    found = weigh_term(untrained, term_of(same_kind(40), alpha=7.0), split_dataset)
    assert found.term is not None
    added = term_of(same_kind(40)).pairs(labelled.pairs.items, labelled.known)
    peer = LogisticRegression(C=1e9, tol=1e-8, max_iter=1000).fit(np.column_stack([logit, added]), labelled.label)
    assert found.term.alpha == pytest.approx(peer.coef_[0, 1], rel=0.15)  # Platt's soft targets hold it back
    assert found.strengths[1].strength == found.term.alpha
    assert found.strengths[1].figure > found.strengths[0].figure
    assert found.strengths[0].share_at_least > 0.99
    scale_head(untrained.ranker, found.scale, found.shift)
    beside = Scorer(untrained.ranker, untrained.features, term=found.term)
    loss = log_loss(labelled.label, evaluate_pairs(beside, labelled).score.astype(float))
    assert loss < -found.strengths[1].figure  # which is cross-fitted, so a little worse


@pytest.mark.parametrize(
    "weights",
    [
        np.random.default_rng(0).normal(size=(40, 40)) * (1 - np.eye(40)),
        np.zeros((40, 40)),
        -same_kind(40),  # it tells, but the wrong way round: taking speaks against
    ],
    ids=["noise", "nothing", "turned round"],
)
def test_a_term_that_tells_nothing_gets_no_weight(split_dataset, untrained, weights):
    found = weigh_term(untrained, term_of(weights), split_dataset)
    assert found.term is None
    assert found.strengths[0].share_at_least == 1


def test_a_network_that_validation_would_turn_round_does_not_hide_a_term_that_tells(split_dataset, untrained):
    labelled = split_dataset.labelled("validation")
    term, logit = term_of(same_kind(40)), evaluate_pairs(untrained, labelled).score.astype(float)
    added = term.pairs(labelled.pairs.items, labelled.known)
    scale_head(untrained.ranker, -np.sign(fit_scales(labelled.label, np.column_stack([logit, added]))[0]), 0.0)
    found = weigh_term(untrained, term, split_dataset)
    assert found.scale > 0, "never turned round"
    assert found.term is not None
    noise = np.random.default_rng(0).normal(size=(40, 40)) * (1 - np.eye(40))
    assert weigh_term(untrained, term_of(noise), split_dataset).term is None, "a shift is no merit of the term"


def test_too_few_users_give_the_term_no_weight():
    """A dozen users who clicked at random: half of them are fitted by luck."""
    split_dataset = SplitDataset.build(two_tastes(n_users=12), task="like", kind="time", seed=0)
    features = make_features(split_dataset.dataset)
    scorer = Scorer(Ranker(features.groups, SHAPE, weights=torch_stream(0, "test")), features)
    found = weigh_term(scorer, term_of(same_kind(40)), split_dataset)
    assert found.term is None
    (without,) = found.strengths
    assert np.isnan(without.share_at_least)


def test_one_outcome_gives_the_term_no_weight(untrained):
    dataset = two_tastes()
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=0)
    dataset.interactions.loc[split_dataset.split.validation, "value"] = 1.0
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=0)
    found = weigh_term(untrained, term_of(same_kind(40)), split_dataset)
    assert (found.scale, found.shift, found.term) == (1, 0, None)


def test_weights_of_two_inputs_are_those_of_a_logistic_regression():
    random = np.random.default_rng(0)
    inputs = random.normal(size=(4000, 2))
    label = (random.random(4000) < 1 / (1 + np.exp(-(2 * inputs[:, 0] - inputs[:, 1] + 0.5)))).astype(float)
    peer = LogisticRegression(C=1e9, tol=1e-10, max_iter=1000).fit(inputs, label)
    np.testing.assert_allclose(fit_scales(label, inputs), [*peer.coef_[0], peer.intercept_[0]], atol=0.01)
