"""What every scorer keeps: one score for a pair, one rule about what it may know, one order of ties.

A test class inherits `ScorerContract` and says how its scorer is made from a split_dataset. What is made
learns from training rows; at a held-out part it reads what is known there (`Known`), nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column, Schema
from recsys_core.models.evaluation import CanScore, rank_users
from recsys_core.models.split_dataset import RankingTask, SplitDataset

N_USERS, N_ITEMS = 40, 30
NOBODY, UNTAKEN = N_USERS - 1, N_ITEMS - 1  # a user without a row, an item in no row
BEGINNER = N_USERS - 2  # a user with one row


def contract_dataset(without: str = "") -> Dataset:
    """Users take items of their taste, some again and again; ``without`` names sides that have no attributes."""
    random = np.random.default_rng(0)
    user = np.repeat(np.arange(N_USERS - 2), 14)
    item = random.integers(0, (N_ITEMS - 1) // 2, len(user)) * 2 + (user + (random.random(len(user)) < 0.2)) % 2
    user, item = np.append(user, BEGINNER), np.append(item % (N_ITEMS - 1), 3)
    log = pd.DataFrame({"user_index": user, "item_index": item}).astype(np.int32)
    log = log.assign(value=np.float32(1), time=np.arange(len(log)))
    kind = np.array(["even", "odd"])
    users = pd.DataFrame({"user_id": [f"u{i}" for i in range(N_USERS)], "taste": kind[np.arange(N_USERS) % 2]})
    items = pd.DataFrame({"item_id": [f"i{i}" for i in range(N_ITEMS)], "kind": kind[np.arange(N_ITEMS) % 2]})
    items.insert(1, "title", [f"Thing {i}" for i in range(N_ITEMS)])
    columns = [
        () if side in without else (Column(name, "category"),) for side, name in (("user", "taste"), ("item", "kind"))
    ]
    return Dataset("contract", Schema(*columns, "taken"), users, items, log)


def at(dataset: Dataset, kind: str = "time") -> SplitDataset:
    return SplitDataset.build(dataset, task="implicit", kind=kind, seed=0, length=8)


@lru_cache
def material_of(name: str) -> SplitDataset:
    """``base``, the same with other items in some held-out rows (``other test``), or ``without`` attributes."""
    if name.startswith("without"):
        return at(contract_dataset(name))
    base = at(contract_dataset())
    parts = {
        "base": (),
        "other test": ("test",),
        "other held out": ("validation", "test"),
        "other validation": ("validation",),
    }
    log = base.dataset.interactions.copy()
    for part in parts[name]:
        rows = getattr(base.split, part)
        log.loc[rows, "item_index"] = (log.loc[rows, "item_index"] * 7 + 5).to_numpy(np.int32) % (N_ITEMS - 1)
    return at(replace(base.dataset, interactions=log))


def everyone(split_dataset: SplitDataset, part: str) -> RankingTask:
    """All users, those without anything to rank too."""
    users, known = np.arange(N_USERS), split_dataset.histories.known(np.arange(N_USERS), part)
    seen = split_dataset.histories.seen_by(users, part)
    return RankingTask(users, known, seen, split_dataset.histories.held_out(part=part), split_dataset.tie_order)


def catalogue(scorer: CanScore, split_dataset: SplitDataset, part: str) -> np.ndarray:
    task = everyone(split_dataset, part)
    return np.asarray(scorer.score_catalogue(task.users, task.histories, task.known))


def _known_items(split_dataset: SplitDataset, part: str) -> list[set[int]]:
    known = split_dataset.histories.known(np.arange(N_USERS), part).csr()
    return [set(mine.tolist()) for mine in np.split(known.indices, known.indptr[1:-1])]


class ScorerContract:
    """Inherit and give `make`; ``close`` is how far two ways of computing one score may lie apart."""

    close = 1e-4

    def make(self, split_dataset: SplitDataset) -> CanScore:
        raise NotImplementedError

    def made(self, name: str) -> CanScore:
        return _made(type(self), name)

    def read(self, scorer: CanScore, items: set[int]) -> set[int]:
        """Which of a user's known items the scorer has something to say about; all of them but for some baselines."""
        return items

    def check_one_score(self, scorer: CanScore, split_dataset: SplitDataset) -> None:
        labelled = split_dataset.labelled("test")
        pairs, known = labelled.pairs, labelled.pairs.known
        scores = scorer.score_pairs(pairs.users, pairs.items, pairs.histories, known)
        assert np.isfinite(scores).all()
        rows = np.arange(len(pairs))
        lists = scorer.score_catalogue(pairs.users, pairs.histories, known)
        np.testing.assert_allclose(lists[rows, pairs.items], scores, atol=self.close)
        for some in (rows[::-1], rows[3:9], rows[5:6], rows[:0]):
            few = pairs[some]
            again = scorer.score_pairs(few.users, few.items, few.histories, known[some])
            np.testing.assert_allclose(again, scores[some], atol=self.close)
            again = scorer.score_catalogue(few.users, few.histories, known[some])
            assert again.shape == (len(some), N_ITEMS)
            np.testing.assert_allclose(again, lists[some], atol=self.close)

    def test_a_pair_has_one_score_in_the_catalogue_and_in_any_batch(self):
        self.check_one_score(self.made("base"), material_of("base"))

    def test_test_rows_teach_nothing_and_are_not_read(self):
        base, other = (catalogue(self.made(m), material_of(m), "test") for m in ("base", "other test"))
        np.testing.assert_allclose(other, base, atol=1e-6)

    def test_held_out_rows_are_not_read_at_validation(self):
        base, other = (catalogue(self.made(m), material_of(m), "validation") for m in ("base", "other held out"))
        np.testing.assert_allclose(other, base, atol=1e-6)

    def test_validation_positives_are_read_at_the_test(self):
        base, other = (catalogue(self.made(m), material_of(m), "test") for m in ("base", "other validation"))
        changed = np.abs(other - base).max(axis=1) > 1e-6
        scorer = self.made("base")
        items = [_known_items(material_of(m), "test") for m in ("base", "other validation")]
        differ = [self.read(scorer, before) != self.read(scorer, after) for before, after in zip(*items, strict=True)]
        assert sum(differ) > N_USERS / 2
        assert changed[differ].all()

    def test_ties_go_by_the_drawn_order(self):
        split_dataset, scorer = material_of("base"), self.made("base")
        task = split_dataset.ranking("test")

        def rounded(*read) -> np.ndarray:
            return np.round(np.asarray(scorer.score_catalogue(*read), dtype=float) / 3) * 3 + 0.0

        scores = rounded(task.users, task.histories, task.known)
        expected = []
        for row, user in enumerate(task.users.tolist()):
            seen = set(split_dataset.histories.seen(user).tolist())
            best = np.lexsort((split_dataset.tie_order, -scores[row])).tolist()
            expected.append(([i for i in best if i not in seen] + [-1] * 10)[:10])
        assert rank_users(rounded, task).top.tolist() == expected

    def test_a_user_without_history_and_ids_that_training_never_saw(self):
        split_dataset = material_of("base")
        known = split_dataset.histories.known(np.array([NOBODY, NOBODY]))
        assert known.csr().nnz == 0
        lists = np.asarray(self.made("base").score_catalogue(known.user, known.newest(), known))
        assert np.isfinite(lists).all()
        items = np.array([UNTAKEN, 0])
        alone = self.made("base").score_pairs(known.user, items, known.newest(), known)
        np.testing.assert_allclose(alone, lists[0, items], atol=self.close)

    @pytest.mark.parametrize("name", ["without user", "without item", "without user and item"])
    def test_a_side_without_attributes_is_a_normal_case(self, name):
        self.check_one_score(self.made(name), material_of(name))


@lru_cache
def _made(contract: type[ScorerContract], name: str) -> CanScore:
    return contract().make(material_of(name))
