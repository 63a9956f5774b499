"""How far an explanation can be believed: every figure beside the plain way to it, and what it does at the edges."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from recsys_core.explain.agreement import compare_explanations
from recsys_core.explain.backgrounds import AVERAGE, BackgroundChoice, make_background
from recsys_core.explain.explain import explain
from recsys_core.explain.methods import METHODS
from recsys_core.explain.small_changes import SHARE_OF_RANGE, Asked, contributions_of, small_changes, stays, strongest
from recsys_core.explain.trust import examine
from recsys_core.models.scorer import Scorer
from recsys_core.models.workspace import open_model
from recsys_core.recommend import user_pairs
from recsys_core.results.trust import Trust
from recsys_core.variant import ModelVariant
from recsys_core.what_if.edits import SetColumn, TakeOffItem
from recsys_core.what_if.situation import situation_of, with_edits


@pytest.fixture(scope="module")
def model(term_workspace):
    return open_model(term_workspace, "")


def asked_of(model, user: int = 3, item: int = 7, *, scorer: Scorer | None = None, choice=AVERAGE, n: int = 2) -> Asked:
    split = model.split_dataset
    pair = user_pairs(split, user, np.array([item]))
    background = make_background(choice, split, pair, n=n, seed=0)
    return Asked(model.dense if scorer is None else scorer, split, pair, background, choice)


def examined(asked: Asked, **how) -> tuple[Trust, object]:
    found = explain(asked.scorer, asked.split_dataset.dataset, asked.pair, asked.background, **how)
    return examine(asked, found), found


def score_of(scorer: Scorer, pair) -> float:
    return float(scorer.score_pairs(pair.users, pair.items, pair.histories, pair.known)[0])


@pytest.mark.parametrize("units", ["logit", "probability"])
def test_the_figures_are_those_of_the_parts(model, units):
    asked = asked_of(model)
    trust, found = examined(asked, units=units)
    assert (trust.completeness_gap, trust.exact, trust.units) == (found.completeness_gap, True, units)
    assert {a.method for a in trust.agreements} == set(METHODS) - {"shapley"}
    for row in trust.agreements:
        other = explain(asked.scorer, model.dataset, asked.pair, asked.background, method=row.method, units=units)
        plain = compare_explanations(found, other)
        assert (row.rank_correlation, row.top_3_overlap, row.same_signs) == pytest.approx(
            (plain.rank_correlation, plain.top_3_overlap, plain.same_signs), nan_ok=True
        )
    curves, n = trust.removal, trust.n_removed
    assert n == min(3, sum(c.contribution > 0 for c in found.contributions))
    assert curves.deletion[0] == curves.insertion[-1] == pytest.approx(found.score, abs=1e-5)
    assert curves.deletion[-1] == curves.insertion[0] == pytest.approx(found.base_value, abs=1e-5)
    assert curves.random_deletion[0] == pytest.approx(found.score, abs=1e-5)
    assert (curves.random_insertion == curves.random_deletion[::-1]).all()
    raw = json.loads(json.dumps(trust.to_json(), allow_nan=False))
    assert raw["removal"]["drop"] == pytest.approx(curves.deletion[0] - curves.deletion[n])
    assert raw["removal"]["n_removed"] == n
    assert raw["n_changes"] == sum(of["n"] for of in raw["stability"])


def test_small_changes_are_the_what_ifs(model):
    """A moved number and a dropped item give the score that the edited situation gives."""
    split, data = model.split_dataset, model.dataset
    user = int(np.argmax(np.bincount(split.histories.user[split.split.train])))
    asked, situation = asked_of(model, user), situation_of(model.dense, split, user, 7)
    own = score_of(asked.scorer, asked.pair)
    newest = asked.pair.histories[0][0]
    seen = dict.fromkeys(("numbers", "history", "background"), 0)
    for change in small_changes(asked):
        seen[change.kind] += 1
        if change.kind == "numbers":
            group = next(g for g in model.dense.features.groups if g.key == change.what)
            table, row = (data.users, user) if group.side == "user" else (data.items, 7)
            cells = table[group.player.column].astype(float)
            wide = cells.max() - cells.min()
            scores = [
                score_of_situation(situation, split, SetColumn(group.player, float(cells.iloc[row] + step)))
                for step in (SHARE_OF_RANGE * wide, -SHARE_OF_RANGE * wide)
            ]
            assert min(abs(score_of(change.asked.scorer, asked.pair) - s) for s in scores) < 1e-5
            assert score_of(asked.scorer, asked.pair) == own, "the model itself is not changed"
        elif change.kind == "history":
            item = data.item_index(change.what)
            assert item != newest
            edited = score_of_situation(situation, split, TakeOffItem(item, change.what))
            assert score_of(asked.scorer, change.asked.pair) == pytest.approx(edited, abs=1e-5)
        else:
            assert len(change.asked.background) == len(asked.background)
    assert min(seen.values()) >= 2


def score_of_situation(situation, split, edit) -> float:
    edited = with_edits(situation, [edit])
    return score_of(edited.scorer, edited.pair)


def test_what_stays_is_counted_by_explaining_every_change(model):
    asked = asked_of(model)
    trust, found = examined(asked)
    kept = {}
    for change in small_changes(asked):
        other = explain(change.asked.scorer, model.dataset, change.asked.pair, change.asked.background)
        kept.setdefault(change.kind, []).append(stays(contributions_of(found), contributions_of(other)))
    assert {of.kind: (of.n, of.n_kept) for of in trust.stability} == {k: (len(v), sum(v)) for k, v in kept.items()}
    every = [x for v in kept.values() for x in v]
    assert trust.share_kept == pytest.approx(sum(every) / len(every))
    assert 0 < trust.n_changes == len(every)


def test_strongest_and_stays_by_hand():
    assert strongest(np.array([0.1, -3.0, 2.0, 1.0, 0.5])).tolist() == [1, 2, 3]
    assert strongest(np.array([5.0])).tolist() == [0], "a single reason"
    assert strongest(np.array([5.0, 4.0, 3.0])).tolist() == [0, 1], (
        "all of them would be the strongest whatever happens"
    )
    assert strongest(np.array([1.0, 0.002, 0.0, 0.0])).tolist() == [0]
    before = {"a": 3.0, "b": -2.0, "c": 1.0, "d": 0.5}
    assert stays(before, before)
    assert stays(before, {"a": 2.0, "b": -3.0, "c": 0.6, "d": 0.5}), "their order may change"
    assert not stays(before, {"a": 3.0, "b": -2.0, "c": 0.5, "d": 1.0}), "another one is stronger"
    assert not stays(before, {"a": 3.0, "b": 2.0, "c": 1.0, "d": 0.5}), "a sign turns"
    assert stays({"a": 3.0, "b": -2.0, "c": 1.0, "d": 0.5}, {"a": 3.0, "b": -2.0, "c": 0.99, "d": 1.0}), (
        "equally strong"
    )
    assert stays({"a": 0.0}, {"a": 0.0})
    assert stays({"a": 1.0, "gone": 5.0, "b": 0.1}, {"a": 1.0, "b": 0.1}), "a dropped item is not asked for"


def test_other_backgrounds_where_there_is_none_other(model):
    item = BackgroundChoice("item", str(model.dataset.items["item_id"].iloc[9]))
    asked = asked_of(model, choice=item)
    assert {change.kind for change in small_changes(asked)} == {"numbers", "history"}
    every = asked_of(model, n=10**6)
    other = {c.what for c in small_changes(every) if c.kind == "background"}
    task_draws = model.task == "implicit"  # half of its examples are sampled items, other ones for another seed
    assert bool(other) == task_draws


@pytest.mark.parametrize("length", [0, 1])
def test_a_history_of_one_item_or_none_is_not_shortened(model, length):
    asked = asked_of(model)
    history = np.full_like(asked.pair.histories, -1)
    history[0, :length] = asked.pair.histories[0, :length]
    pair = replace(asked.pair, histories=history, known=None)
    asked = replace(asked, pair=pair, scorer=model.dense.with_term(None))
    assert {change.kind for change in small_changes(asked)} == {"numbers", "background"}


def test_a_model_that_scores_everything_alike(model):
    ranker = copy.deepcopy(model.dense.ranker)
    with torch.no_grad():
        for weights in ranker.head.parameters():
            weights.zero_()
    trust, found = examined(asked_of(model, scorer=Scorer(ranker, model.dense.features)))
    assert {c.contribution for c in found.contributions} == {0.0}
    assert (trust.n_strongest, trust.n_removed, trust.share_kept) == (0, 0, 1.0)
    raw = json.loads(json.dumps(trust.to_json(), allow_nan=False))
    assert {row["rank_correlation"] for row in raw["agreement"]} == {None}


def test_a_quantised_variant_says_which_methods_cannot_answer(model):
    scorer = Scorer(
        model.dense.ranker, model.dense.features, term=model.dense.term, variant=ModelVariant.compressed(bits=8)
    )
    trust, _ = examined(asked_of(model, scorer=scorer))
    assert trust.unanswered == ("deeplift", "ig")
    assert {a.method for a in trust.agreements} == {"lime", "shap", "occlusion"}


def test_items_shared_out_are_compared_by_the_methods_that_can(model):
    trust, found = examined(asked_of(model), history="each", units="probability")
    assert set(trust.unanswered) == {m.name for m in METHODS.values() if not m.per_item_history}
    assert len(trust.removal.order) == len(found.contributions)
    assert trust.n_changes > 0
