"""The game behind one score: what an explainer asks of a model, whatever the model is.

``v_b(S)``: the logit where the players in ``S`` take the example's value and all others the value
of background row ``b`` (interventional or marginal value function: Janzing et al. 2020, eq. 2;
Sundararajan & Najmi 2020, section 4). A mean over the background is the game that is explained.

``ValueFunction`` is all that the libraries need. ``Games`` adds what the project's own Shapley and
Owen values use; it is filled in twice. ``factorised`` is for our ranker and fast, as its first layer
is linear: whoever explains it on edited rows (another age, another title, a user who came today)
asks ``Scorer.with_features`` over ``Features.with_rows`` and stays there. ``black_box`` is for any
model that can score rows: a model of one's own becomes a ``TableModel``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, Protocol, get_args

import numpy as np

from recsys_core.errors import SettingError
from recsys_core.explain.coalitions import distinct_items, distinct_values, joined
from recsys_core.explain.term_game import HistoryItems, TermGame, known_codes, with_known_items
from recsys_core.models.scorer import Pairs
from recsys_core.player import EARLIER, HISTORY, Player

MAX_ROWS = 16_384  # network rows computed at once: 8 MB in a first layer of 128 units
MAX_GAMES = 512  # histories gathered at once: 13 MB of keys and values, 50 items 32 wide
HistoryPlayers = Literal["one", "each"]
HISTORIES: tuple[HistoryPlayers, ...] = get_args(HistoryPlayers)


class ValueFunction(Protocol):
    """A score as a function of the players that take the example's value; the others are a background row's.

    ``players`` name the columns of a mask, ``weights`` ``(n_rows,)`` sum to 1 over the background rows,
    ``n_evaluations`` counts the rows that the model has computed so far.
    """

    players: tuple[Player, ...]
    weights: np.ndarray
    n_evaluations: int

    def values(self, masks: np.ndarray) -> np.ndarray:
        """Logits of coalitions ``(n, n_players)`` bool against each background row: ``(n_rows, n)``."""
        ...

    def mean_values(self, masks: np.ndarray) -> np.ndarray:
        """The same, mean over the background: ``(n,)``."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Games with the same number of active players on each side, to be evaluated together.

    ``pair`` and ``row`` (g,) say which; ``active`` (g, k) names the players that differ, in player order,
    of which the first ``n_user`` are user groups, the next ``n_history`` the history, the rest item groups.
    """

    pair: np.ndarray
    row: np.ndarray
    active: np.ndarray
    n_user: int
    n_history: int

    @property
    def n_players(self) -> int:
        return self.active.shape[1]


class Games(ABC):
    """Every game of some pairs against some background rows; a ``ValueFunction`` of the first pair.

    Parameters
    ----------
    players
        What the model can read, in order: user groups, history, item groups.
    pairs
        Examples. With ``history='each'`` all of one history, as its items are the players.
    background
        What stands for "not this value". Rows with equal values in every player are merged
        into one with a weight, which changes no result.
    codes
        Of pairs: whole numbers ``(n, n_players)``, equal where two pairs hold the same value.
    history
        ``one``: the history is a player, and the background row's whole history takes its
        place (the attention's query is then that of the coalition's item). ``each``: a player
        for each item of the example's history; an absent one leaves the attention, and with
        all absent the background row's history stands, as it does for the history as one player.
        Positives that only the item-item term reads are one more player, the last: with it absent
        they leave the term, with all absent the row's positives stand there. An example without
        history has one player for it either way.
    reads_known
        Whether the model reads all known positives (an item-item term), not the newest alone:
        histories are equal then where these are.

    Attributes
    ----------
    players
        In order: user groups, the history or its items (newest first, then the earlier ones), item groups.
    weights
        Share of each distinct background row ``(n_rows,)``, sums to 1.
    differs
        ``(n_pairs, n_rows, n_players)``: False where example and background row hold the same
        value. Such a player is a dummy of that row's game and adds exactly 0 to it.
    pairs, rows
        Examples and distinct background rows, with histories of one length.
    term
        The item-item term's part of these games where it is known apart from the network's, else None.
    n_evaluations
        Rows that the model has computed so far.

    Raises
    ------
    SettingError
        ``setting.choice`` for an unknown ``history``, ``setting.least`` for an empty background.
    ValueError
        Where the model reads all known positives and pairs or background do not say them.
    """

    def __init__(
        self,
        players: tuple[Player, ...],
        pairs: Pairs,
        background: Pairs,
        *,
        codes: Callable[[Pairs], np.ndarray],
        history: str,
        reads_known: bool = False,
    ) -> None:
        if history not in HISTORIES:
            raise SettingError("setting.choice", name="history", choices=", ".join(HISTORIES), value=history)
        if not len(background):
            raise SettingError("setting.least", name="background", least=1, value=0)
        if history == "each" and (len(pairs) < 1 or (pairs.histories != pairs.histories[:1]).any()):
            raise ValueError("history='each' explains pairs of one history")
        self.n_user = players.index(HISTORY)
        self.history_items = distinct_items(pairs.histories[0]) if history == "each" else ()
        self.history: HistoryPlayers = "each" if self.history_items else "one"
        self.reads_known = reads_known
        if reads_known:
            pairs, background = with_known_items(pairs), with_known_items(background)
        self.term: TermGame | None = None
        self.shared_out = (
            HistoryItems.of(self.history_items, pairs.known if reads_known else None) if self.history_items else None
        )
        self.n_history = 1 if self.shared_out is None else self.shared_out.n_players
        self.players = (*players[: self.n_user], *self._history_players(), *players[self.n_user + 1 :])
        self.n_evaluations = 0
        self._set_rows(pairs, background, codes)

    def _history_players(self) -> tuple[Player, ...]:
        if self.shared_out is None:
            return (HISTORY,)
        items = tuple(Player("history", item_index=item) for item in self.history_items)
        return (*items, EARLIER) if self.shared_out.has_earlier else items

    def _set_rows(self, pairs: Pairs, background: Pairs, codes: Callable[[Pairs], np.ndarray]) -> None:
        every = joined([pairs, background])
        of_every = codes(every)
        if self.reads_known:
            of_every[:, self.n_user] = of_every[:, self.n_user] * len(every) + known_codes([pairs, background])
        of_pairs, of_rows = of_every[: len(pairs)], of_every[len(pairs) :]
        _, kept, counts = distinct_values(of_rows)
        differs = of_pairs[:, None] != of_rows[kept]
        if self.history == "each":
            always = np.ones((*differs.shape[:2], self.n_history), dtype=bool)
            differs = np.concatenate([differs[..., : self.n_user], always, differs[..., self.n_user + 1 :]], -1)
        self.differs, self.weights = differs, counts / counts.sum()
        self.pairs = replace(every[: len(pairs)], known=pairs.known)
        self.rows = replace(every[len(pairs) + kept], known=background[kept].known)

    @abstractmethod
    def values(self, masks: np.ndarray) -> np.ndarray:
        """Logits of the first pair's coalitions ``(n, n_players)`` against each background row: ``(n_rows, n)``.

        Any coalition can be asked for, in any number: memory is bounded.
        """

    def apart(self) -> tuple[Games, np.ndarray]:
        """The game of what cannot be told apart in advance, and what is known to be each history player's already.

        A model without an item-item term, or whose inside is closed: the whole game, and nothing. Else the network's
        game, without the player that only the term reads, and the term's exact shares ``(n_history,)``.
        """
        return self, np.zeros(self.n_history)

    @abstractmethod
    def all_values(self, batch: Batch) -> np.ndarray:
        """Logits of every coalition of the active players, ``(g, 2^k)`` in the order of ``coalitions(k)``."""

    @abstractmethod
    def batch_values(self, batch: Batch, masks: np.ndarray) -> np.ndarray:
        """Logits of given coalitions of the active players ``(g, n, k)``, other ones for each game: ``(g, n)``."""

    def mean_values(self, masks: np.ndarray) -> np.ndarray:
        """Value function of the first pair's game, mean over the background: ``(n, n_players)`` -> ``(n,)``."""
        return self.weights @ self.values(masks)

    @property
    def first_history(self) -> int:
        """Position of the first player of the history."""
        return self.n_user

    @property
    def n_rows(self) -> int:
        """Distinct background rows."""
        return len(self.weights)

    def batches(self, max_players: int) -> Iterator[Batch]:
        """Games with at most ``max_players`` active players, cut so that their coalitions fit the memory."""
        for size, games in self._alike(lambda n_active: n_active <= max_players):
            step = max(1, min(MAX_GAMES, MAX_ROWS >> int(size.sum())))
            for start in range(0, len(games), step):
                yield self._batch(games[start : start + step], size)

    def large_batches(self, max_players: int, n_coalitions: Callable[[int], int]) -> Iterator[Batch]:
        """The other games, cut by the number of coalitions that will be asked of a game with so many players."""
        for size, games in self._alike(lambda n_active: n_active > max_players):
            step = max(1, min(MAX_GAMES, MAX_ROWS // n_coalitions(int(size.sum()))))
            for start in range(0, len(games), step):
                yield self._batch(games[start : start + step], size)

    def _alike(self, wanted: Callable[[int], bool]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Active players on each side (3,), and the games (positions in pairs x rows) that have so many."""
        first, last = self.n_user, self.n_user + self.n_history
        sides = (np.s_[:first], np.s_[first:last], np.s_[last:])
        sizes = np.stack([self.differs[..., side].sum(-1) for side in sides], -1).reshape(-1, 3)
        for size in distinct_values(sizes)[0]:
            if wanted(int(size.sum())):
                yield size, np.flatnonzero((sizes == size).all(1))

    def _batch(self, games: np.ndarray, size: np.ndarray) -> Batch:
        pair, row = np.divmod(games, self.n_rows)
        active = np.nonzero(self.differs[pair, row])[1].reshape(len(games), -1)
        return Batch(pair, row, active, int(size[0]), int(size[1]))


def values_without(games: ValueFunction) -> np.ndarray:
    """Values with one player taken from the background row, all others the example's: ``(n_rows, n_players)``."""
    return games.values(~np.eye(len(games.players), dtype=bool))
