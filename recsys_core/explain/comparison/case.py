"""Case: one user's recommendation about which every method is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.explain.comparison.orders import RemovalGame, random_orders
from recsys_core.explain.history_removal import HistoryRemoval, remove_history, search_removal
from recsys_core.explain.history_scorer import RankerHistory
from recsys_core.explain.method import games_of
from recsys_core.explain.small_changes import Asked, small_changes
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.recommend import score_user, user_pairs
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.results import Explanation
from recsys_core.seeds import random_stream

RANDOM_REMOVALS = 3  # orders of the history behind the floor of POS and NEG
MOST_POSITIVES = 1000  # of longer histories each subset is a row of its own too many
CHANGES = 3  # small changes of each case that every method is asked about


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A user, the item recommended first, and what all methods are measured on.

    Attributes
    ----------
    positives
        All that is known to be taken, newest first: the history that POS and NEG remove.
    excluded
        ``(n_items,)`` bool: items that are no candidates.
    game
        Coalitions of the feature groups, the history as one of them.
    changed
        The same question asked slightly otherwise: a few of `small_changes`, drawn by the seed.
    """

    asked: Asked
    positives: np.ndarray
    excluded: np.ndarray
    game: RemovalGame
    changed: tuple[Asked, ...]

    @classmethod
    def of(
        cls,
        scorer: Scorer,
        split_dataset: SplitDataset,
        user_index: int,
        background: Pairs,
        *,
        seed: int,
        reranker: Reranker = BY_SCORE,
    ) -> Case | None:
        """The user's case: the first item that the re-ranker lists; None for a user who can be recommended nothing."""
        scores = score_user(scorer, split_dataset, user_index, reranker)
        top = scores.top(1)
        if not len(top):
            return None
        pair = user_pairs(split_dataset, user_index, top)
        positives = split_dataset.histories.known(np.array([user_index]), "test").csr().indices[::-1]
        asked = Asked(scorer, split_dataset, pair, background, seed=seed)
        return cls(
            asked,
            positives.astype(np.int64),
            scores.seen,
            RemovalGame.of(games_of(scorer, pair, background)),
            _few_changes(asked, seed + user_index),
        )

    @property
    def pair(self) -> Pairs:
        return self.asked.pair

    @property
    def dataset(self) -> Dataset:
        return self.asked.split_dataset.dataset

    @property
    def user_seed(self) -> int:
        """Of all that is drawn for this user."""
        return self.asked.seed + int(self.pair.users[0])

    @property
    def target(self) -> int:
        return int(self.pair.items[0])

    @property
    def can_lose_history(self) -> bool:
        """Whether POS and NEG are measured: there is a history, and no longer one than a search gets through."""
        return 0 < len(self.positives) <= MOST_POSITIVES

    @property
    def history(self) -> RankerHistory:
        """The user as a scorer of histories."""
        return RankerHistory(self.asked.scorer, int(self.pair.users[0]), self.pair.histories.shape[1])

    def removal(self, importance: np.ndarray) -> HistoryRemoval:
        """Ranks of the recommended item as the history leaves by ``importance`` of the positives."""
        return remove_history(self.history, self.positives, self.target, importance, excluded=self.excluded)

    def random_removals(self) -> list[HistoryRemoval]:
        """The same for orders that know nothing."""
        rng = random_stream(self.user_seed, "orders of the history")
        return [self.removal(rng.permutation(len(self.positives))) for _ in range(RANDOM_REMOVALS)]

    def searched_removal(self) -> HistoryRemoval:
        """The same where a search chooses what leaves."""
        return search_removal(self.history, self.positives, self.target, excluded=self.excluded)

    def random_orders(self) -> list[np.ndarray]:
        """Orders of the feature groups that know nothing."""
        return random_orders(self.game.n_players, seed=self.user_seed)


def _few_changes(asked: Asked, seed: int) -> tuple[Asked, ...]:
    every = [change.asked for change in small_changes(asked)]
    drawn = random_stream(seed, "small changes of a question").permutation(len(every))[:CHANGES]
    return tuple(every[i] for i in np.sort(drawn))


def importance_of(explanation: Explanation, positives: np.ndarray, dataset: Dataset) -> np.ndarray:
    """What an explanation with a reason an item says of each known positive ``(n,)``, in logits.

    Positives that only an item-item term reads are one reason together: each has its own exact entry of the term,
    and bears an equal part of what else that reason says. Where there is no term, what attention does not read has 0.
    """
    by_row = {c.player.item_index: c.contribution for c in explanation.contributions if c.player.item_index is not None}
    found = np.array([by_row.get(int(i), 0.0) for i in positives])
    if explanation.item_item is None:
        return found
    entries = {e.item_id: e.contribution for e in explanation.item_item.items}
    earlier = np.array([int(i) not in by_row for i in positives], dtype=bool)
    if not earlier.any():
        return found
    ids = dataset.items["item_id"].to_numpy()
    found[earlier] = [entries.get(str(ids[i]), 0.0) for i in positives[earlier]]
    whole = next((c.contribution for c in explanation.contributions if c.player.is_earlier), None)
    if whole is not None:
        found[earlier] += (whole - found[earlier].sum()) / earlier.sum()
    return found
