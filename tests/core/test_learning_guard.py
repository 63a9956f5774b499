"""The guard: what it spends, and what it says of gains that are given by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_core.learning.guard import ALPHA, Objection, Surprise, contradiction, objection, spent, too_much_change
from recsys_core.learning.holdout import N_DRAWS, Holdout, Measured, UserGroups, cross_entropy
from recsys_core.models.scorer import Pairs
from recsys_core.models.split_dataset import LabelledPairs
from recsys_core.results.learning import Gain, GroupGain


def gain(value: float, half: float = 0.001, n: int = 500) -> Gain:
    return Gain(gain=value, low=value - half, high=value + half, n_users=n, n_rows=4 * n)


def measured(overall: Gain, worst: Gain | None = None, widened: Gain | None = None) -> Measured:
    groups = () if worst is None else (GroupGain(holdout="rolling", column="user.age", group="old", gain=worst),)
    return Measured(overall, groups, widened, np.zeros(N_DRAWS))


def said(found: Objection | None) -> tuple[str, str] | None:
    return None if found is None else (found.decision, found.reason.key.removeprefix("learning."))


FINE = measured(gain(0.01))


@pytest.mark.parametrize(
    ("rolling", "anchor", "expected"),
    [
        (FINE, measured(gain(-0.002)), None),  # a trend costs a little on the anchor
        (measured(gain(0.0005)), FINE, ("refused", "no_gain")),
        (measured(gain(0.003, half=0.004)), FINE, ("refused", "unsure")),
        (measured(gain(-0.003)), FINE, ("refused", "worse")),
        (measured(gain(-0.0015)), FINE, ("refused", "worse")),
        (measured(gain(0.01), worst=gain(-0.006, half=0.005, n=90)), FINE, ("refused", "group")),
        (measured(gain(0.01), worst=gain(-0.006, half=0.02, n=25)), FINE, None),  # who can tell
        (measured(gain(0.01), worst=gain(-0.004, half=0.002)), FINE, ("refused", "group")),
        (measured(gain(0.01), widened=gain(0.007)), FINE, ("refused", "gap")),
        (FINE, measured(gain(-0.05)), ("held", "disagree")),
        (FINE, measured(gain(0.0), worst=gain(-0.05)), ("held", "disagree_group")),
        (FINE, measured(Gain(gain=None, low=None, high=None, n_users=5, n_rows=9)), ("held", "no_anchor")),
        (measured(Gain(gain=None, low=None, high=None, n_users=5, n_rows=9)), FINE, ("refused", "little")),
    ],
)
def test_what_speaks_against_a_candidate(rolling, anchor, expected):
    assert said(objection(rolling, anchor, None)) == expected


def test_too_much_change_is_refused():
    assert said(too_much_change(0.3, 0.1)) == ("refused", "churn")
    assert said(too_much_change(0.9, 0.8)) == ("refused", "drift")
    assert too_much_change(None, None) is None


def test_all_looks_together_spend_alpha():
    total = sum(3 * spent(look, 3) for look in range(1, 5000))
    assert total == pytest.approx(ALPHA, rel=1e-3)
    assert spent(2, 3) < spent(1, 3)


def test_labels_drawn_from_the_model_itself_surprise_nobody_and_flipped_ones_do():
    random = np.random.default_rng(0)
    logit = random.normal(-1, 2, 40_000)
    label = (random.random(40_000) < 1 / (1 + np.exp(-logit))).astype(float)
    users = np.arange(40_000) % 400
    groups = (UserGroups("user.region", ("east", "west"), np.arange(400) % 2),)
    honest = Surprise(users, label, logit)
    assert abs(honest.mean) < 0.02 < 0.3 < honest.at_random
    nothing = honest.of(np.zeros(0, dtype=int))
    assert contradiction(honest, nothing, groups) is None
    region = np.where(groups[0].code[users] == 0, 1 - label, label)
    few = np.where(users < 10, region, label)
    assert contradiction(Surprise(users, few, logit), nothing, groups) is None
    assert contradiction(Surprise(users, region, logit), nothing, groups).decision == "held"
    assert contradiction(Surprise(users, region, logit), Surprise(users, region, logit), groups) is None  # as before
    small = np.log(0.5) + (logit + 1) / 4  # a parent that hardly knows anything
    outcome = (random.random(40_000) < 1 / (1 + np.exp(-small))).astype(float)
    assert contradiction(Surprise(users, outcome, small), nothing, groups) is None
    assert contradiction(Surprise(users, random.permutation(outcome), small), nothing, groups).decision == "held"
    entropy = cross_entropy(1 / (1 + np.exp(-logit)), logit)
    assert honest.each == pytest.approx(cross_entropy(label, logit) - entropy)


def test_bounds_hold_as_often_as_they_say_and_groups_add_up():
    """A candidate that is the parent plus noise gains nothing that is there: one look in forty is wrong on one side."""
    random, wrong, n_users, n_each = np.random.default_rng(1), 0, 200, 5
    users = np.repeat(np.arange(n_users), n_each)
    pairs = Pairs(users, np.zeros(len(users), dtype=int), np.zeros((len(users), 1), dtype=int))
    groups = (UserGroups("user.region", ("east", "west", "tiny"), np.r_[np.arange(190) % 2, np.full(10, 2)]),)
    for seed in range(40):
        taste = np.repeat(random.normal(0, 0.5, n_users), n_each)
        label = (random.random(len(users)) < 1 / (1 + np.exp(-taste))).astype(float)
        swap = random.permutation([0.1, -0.1] * (len(users) // 2))
        holdout = Holdout("rolling", LabelledPairs(pairs, label, "logged"), taste + swap, groups, seed)
        found = holdout.measure([taste - swap], alpha=0.025)[0]
        wrong += found.overall.low > 0 or found.overall.high < 0
    assert wrong <= 7  # of 40 at 5 %: the chance of more is 1 in 1,000
    assert [(g.group, g.gain.n_users) for g in found.groups] == [("east", 95), ("west", 95), ("", 10)]
    assert found.groups[2].gain.gain is None
    by_hand = cross_entropy(label, taste + swap).mean() - cross_entropy(label, taste - swap).mean()
    assert found.overall.gain == pytest.approx(by_hand)
