"""The item-item term's part of a game: it lies outside the network and belongs to the history's players alone.

The scored item is context: with the history in, the example's known positives speak for it; with the
history out, the background row's positives speak for the *same* item. So the term adds to every coalition
``own`` or ``other``, whatever the groups do, and its share of every player is known without a network row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array, vstack

from recsys_core.data.known import KnownItems, Positives
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.scorer import Pairs


@dataclass(frozen=True, slots=True, eq=False)
class TermGame:
    """What the term adds to the coalitions of games, in logits.

    ``own`` ``(n_pairs, n_history)``: of each player of the history where it is in. ``other`` ``(n_pairs, n_rows)``:
    of the row's positives, to the pair's item, where none is in.
    """

    own: np.ndarray
    other: np.ndarray

    @classmethod
    def of(cls, term: ItemItemTerm, pairs: Pairs, rows: Pairs, players: HistoryItems | None = None) -> TermGame:
        """Of all pairs against all rows; ``players`` where their (one) history is shared out.

        An item's entries are laid out once and looked up, which costs a single explanation a tenth of what sparse
        products do.
        """
        own = np.empty((len(pairs), 1 if players is None else players.n_players))
        other = np.empty((len(pairs), len(rows)))
        of_rows = given(rows).csr()
        owner = np.repeat(np.arange(len(rows)), np.diff(of_rows.indptr))
        entries, adds = term.by_item, np.zeros(term.n_items)
        known = given(pairs).csr()
        for i, item in enumerate(pairs.items):
            filled = slice(*entries.indptr[item : item + 2])
            adds[entries.indices[filled]] = entries.data[filled]
            items = known.indices[slice(*known.indptr[i : i + 2])]
            who = np.zeros_like(items) if players is None else players.column[items]
            own[i] = np.bincount(who, weights=adds[items], minlength=own.shape[1])
            other[i] = np.bincount(owner, weights=adds[of_rows.indices], minlength=len(rows))
            adds[entries.indices[filled]] = 0
        return cls(own * term.alpha, other * term.alpha)

    def values(self, pair: np.ndarray, row: np.ndarray, states: np.ndarray) -> np.ndarray:
        """Of the history's states ``(g or 1, m, n_history)`` of games ``(g,)``: ``(g, m)``."""
        held = (states @ self.own[pair][..., None])[..., 0]
        return np.where(states.any(-1), held, self.other[pair, row][:, None])

    def shares(self, weights: np.ndarray) -> np.ndarray:
        """What each player of the first pair's history is paid for the term ``(n_history,)``, mean over the rows.

        Of m players, each adds its own part wherever it is in; the row's part leaves as soon as the first enters,
        whoever that is, so each bears an m-th of it: the Shapley (and Owen) value of this game.
        """
        return self.own[0] - self.base(weights) / self.own.shape[1]

    def base(self, weights: np.ndarray) -> float:
        """The term's part of the first pair's base value, mean over the rows."""
        return float(self.other[0] @ weights)


@dataclass(frozen=True, slots=True, eq=False)
class HistoryItems:
    """Whose each item of the catalogue is where a history is shared out.

    ``column`` ``(n_items,)``: the player of an item. All known positives that attention does not read are one
    player, the last, where ``has_earlier``.
    """

    column: np.ndarray
    n_players: int
    has_earlier: bool

    @classmethod
    def of(cls, items: tuple[int, ...], known: Positives | None) -> HistoryItems:
        """``items``: what attention reads of a history, in player order; ``known``: None where the term is none."""
        positives = np.zeros(0, dtype=np.int64) if known is None else known.csr().indices
        column = np.full(1 + max([*items, *positives.tolist()], default=-1), len(items))
        column[list(items)] = np.arange(len(items))
        has_earlier = bool((column[positives] == len(items)).any())
        return cls(column, len(items) + has_earlier, has_earlier)

    def kept(self, known: csr_array, states: np.ndarray) -> csr_array:
        """Rows of positives without those whose player is out; ``states`` ``(n, n_players)``."""
        owner = np.repeat(np.arange(known.shape[0]), np.diff(known.indptr))
        kept = states[owner, self.column[known.indices]]
        start = np.concatenate([[0], np.cumsum(np.bincount(owner[kept], minlength=known.shape[0]))])
        return csr_array((known.data[kept], known.indices[kept], start), shape=known.shape)


def given(pairs: Pairs) -> Positives:
    """What is known of each pair. Raises ``ValueError`` where nobody said."""
    if pairs.known is None:
        raise ValueError("an explanation of the item-item term needs the items that are known to be taken")
    return pairs.known


def with_known_items(pairs: Pairs) -> Pairs:
    """The same pairs with what is known of them read once. Raises ``ValueError`` where nobody said."""
    known = given(pairs)
    if isinstance(known, KnownItems):
        return pairs
    chunks = list(known.chunks())
    table = known.csr() if len(chunks) < 2 else vstack([known[rows].csr() for rows in chunks], format="csr")
    return replace(pairs, known=KnownItems(table))


def known_codes(parts: list[Pairs]) -> np.ndarray:
    """Whole numbers below that of all pairs, one part after another: equal where two have the same known positives."""
    codes: dict[bytes, int] = {}
    found = []
    for table in (given(pairs).csr() for pairs in parts):
        for start, end in pairwise(table.indptr.tolist()):
            items = np.sort(table.indices[start:end]).astype(np.int64)
            found.append(codes.setdefault(items.tobytes(), len(codes)))
    return np.array(found, dtype=np.int64)
