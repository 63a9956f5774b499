"""Reasons of a gap against a brute force over all coalitions, sums, sampled orderings, the command, bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from explain_model import plain_value, random_scorer, tiny_dataset, tiny_features
from term_workspace import random_term

from recsys_core.__main__ import main
from recsys_core.errors import RecLensError, SettingError
from recsys_core.gap_reasons import ReasonSettings, gap_reasons
from recsys_core.metrics import ndcg_at_k, top_k
from recsys_core.models.evaluation import evaluate
from recsys_core.models.scorer import Pairs
from recsys_core.models.split_dataset import SplitDataset

N_ITEMS, K = 12, 10
BOTH = {"by": ("user.city",)}
FEW = {"background": 2, "least_size": 2, "n_bootstrap": 50}


def split_of(n_users: int, *, task: str = "implicit") -> SplitDataset:
    """Users who took eight of twelve items in a random order, with a random outcome."""
    dataset, random = tiny_dataset(n_users, N_ITEMS), np.random.default_rng(1)
    taken = np.concatenate([random.permutation(N_ITEMS)[:8] for _ in range(n_users)])
    rows = {"user_index": np.repeat(np.arange(n_users), 8), "item_index": taken, "time": np.arange(len(taken))}
    frame = pd.DataFrame(rows).astype({"user_index": np.int32, "item_index": np.int32})
    frame["value"] = np.float32(1)
    return SplitDataset.build(replace(dataset, interactions=frame), task=task, kind="time", seed=0, length=8)


SPLIT = split_of(7)
FEATURES = tiny_features(SPLIT.dataset).without(
    {"user_id", "item_id", "item.title", "user.income", "item.price", "item.brand"}
)
SCORER = random_scorer(FEATURES)
BACKGROUND = SPLIT.background(2, seed=0)
PLAYERS = [player.key for player in FEATURES.players]


def shapley(value) -> np.ndarray:
    """Shapley's formula over all coalitions of the players, slowly."""
    n, out = len(PLAYERS), np.zeros(len(PLAYERS))
    for i, player in enumerate(PLAYERS):
        others = [p for p in PLAYERS if p != player]
        for size in range(n):
            for few in map(frozenset, combinations(others, size)):
                out[i] += (value(few | {player}) - value(few)) / (n * comb(n - 1, size))
    return out


@cache
def logit(user: int, item: int, row: int, chosen: frozenset) -> float:
    """The network's logit where the others than ``chosen`` are the background row's, by the ranker's plain forward."""
    pair = Pairs(np.array([user]), np.array([item]), SPLIT.ranking_of(np.array([user])).histories)
    return plain_value(SCORER, pair, BACKGROUND[[row]], set(chosen))


def ndcg_of(scorer, user: int, row: int, chosen: frozenset) -> float:
    task = SPLIT.ranking_of(np.array([user]))
    score = np.array([logit(user, item, row, chosen) for item in range(N_ITEMS)])
    if scorer.term is not None:
        known = task.known if "history" in chosen else BACKGROUND[[row]].known
        score = score + scorer.term.catalogue(known)[0]
    top = top_k(score[None].round(5), K, excluded=task.seen, tie_order=task.tie_order)
    return float(ndcg_at_k(top, task.held_out)[0])


@pytest.mark.parametrize("with_term", [False, True])
def test_reasons_of_ndcg_are_those_of_all_coalitions(with_term):
    scorer = SCORER.with_term(random_term(N_ITEMS, seed=2)) if with_term else SCORER
    found = gap_reasons(scorer, SPLIT, evaluate(scorer, SPLIT), **BOTH, settings=ReasonSettings(**FEW))
    assert found.exact
    cities = SPLIT.dataset.users["city"]

    @cache
    def figure(user: int, chosen: frozenset) -> float:
        return np.mean([ndcg_of(scorer, user, b, chosen) for b in range(2)])

    def gap(chosen: frozenset) -> float:
        groups = (found.higher_group.value, found.lower_group.value)
        means = [np.mean([figure(u, chosen) for u in np.flatnonzero(cities == city)]) for city in groups]
        return means[0] - means[1]

    np.testing.assert_allclose([r.contribution for r in found.reasons], shapley(gap), atol=1e-9)
    assert found.base == pytest.approx(gap(frozenset()), abs=1e-9)
    assert found.gap == pytest.approx(gap(frozenset(PLAYERS)), abs=1e-9)
    assert found.gap == pytest.approx(found.gap_of_all, abs=1e-9)
    assert found.completeness_gap < 1e-9
    assert all(r.low <= r.contribution <= r.high for r in found.reasons)


def test_sampled_orderings_sum_to_the_gap_and_come_near_the_exact_values():
    evaluation, n = evaluate(SCORER, SPLIT), 10
    settings = [ReasonSettings(**FEW, seed=seed) for seed in range(n)]

    def found(budget: int) -> list:
        return [gap_reasons(SCORER, SPLIT, evaluation, **BOTH, settings=replace(s, budget=budget)) for s in settings]

    exact, drawn = found(settings[0].budget), found(1)
    assert [f.exact for f in exact + drawn] == [True] * n + [False] * n
    assert max(f.completeness_gap for f in drawn) < 1e-9
    apart = np.array([[r.contribution for r in f.reasons] for f in drawn])
    apart -= np.array([[r.contribution for r in f.reasons] for f in exact])
    error = np.sqrt(np.mean([[r.standard_error**2 for r in f.reasons] for f in drawn], axis=0))
    assert (np.abs(apart.mean(0)) < 4 * error / np.sqrt(n)).all()
    assert (np.abs(np.log(apart.std(0) / error)) < 1).all()


@pytest.mark.parametrize("measure", ["mean_score", "selection_rate"])
def test_reasons_of_pairs_are_differences_of_the_groups_means(measure):
    evaluation = evaluate(SCORER, SPLIT)
    found = gap_reasons(SCORER, SPLIT, evaluation, **BOTH, settings=ReasonSettings(measure, **FEW))
    pairs = SPLIT.labelled("test").pairs
    cities = SPLIT.dataset.users["city"].to_numpy()[pairs.users]

    def gap(chosen: frozenset) -> float:
        def mean(city: str) -> float:
            at = np.flatnonzero(cities == city)
            logits = [logit(int(pairs.users[i]), int(pairs.items[i]), b, chosen) for i in at for b in range(2)]
            return float(np.mean(np.array(logits) >= 0 if measure == "selection_rate" else logits))

        return mean(found.higher_group.value) - mean(found.lower_group.value)

    np.testing.assert_allclose([r.contribution for r in found.reasons], shapley(gap), atol=1e-6)
    assert found.gap == pytest.approx(gap(frozenset(PLAYERS)), abs=1e-6)
    assert found.completeness_gap < 1e-6
    assert found.exact
    assert found.n_pairs == int(np.isin(cities, [found.higher_group.value, found.lower_group.value]).sum())


def test_a_reason_that_the_model_does_not_read_adds_nothing():
    scorer = random_scorer(FEATURES.without({"user.city"}))
    found = gap_reasons(scorer, SPLIT, evaluate(scorer, SPLIT), **BOTH, settings=ReasonSettings(**FEW))
    assert "user.city" not in [r.player.key for r in found.reasons]
    assert found.completeness_gap < 1e-9


def test_what_cannot_be_split_is_said():
    evaluation = evaluate(SCORER, SPLIT)

    def said(by=("user.city",), **settings) -> str:
        with pytest.raises(RecLensError) as raised:
            gap_reasons(SCORER, SPLIT, evaluation, by=by, settings=ReasonSettings(**{**FEW, **settings}))
        return raised.value.key

    assert said(least_size=500) == "gap_reasons.one_group"
    assert said(by=("item.brand",)) == "setting.choice"
    assert said(between=("Ulm", "Nowhere")) == "gap_reasons.group"
    assert said(between=("Ulm", "Ulm")) == "gap_reasons.two"
    with pytest.raises(SettingError, match="measure"):
        ReasonSettings("auc")
    rating = replace(SPLIT, split=replace(SPLIT.split, task="rating"))
    with pytest.raises(SettingError, match="no probability"):
        gap_reasons(SCORER, rating, evaluation, **BOTH, settings=ReasonSettings("selection_rate"))


def test_the_command_gives_the_gap_of_fairness(capsys, grouped_workspace):
    def run(*args) -> dict:
        assert main([*map(str, args), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    asked = ("--workspace", grouped_workspace, "--users", 60, "--by", "gender")
    found = run("gap-reasons", *asked, "--background", 2)
    gap = next(g for g in run("fairness", *asked)["gaps"] if g["metric"] == "ndcg@10")
    assert found["gap_of_all"] == pytest.approx(gap["difference"], abs=1e-9)
    assert found["gap"] == pytest.approx(gap["difference"], abs=1e-9), "all users are looked at"
    total = found["base"] + sum(r["contribution"] for r in found["reasons"])
    assert total == pytest.approx(found["gap"], abs=1e-9)
    keys = {"exact", "n_orderings", "n_users", "n_all_users", "seed", "seconds", "low", "high", "completeness_gap"}
    assert keys <= set(found)
    assert main(["gap-reasons", *map(str, asked[:5]), "no-column"]) == 2
