"""SplitDataset: what training and evaluation read of one dataset, split and seed, the same for every model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.data.history import LENGTH, Histories
from recsys_core.data.known import Known
from recsys_core.data.order import tie_order
from recsys_core.data.split import Split, make_split
from recsys_core.models.scorer import Pairs
from recsys_core.seeds import random_stream

EARLY_STOPPING_USERS = 1000
EVALUATED_SCORES = 100_000_000  # scores behind the lists of an evaluation: a minute or two of one core
LEAST_EVALUATED = 2_000  # users


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPairs:
    """Pairs with their target: 0/1, or for task ``rating`` the rating on a scale of 0 to 1.

    ``negatives`` is ``logged`` (ratings, clicks) or ``sampled`` (uniform among items that the
    user never took, one for each positive of a user who left any, drawn once for the seed).
    """

    pairs: Pairs
    label: np.ndarray
    negatives: str

    @property
    def known(self) -> Known:
        """All that a scorer may know of each pair's user."""
        if not isinstance(self.pairs.known, Known):
            raise TypeError("these pairs do not come from the log")
        return self.pairs.known


@dataclass(frozen=True, slots=True, eq=False)
class RankingTask:
    """Users whose full-catalogue ranking is evaluated, with what each has seen and what was held out.

    ``known`` is all that a scorer may know of the users; `histories` are the newest of it.
    ``tie_order`` (n_items,) is the place of each item among items of equal score.
    """

    users: np.ndarray
    known: Known
    seen: csr_array
    held_out: csr_array
    tie_order: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> RankingTask:
        return RankingTask(self.users[rows], self.known[rows], self.seen[rows], self.held_out[rows], self.tie_order)

    def __len__(self) -> int:
        return len(self.users)

    @property
    def histories(self) -> np.ndarray:
        """Worked out when read ``(n, length)``: of a million users, ask a few at a time (``task[rows].histories``)."""
        return self.known.newest()


@dataclass(frozen=True, eq=False)
class SplitDataset:
    """One dataset under one split; every pair and history that a model sees comes from here.

    ``tie_order`` (n_items,) is the place of each item among items of equal score, the same for
    every model and variant.
    """

    dataset: Dataset
    split: Split
    histories: Histories
    tie_order: np.ndarray

    @classmethod
    def build(cls, dataset: Dataset, *, task: str, kind: str, seed: int, length: int = LENGTH) -> SplitDataset:
        """Split by ``seed``; histories hold at most ``length`` items."""
        split = make_split(dataset, task=task, kind=kind, seed=seed)
        return cls(dataset, split, Histories.build(dataset, split, length), tie_order(dataset.items["item_id"], seed))

    @property
    def task(self) -> str:
        return self.split.task

    def pairs(self, rows: np.ndarray, part: str) -> Pairs:
        """Interactions (row numbers) as pairs, each with the history and the positives that ``part`` may know."""
        frame = self.dataset.interactions
        users = frame["user_index"].to_numpy()[rows].astype(np.int64)
        items = frame["item_index"].to_numpy()[rows].astype(np.int64)
        known = self.histories.known_at(rows, part)
        return Pairs(users, items, known.newest(), known)

    def target(self, rows: np.ndarray) -> np.ndarray:
        """Labels of interactions; ratings scaled to 0..1."""
        label = self.split.label[rows]
        if self.task != "rating":
            return label
        schema = self.dataset.schema
        return (label - schema.low) / (schema.high - schema.low)

    def labelled(self, part: str, *, users: np.ndarray | None = None) -> LabelledPairs:
        """Pairs of a part for AUC and log loss, of some users or of all; task ``implicit`` adds its sampled negatives.

        The pairs of some users are their part of everyone's, in the same order.
        """
        rows = getattr(self.split, part)
        owner = self.histories.user[rows]
        chosen = np.arange(len(rows)) if users is None else np.flatnonzero(np.isin(owner, users))
        pairs = self.pairs(rows[chosen], part)
        if self.task != "implicit":
            return LabelledPairs(pairs, self.target(rows[chosen]), "logged")
        drawn = self.sample_untaken(owner, seed=self.split.seed)[chosen]
        there = np.flatnonzero(drawn >= 0)
        again = np.concatenate([np.arange(len(chosen)), there])
        both = replace(pairs[again], items=np.concatenate([pairs.items, drawn[there]]))
        label = np.repeat([1.0, 0.0], [len(chosen), len(there)]).astype(np.float32)
        return LabelledPairs(both, label, "sampled")

    def sample_untaken(self, users: np.ndarray, *, seed: int) -> np.ndarray:
        """For each entry a uniform item that this user has no interaction with, in any part; -1 where there is none.

        The draw is a place among the user's untaken items. The ``j``-th of the items taken, in
        ascending order from 0, has ``item - j`` untaken ones before it: those at or below the
        place are passed over.
        """
        n_items = self.dataset.n_items
        who, own = np.unique(users, return_inverse=True)
        met = self.histories.met(who)
        start = met.indptr
        owner = np.repeat(np.arange(len(who)), np.diff(start))
        before = owner * (n_items + 1) + met.indices - (np.arange(len(owner)) - start[owner])
        n_untaken = n_items - np.diff(start)[own]
        place = np.floor(random_stream(seed, "untaken items").random(len(users)) * n_untaken).astype(np.int64)
        passed = np.searchsorted(before, own * (n_items + 1) + place, side="right") - start[own]
        return np.where(n_untaken > 0, place + passed, -1)

    def ranking(self, part: str, *, most: int | None = None) -> RankingTask:
        """Users with a held-out taken item in ``part``; at most ``most`` of them, drawn by the split's seed."""
        users = np.flatnonzero(np.diff(self.histories.held_out(part=part).indptr) > 0)
        return self.ranking_of(users if most is None else self.draw_users(users, most), part)

    def draw_users(self, users: np.ndarray, most: int) -> np.ndarray:
        """At most ``most`` of some users, ascending, drawn by the split's seed; all of them where they are no more."""
        if len(users) <= most:
            return users
        return np.sort(random_stream(self.split.seed, "ranked users").choice(users, most, replace=False))

    def evaluated_users(self, *, scores: int = EVALUATED_SCORES) -> np.ndarray | None:
        """The test users that a model and the baselines are evaluated on, ascending; None for all who have a list.

        Lists cost users times items. Where that is more than ``scores``, as many users as fit (two digits, at least
        2,000) are drawn by the split's seed, the same for everyone: a NDCG of 5,000 users is known to within .006.
        """
        users = self.test_users
        most = scores // self.dataset.n_items
        most = max(LEAST_EVALUATED, most // (digits := 10 ** max(0, len(str(most)) - 2)) * digits)
        return None if len(users) <= most else self.draw_users(users, most)

    @property
    def test_users(self) -> np.ndarray:
        """Users with a held-out item in the test part, ascending."""
        return np.flatnonzero(np.diff(self.histories.held_out(part="test").indptr) > 0)

    def ranking_of(self, users: np.ndarray, part: str = "test") -> RankingTask:
        """These users, each with what ``part`` holds out (it may be nothing); reads no rows but theirs."""
        histories = self.histories
        known, seen = histories.known(users, part), histories.seen_by(users, part)
        return RankingTask(users, known, seen, histories.held_out(users, part), self.tie_order)

    def sequences(self) -> csr_array:
        """Each user's taken training items ``(n_users, n_items)``, stored oldest first and as often as taken.

        The order within a row is what happened: sort or sum its entries (``sum_duplicates``, ``max``) in a copy only.
        Made once and then shared, so its arrays cannot be written to.
        """
        return self._sequences

    @cached_property
    def _sequences(self) -> csr_array:
        rows = self.split.train[self.histories.positive[self.split.train]]
        users = self.dataset.interactions["user_index"].to_numpy()[rows]
        items = self.dataset.interactions["item_index"].to_numpy()[rows]
        at = np.lexsort((self.split.order[rows], users))
        start = np.searchsorted(users[at], np.arange(self.dataset.n_users + 1))
        shape = (self.dataset.n_users, self.dataset.n_items)
        made = csr_array((np.ones(len(at), dtype=bool), items[at], start), shape=shape)
        for part in (made.data, made.indices, made.indptr):
            part.flags.writeable = False
        return made

    def background(self, n: int, *, seed: int, users: np.ndarray | None = None) -> Pairs:
        """Seeded training examples, of some users or of all, that stand for "any other case" in an explanation.

        At most ``n``; none where these users have none. Task ``implicit`` has no logged negatives, so half of its
        examples are sampled ones.
        """
        random, examples = random_stream(seed, "background rows"), self.split.train
        if users is not None:
            examples = examples[np.isin(self.histories.user[examples], users)]
        rows = np.sort(random.choice(examples, min(n, len(examples)), replace=False))
        pairs = self.pairs(rows, "train")
        if self.task == "implicit":
            items = pairs.items.copy()
            half = random.permutation(len(items))[: len(items) // 2]
            drawn = self.sample_untaken(pairs.users[half], seed=seed)
            items[half] = np.where(drawn >= 0, drawn, items[half])
            pairs = replace(pairs, items=items)
        return pairs
