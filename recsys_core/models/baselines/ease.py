"""EASE: the item-item weights in closed form, for a catalogue of any size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt

import numpy as np

from recsys_core.data.known import Known
from recsys_core.data.readers.packed import free_memory
from recsys_core.models.baselines.co_occurrence import TrainingPositives, item_gram, items_taken_often, zero_one
from recsys_core.models.baselines.inverse import invert_in_place
from recsys_core.models.baselines.pair_sums import pair_sums
from recsys_core.models.baselines.validation import has_winner, validation_ndcg
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress, silent

MOST_ITEMS = 20_000  # of one inverse: 1.6 GB, and about three minutes of one core
SHARE_OF_MEMORY = 0.5  # of what is free now, for the one array that is as large as the catalogue squared
PENALTY_ITEMS = 4_000  # the most popular: on these the penalties are compared, a second each
PENALTIES = (25.0, 100.0, 400.0, 1600.0)
DEFAULT_PENALTY = 400.0


@dataclass(frozen=True, slots=True, eq=False)
class Ease:
    """Embarrassingly shallow autoencoder (Steck 2019): ``scores = X B``, ``B = I - P / diag(P)``, zero diagonal.

    ``P`` is the inverse of ``X'X + penalty I``, ``X`` the 0/1 matrix of taken training items. A
    user is scored by the 0/1 row of all that is known of the user at the moment.

    Attributes
    ----------
    weights
        ``B`` of ``items``, ``(len(items), len(items))`` float32: row the item known, column the item scored.
    items
        Which items have weights, ascending; the others score 0 and speak for none.
    n_items
        Size of the catalogue.
    penalty
        Squared length of the weights counts so much.
    n_least
        Every item with at least so many positives in training has weights; 1 where none that anybody took is left out.
    longest
        How many positives of one user counted at most, 0 without a bound (`TrainingPositives`).
    user_exponent
        A user of n positives counts ``n ** -user_exponent``: 0 in Steck's own.
    penalty_exponent
        The penalty of an item is ``penalty * (its diagonal of X'X / the mean) ** penalty_exponent``: 0 in Steck's own.
    """

    weights: np.ndarray
    items: np.ndarray
    n_items: int
    penalty: float
    n_least: int = 1
    longest: int = 0
    user_exponent: float = 0.0
    penalty_exponent: float = 0.0

    @classmethod
    def fit(cls, positives: TrainingPositives, penalty: float, *, most_items: int = MOST_ITEMS) -> Ease:
        """EASE of the items with at least n positives, n the least that leaves at most ``most_items``."""
        return ItemGram.of(positives, most_items).ease(penalty, in_place=True)

    @property
    def settings(self) -> dict[str, float]:
        """What was fitted, for reports."""
        about = {"penalty": self.penalty, "n_items": len(self.items), "n_least": self.n_least}
        return about | {"longest": self.longest}

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        scores = zero_one(known.csr()[:, self.items]) @ self.weights
        if len(self.items) == self.n_items:
            return scores
        every = np.zeros((len(known), self.n_items), dtype=np.float32)
        every[:, self.items] = scores
        return every

    def score_pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        place = np.full(self.n_items, -1)
        place[self.items] = np.arange(len(self.items))

        def entries(read: np.ndarray, scored: np.ndarray) -> np.ndarray:
            read, scored = place[read], place[scored]
            if not len(self.items):
                return np.zeros(len(read), dtype=np.float32)
            return np.where((read >= 0) & (scored >= 0), self.weights[read, scored], 0)

        return pair_sums(entries, items, known)


@dataclass(frozen=True, slots=True, eq=False)
class ItemGram:
    """``X'X`` of the items that were taken often enough; see `Ease` for the other fields."""

    gram: np.ndarray
    items: np.ndarray
    n_items: int
    n_least: int
    longest: int
    user_exponent: float = 0.0

    @classmethod
    def of(cls, positives: TrainingPositives, most_items: int, user_exponent: float = 0.0) -> ItemGram:
        """Of at most ``most_items`` items, see `items_taken_often`."""
        items, n_least = items_taken_often(positives.counts, most_items)
        taken = positives.weighted(user_exponent) if user_exponent else positives.taken
        n_items = positives.taken.shape[1]
        return cls(item_gram(taken[:, items]), items, n_items, n_least, positives.longest, user_exponent)

    def ease(self, penalty: float, *, penalty_exponent: float = 0.0, in_place: bool = False) -> Ease:
        """EASE with this penalty, ``in_place`` in the memory of the gram, which is spoilt by it.

        A penalty too small for single precision (half a millionth of the largest row's sum) is raised to that.
        """
        penalty = max(penalty, 4 * float(np.finfo(np.float32).eps * self.gram.sum(axis=1).max(initial=0)))
        weights = self.gram if in_place else self.gram.copy()
        diagonal = np.diag_indices_from(weights)
        share = weights[diagonal] / weights[diagonal].mean() if penalty_exponent else np.ones(len(weights))
        weights[diagonal] += (penalty * share**penalty_exponent).astype(np.float32)
        weights = invert_in_place(weights)
        weights /= -weights[diagonal]
        weights[diagonal] = 0
        about = (self.n_least, self.longest, self.user_exponent, penalty_exponent)
        return Ease(weights, self.items, self.n_items, penalty, *about)


def fit_ease(split_dataset: SplitDataset, progress: Progress = silent) -> Ease:
    """EASE with the penalty that validation likes best, under validation's own history rule.

    The penalties are compared on the ``PENALTY_ITEMS`` most popular items (all of a smaller
    catalogue) by `validation_ndcg`; the one inverse of all items comes after that. It takes at most
    ``MOST_ITEMS`` items, and fewer where its array would be more than half of the memory that is free.
    """
    progress("fitting EASE", 0.0)
    positives, figure = TrainingPositives.of(split_dataset), validation_ndcg(split_dataset)
    most_items = most_items_now()
    gram = ItemGram.of(positives, min(PENALTY_ITEMS, most_items))
    most_taken = float(positives.counts.max(initial=0))
    penalty = choose_penalty(lambda p: figure(gram.ease(p).score_catalogue), most_taken)
    if len(gram.items) < np.count_nonzero(positives.counts):  # n_least may be 1: items taken once fill it up
        progress("fitting EASE", 0.3)
        gram = ItemGram.of(positives, most_items)
    return gram.ease(penalty, in_place=True)


def most_items_now() -> int:
    """Items of one inverse on this machine: ``MOST_ITEMS``, or fewer where little memory is free."""
    return min(MOST_ITEMS, most_in_memory(free_memory()))


def most_in_memory(free: int) -> int:
    """Items whose float32 square takes half of ``free`` bytes.

    >>> most_in_memory(8_000_000_000)
    31622
    """
    return isqrt(int(free * SHARE_OF_MEMORY) // 4)


def choose_penalty(figure: Callable[[float], float], most_taken: float) -> float:
    """The penalty with the best validation figure, of `PENALTIES`, then of half and double the best.

    While the largest is the best, four times as large is tried as well, for how strong it must be
    grows with the data: as long as it is below ``most_taken``, the positives of the most popular
    item. Far above that EASE is the table of who took both, and a larger penalty changes nothing
    but the scale of the weights. Of equal ones the smallest is taken; without any difference
    `DEFAULT_PENALTY`.

    >>> choose_penalty(lambda p: -abs(p - 3000), 5000.0)
    3200.0
    """
    found = {p: figure(p) for p in PENALTIES}

    def best() -> float:
        return max(found, key=lambda p: (-np.inf if np.isnan(found[p]) else found[p], -p))

    if not has_winner(list(found.values())):
        return DEFAULT_PENALTY
    while best() == max(found) < most_taken:
        found[4 * best()] = figure(4 * best())
    for p in (best() / 2, best() * 2):
        found.setdefault(p, figure(p))
    return best()
