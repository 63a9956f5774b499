"""The item-item term's weights: the strongest of EASE's, as many as validation does not miss."""

from __future__ import annotations

import numpy as np

from recsys_core.models.baselines.ease import Ease
from recsys_core.models.baselines.strongest import Strongest
from recsys_core.models.baselines.validation import CatalogueScores, validation_ndcg
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress, silent

NEIGHBOURS = (50, 100, 200, 400, 800)  # entries a column that are tried
DEFAULT_NEIGHBOURS = 200
MOST_LOST = 0.01  # share of EASE's validation NDCG@10 that the fewer entries may cost
MOST_BYTES = 64_000_000  # of the entries, at 6 bytes each
COLUMNS = 256  # that are looked through in one go


def fit_item_item_term(ease: Ease, split_dataset: SplitDataset, progress: Progress = silent) -> ItemItemTerm:
    """EASE's weights as a sparse term of strength 1.

    Each column keeps its strongest entries by absolute size, those that speak against an item too.
    Of ``NEIGHBOURS`` the fewest with which EASE alone keeps 99 % of its validation NDCG@10
    (`validation_ndcg`), within ``MOST_BYTES``; `DEFAULT_NEIGHBOURS` where nobody can be ranked.
    """
    progress("thinning the item-item weights", 0.0)
    widths = widths_within(len(ease.items), MOST_BYTES)
    entries = strongest_of(ease, widths[-1])

    def term(neighbours: int) -> ItemItemTerm:
        n_least = ease.n_least if ease.n_least > 1 else 0
        return ItemItemTerm(1.0, ease.penalty, entries.weights(neighbours), neighbours, n_least)

    figure = validation_ndcg(split_dataset)
    whole = figure(ease.score_catalogue)
    if np.isnan(whole):
        return term(min(DEFAULT_NEIGHBOURS, widths[-1]))
    for neighbours in widths[:-1]:
        if figure(_alone(term(neighbours))) >= (1 - MOST_LOST) * whole:
            return term(neighbours)
    return term(widths[-1])


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
