"""Distillation: the same examples and student for a seed, closer to the teacher, the adapter left alone."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features
from torch.nn import functional as F

from recsys_core.compress.distillation import (
    DistillationSet,
    DistillationSettings,
    distil,
    draw_distillation_set,
    mix_groups,
    refit_and_distil,
)
from recsys_core.compress.units import prune_structured, shrink_body
from recsys_core.models.body_inputs import body_inputs
from recsys_core.models.scorer import Pairs, Scorer

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
SCORER = random_scorer(FEATURES)
PAIRS = random_pairs(DATASET, 400)
SETTINGS = DistillationSettings(n_histories=300, n_items=10, n_sample=1500)


@pytest.fixture(scope="module")
def examples() -> DistillationSet:
    return draw_distillation_set(SCORER, PAIRS, SETTINGS)


def test_body_inputs_give_the_scores():
    items = np.stack([PAIRS.items, (PAIRS.items + 1) % DATASET.n_items], 1)
    with torch.no_grad():
        logits = SCORER.ranker(body_inputs(SCORER, PAIRS, items)).view(-1, 2).numpy()
    for column in range(2):
        expected = SCORER.score_pairs(PAIRS.users, items[:, column], PAIRS.histories)
        np.testing.assert_allclose(logits[:, column], expected, atol=1e-5)


def test_the_same_seed_gives_the_same_examples(examples):
    again = draw_distillation_set(SCORER, PAIRS, SETTINGS)
    assert torch.equal(again.inputs, examples.inputs)
    assert torch.equal(again.logits, examples.logits)
    other = draw_distillation_set(SCORER, PAIRS, DistillationSettings(n_histories=300, seed=1))
    assert not torch.equal(other.inputs, examples.inputs)


def test_examples_hold_what_the_teacher_says(examples):
    assert examples.inputs.shape == (3000, SCORER.ranker.body.first.in_features)
    with torch.no_grad():
        assert torch.equal(examples.logits, SCORER.ranker(examples.inputs))


def test_half_of_the_examples_are_real_pairs_and_half_are_mixed(examples):
    """In a real row the user's groups are one user's and the item's are one item's."""
    width = SCORER.ranker.n_user, SCORER.ranker.n_item
    whole = []
    for side, part in zip(("user", "item"), examples.inputs[:, : sum(width)].split(width, 1), strict=True):
        every = SCORER.embeddings(side, torch.arange(DATASET.n_users if side == "user" else DATASET.n_items))
        nearest = torch.cdist(part, every, compute_mode="donot_use_mm_for_euclid_dist").min(1).values
        whole.append(nearest < 1e-4)
    real = whole[0] & whole[1]
    assert real[0::2].all()
    assert 0.05 < float(real[1::2].float().mean()) < 0.5  # how many groups come from elsewhere is uniform from none


def test_mixed_rows_take_whole_groups_from_another_row():
    width, groups = SCORER.ranker.shape.width, len(SCORER.ranker.groups)
    rows = torch.arange(50.0).unsqueeze(1).expand(-1, SCORER.ranker.body.first.in_features)
    mixed = mix_groups(rows.contiguous(), SCORER.ranker, torch.Generator().manual_seed(0))
    slots = [mixed[:, i * width : (i + 1) * width] for i in range(groups)] + [mixed[:, groups * width :]]
    for slot in slots:
        assert (slot == slot[:, :1]).all()
    firsts = torch.stack([slot[:, 0] for slot in slots], 1)
    assert all(len(set(row.tolist())) <= 2 for row in firsts)  # the row itself and one other
    assert (firsts != rows[:, :1]).any(1).float().mean() > 0.5


@torch.no_grad()
@pytest.mark.parametrize("sparsity", [0.5, 0.75])
def test_a_distilled_student_is_closer_to_the_teacher(examples, sparsity):
    cut = prune_structured(SCORER.ranker, sparsity, examples.sample(1500))
    student = refit_and_distil(cut, examples, epochs=3, settings=SETTINGS)
    inputs = body_inputs(SCORER, PAIRS, PAIRS.items[:, None])
    dense, before, after = (ranker(inputs) for ranker in (SCORER.ranker, cut.ranker, student))
    assert F.mse_loss(after, dense) < F.mse_loss(before, dense) / 2
    assert student.shape == cut.ranker.shape


def test_distilling_begins_with_refitted_layers(examples):
    cut = prune_structured(SCORER.ranker, 0.75, examples.sample(1500))
    refitted = cut.refitted(examples.sample(SETTINGS.n_sample)).state_dict()
    begun = refit_and_distil(cut, examples, epochs=0, settings=SETTINGS).state_dict()
    assert all(torch.equal(begun[name], x) for name, x in refitted.items())
    assert not torch.equal(begun["head.weight"], cut.ranker.head.weight)


def test_distilling_twice_gives_the_same_student(examples):
    cut = prune_structured(SCORER.ranker, 0.5, examples.sample(1500))
    first, second = (refit_and_distil(cut, examples, epochs=1, settings=SETTINGS) for _ in range(2))
    for name, x in first.state_dict().items():
        assert torch.equal(x, second.state_dict()[name])


def test_adapter_teacher_cut_and_random_state_are_not_touched(examples):
    dense, state = copy.deepcopy(SCORER.ranker.state_dict()), torch.get_rng_state()
    cut = shrink_body(SCORER.ranker, 8, examples.sample(1500))
    before = copy.deepcopy(cut.ranker.state_dict())
    student = refit_and_distil(cut, examples, epochs=1, settings=SETTINGS)
    draw_distillation_set(SCORER, PAIRS, SETTINGS)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(x, dense[name]) for name, x in SCORER.ranker.state_dict().items())
    assert all(torch.equal(x, before[name]) for name, x in cut.ranker.state_dict().items())
    for name, x in student.adapter.state_dict().items():
        assert torch.equal(x, dense[f"adapter.{name}"])


def test_a_student_of_a_student_is_trained_as_a_whole(examples):
    """A lever after a trained one gets a frozen ranker; where it replaces nothing, nothing else could be trained."""
    cut = prune_structured(SCORER.ranker, 0.5, examples.inputs)
    begun = cut.refitted(examples.sample(SETTINGS.n_sample))
    wanted = distil(begun, examples, 1, SETTINGS).state_dict()
    found = distil(copy.deepcopy(begun).requires_grad_(False), examples, 1, SETTINGS).state_dict()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_one_row_and_no_history_are_enough():
    one = Pairs(np.array([3]), np.array([5]), np.full((1, 8), -1))
    examples = draw_distillation_set(SCORER, one, SETTINGS)
    cut = prune_structured(SCORER.ranker, 0.5, examples.sample(1500))
    student = refit_and_distil(cut, examples, epochs=1, settings=SETTINGS)
    scores = Scorer(student, FEATURES).score_pairs(one.users, one.items, one.histories)
    assert np.isfinite(scores).all()
