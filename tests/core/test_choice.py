"""What validation decides: calibration, which ids a ranker reads, the epoch that is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from test_training import two_tastes

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import make_features
from recsys_core.metrics import log_loss
from recsys_core.models.calibration import calibrate, platt_scaling
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.model_selection import choose, options
from recsys_core.models.ranker import Ranker, RankerShape
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.training import TrainingSettings, train_ranker
from recsys_core.models.training_defaults import default_settings


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(-60, 60)), min_size=1, max_size=30))
def test_calibration_never_raises_log_loss_nor_turns_the_order(pairs):
    label = np.array([float(taken) for taken, _ in pairs])
    logit = np.array([z for _, z in pairs])
    scale, shift = platt_scaling(label, logit)
    assert scale > 0
    assert log_loss(label, scale * logit + shift) <= log_loss(label, logit)


@pytest.mark.parametrize(
    ("label", "logit"),
    [
        ([1, 1, 1], [0.5, -1, 2]),  # one outcome: it would promise certainty
        ([0, 0], [3, 4]),
        ([], []),
        ([1, 0], [-1, 1]),  # only a turned ranking would be better
        ([1, 0], [np.nan, 1]),
    ],
)
def test_calibration_is_left_out_where_it_cannot_be_told(label, logit):
    assert platt_scaling(np.array(label, dtype=float), np.array(logit, dtype=float)) == (1.0, 0.0)


def test_few_pairs_that_are_told_apart_do_not_make_a_model_certain():
    """Plain maximum likelihood would scale without end; Platt's targets end at 3 of 4 and 1 of 4."""
    scale, shift = platt_scaling(np.array([1.0, 1, 0, 0]), np.array([0.1, 0.1, -0.1, -0.1]))
    assert (scale * 0.1 + shift, -scale * 0.1 + shift) == pytest.approx((np.log(3), -np.log(3)), abs=1e-3)


def test_calibration_that_would_raise_the_loss_is_left_out():
    """Sure and right pairs: Platt's soft targets alone would pull them back to 1 of 4."""
    label, logit = np.array([1.0, 1, 0, 0]), np.array([5.0, 5, -5, -5])
    assert platt_scaling(label, logit) == (1.0, 0.0)


def test_the_scaling_is_folded_into_the_head():
    ranker = Ranker(make_features(two_tastes(n_users=4)).groups, RankerShape(width=4, attention=4, first=8, second=8))
    inputs = 30 * torch.randn(400, ranker.body.first.in_features, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ranker.eval().head.weight.normal_(generator=torch.Generator().manual_seed(1))
        before = ranker(inputs).numpy()
        chance = 1 / (1 + np.exp(-(3 * before + 1)))
        label = (np.random.default_rng(0).random(400) < chance).astype(float)
        scale, shift = platt_scaling(label, before)
        calibrate(ranker, label, before)
        np.testing.assert_allclose(ranker(inputs).numpy(), scale * before + shift, atol=1e-5)
    assert abs(scale - 1) > 0.2


def test_the_chosen_ranker_is_calibrated_on_validation():
    dataset = two_tastes()
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=0)
    features = make_features(dataset)
    labelled = split_dataset.labelled("validation")

    def scaling(ranker, features) -> tuple[float, float]:
        return platt_scaling(labelled.label, evaluate_pairs(Scorer(ranker, features), labelled).score)

    chosen = choose(features, split_dataset, default_settings(split_dataset, seed=0, epochs=1))
    kept = chosen.features
    plain = train_ranker(kept, split_dataset, chosen.trained.settings, validate=lambda ranker: 0.0).ranker
    assert abs(scaling(plain, kept)[0] - 1) > 0.2, "one epoch leaves something to calibrate"
    assert scaling(chosen.trained.ranker, kept) == pytest.approx((1, 0), abs=0.02)


def liked_by_id(n_users: int = 60, n_items: int = 30) -> Dataset:
    """Every second item is liked by nearly everybody, and no column says which."""
    dataset = two_tastes(n_users=n_users, n_items=n_items)
    log = dataset.interactions.copy()
    flip = np.random.default_rng(1).random(len(log)) < 0.05
    log["value"] = ((log["item_index"] % 4 < 2) ^ flip).astype(np.float32)
    return replace(dataset, interactions=log)


@pytest.mark.parametrize(("dataset", "with_ids"), [(liked_by_id(), True), (two_tastes(outcome="click"), False)])
def test_validation_chooses_the_better_option(dataset, with_ids):
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=0)
    chosen = choose(make_features(dataset), split_dataset, default_settings(split_dataset, seed=0, epochs=4))
    assert (chosen.choice.chosen == "with ids") == with_ids
    assert any(g.kind == "id" for g in chosen.features.groups) == with_ids


def test_without_a_validation_figure_the_last_epoch_is_kept():
    dataset = two_tastes(n_users=10)
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=0)
    settings = TrainingSettings(epochs=3, patience=1, batch_size=64)
    trained = train_ranker(make_features(dataset), split_dataset, settings, validate=lambda ranker: float("nan"))
    assert (trained.best.epoch, len(trained.log)) == (3, 3)


def test_a_training_that_came_apart_is_not_kept():
    dataset = two_tastes(n_users=10)
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=0)
    figures = iter([0.5, float("nan"), float("nan")])
    settings = TrainingSettings(epochs=3, patience=9, batch_size=64)
    trained = train_ranker(make_features(dataset), split_dataset, settings, validate=lambda ranker: next(figures))
    assert trained.best.epoch == 1


def test_the_simplest_option_stands_first_and_the_term_is_tried_with_and_without():
    features = make_features(two_tastes(n_users=4))
    ids_alone = features.without({g.key for g in features.groups if g.side == "item" and g.kind != "id"})

    def names(*args, **settings) -> list[str]:
        return [option.name for option in options(*args, **settings)]

    assert names("like", features) == ["without ids", "with ids"]
    assert names("implicit", features) == ["without ids", "item id only"]
    assert names("implicit", features, has_term=True) == ["without ids", "term and item id", "term without ids"]
    assert names("like", ids_alone) == ["with ids"]
    assert names("implicit", ids_alone, has_term=True) == ["item id only", "term and item id"]


def test_a_term_that_tells_takes_part_in_training_and_is_calibrated_with_the_network():
    dataset = two_tastes(outcome="taken")
    split_dataset = SplitDataset.build(dataset, task="implicit", kind="time", seed=0)
    parity = np.arange(40) % 2
    weights = (0.1 * (parity[:, None] == parity) * (1 - np.eye(40))).astype(np.float32)
    term = ItemItemTerm(1.0, 100.0, csr_array(weights), 40)
    defaults = default_settings(split_dataset, seed=0, epochs=4)
    chosen = choose(make_features(dataset), split_dataset, defaults, term=term)
    assert [option.name for option in chosen.choice.tried] == ["without ids", "term and item id", "term without ids"]
    assert chosen.choice.likelihood is not None
    assert chosen.choice.likelihood.alpha > 0
    assert (chosen.term is not None) == chosen.choice.chosen.startswith("term")
    labelled = split_dataset.labelled("validation")
    assert platt_scaling(labelled.label, evaluate_pairs(chosen.scorer, labelled).score) == pytest.approx(
        (1, 0), abs=0.02
    )
    short = choose(make_features(dataset), split_dataset, replace(defaults, epochs=1), term=term)
    assert (short.choice.chosen, short.choice.tried) == ("term and item id", ()), "no race, but likelihood"


def test_a_term_that_tells_nothing_is_not_tried():
    dataset = two_tastes(outcome="taken")
    split_dataset = SplitDataset.build(dataset, task="implicit", kind="time", seed=0)
    nothing = ItemItemTerm(1.0, 100.0, csr_array((40, 40), dtype=np.float32), 40)
    chosen = choose(
        make_features(dataset), split_dataset, default_settings(split_dataset, seed=0, epochs=2), term=nothing
    )
    assert chosen.term is None
    assert chosen.choice.likelihood is not None
    assert chosen.choice.likelihood.alpha == 0
    assert [option.name for option in chosen.choice.tried] == ["without ids", "item id only"]
