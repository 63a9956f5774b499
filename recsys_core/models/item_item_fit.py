"""The item-item term's weights: EASE's, weighted where validation likes that better, the strongest of each column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from recsys_core.metrics import list_overlap
from recsys_core.models.baselines.co_occurrence import TrainingPositives
from recsys_core.models.baselines.ease import PENALTY_ITEMS, Ease, ItemGram, most_items_now
from recsys_core.models.baselines.strongest import Strongest
from recsys_core.models.baselines.validation import CatalogueScores, validation_lists, validation_ndcg
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress, silent

NEIGHBOURS = (50, 100, 200, 400, 800)  # entries a column that are tried
DEFAULT_NEIGHBOURS = 200
LEAST_KEPT = 0.92  # of EASE's own top 10s: NDCG@10 of one held-out item a user is too coarse to see what cutting costs
MOST_BYTES = 64_000_000  # of the entries, at 6 bytes each
USER_EXPONENT = 0.5
PENALTY_EXPONENT = 0.5
LEAST_GAIN = 0.01  # of validation NDCG@10: what a weighting must gain to be kept
COLUMNS = 256  # that are looked through in one go


def fit_item_item_term(ease: Ease, split_dataset: SplitDataset, progress: Progress = silent) -> ItemItemTerm:
    """EASE's weights (see `weighted_ease`) as a sparse term of strength 1.

    Each column keeps its strongest entries by absolute size, those that speak against an item too.
    Of ``NEIGHBOURS`` the fewest with which the lists of validation users (`validation_lists`) keep ``LEAST_KEPT``
    of what EASE alone puts on them, within ``MOST_BYTES``; `DEFAULT_NEIGHBOURS` where nobody can be ranked.
    """
    progress("fitting the item-item term", 0.0)
    figure = validation_ndcg(split_dataset)
    ease = weighted_ease(ease, TrainingPositives.of(split_dataset), figure)
    progress("fitting the item-item term", 0.7)
    widths = widths_within(len(ease.items), MOST_BYTES)
    entries = strongest_of(ease, widths[-1])

    def term(neighbours: int) -> ItemItemTerm:
        return ItemItemTerm(
            1.0,
            ease.penalty,
            entries.weights(neighbours),
            neighbours,
            n_least=ease.n_least if ease.n_least > 1 else 0,
            user_exponent=ease.user_exponent,
            penalty_exponent=ease.penalty_exponent,
        )

    lists = validation_lists(split_dataset)
    whole = lists(ease.score_catalogue)
    if not len(whole):
        return term(min(DEFAULT_NEIGHBOURS, widths[-1]))
    for neighbours in widths[:-1]:
        if list_overlap(whole, lists(_alone(term(neighbours)))).mean() >= LEAST_KEPT:
            return term(neighbours)
    return term(widths[-1])


def weighted_ease(
    ease: Ease, positives: TrainingPositives, figure: Callable[[CatalogueScores], float], most_items: int | None = None
) -> Ease:
    """EASE in which long users count less and popular items are penalised more, where validation gains by it.

    ``figure`` tells the options apart on the `PENALTY_ITEMS` most popular items: users by ``n **
    -USER_EXPONENT``, then penalties by ``popularity ** PENALTY_EXPONENT``, each kept where it gains
    ``LEAST_GAIN``; then half and double the penalty; then one more inverse of all items (at most
    ``most_items``, by default as `fit_ease` does), which must gain as much. Else the very ``ease``.
    """
    most_items = most_items_now() if most_items is None else most_items
    grams: dict[float, ItemGram] = {}

    def reached(option: _Option) -> float:
        a = option.user_exponent
        if a not in grams:
            grams[a] = ItemGram.of(positives, min(PENALTY_ITEMS, most_items), a)
        return figure(grams[a].ease(option.penalty, penalty_exponent=option.penalty_exponent).score_catalogue)

    best = first = _Option(ease.penalty)
    value = reached(best)
    for change in ({"user_exponent": USER_EXPONENT}, {"penalty_exponent": PENALTY_EXPONENT}):
        other = replace(best, **change)
        if (found := reached(other)) > (1 + LEAST_GAIN) * value:
            best, value = other, found
    if best == first:
        return ease
    around = [replace(best, penalty=factor * best.penalty) for factor in (0.5, 2.0)]
    figures = {best: value} | {option: reached(option) for option in around}
    best = max(figures, key=figures.__getitem__)
    grams.clear()
    gram = ItemGram.of(positives, most_items, best.user_exponent)
    weighted = gram.ease(best.penalty, penalty_exponent=best.penalty_exponent, in_place=True)
    # what helps popular items may harm the others: it must gain with all of them too
    return weighted if figure(weighted.score_catalogue) > (1 + LEAST_GAIN) * figure(ease.score_catalogue) else ease


@dataclass(frozen=True, slots=True)
class _Option:
    penalty: float
    user_exponent: float = 0.0
    penalty_exponent: float = 0.0


def _alone(term: ItemItemTerm) -> CatalogueScores:
    return lambda users, histories, known: term.catalogue(known)


def widths_within(n_items: int, most_bytes: int) -> tuple[int, ...]:
    """Those of ``NEIGHBOURS`` whose entries fit, the least in any case; none beyond what the catalogue fills.

    >>> widths_within(120, 64_000_000), widths_within(20_000, 64_000_000)
    ((50, 100, 200), (50, 100, 200, 400))
    """
    fitting = [k for k in NEIGHBOURS if 6 * k * n_items <= most_bytes] or [NEIGHBOURS[0]]
    needed = [k for k in fitting if k < n_items]
    return tuple(fitting[: len(needed) + 1])


def strongest_of(ease: Ease, width: int) -> Strongest:
    """The strongest entries of each column of EASE's weights, over the whole catalogue's items."""
    found = Strongest.none(ease.n_items, width)
    for start in range(0, len(ease.items), COLUMNS):
        columns = slice(start, start + COLUMNS)
        found.put(ease.items[columns], ease.items, np.ascontiguousarray(ease.weights[:, columns].T))
    return found
