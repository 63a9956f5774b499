"""Drift of served scores: against those of the held-out users (PSI), and against the stream's own past (ADWIN).

What is watched is one value a list, the mean score of its first ten places, as it would be if nothing had been taken
meanwhile: whoever takes what stands first is shown lower scores next time, and that is no drift. So a user's value is
that of the user's list in the reference, moved by how much the scores of the items on both lists have changed.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from recsys_core.monitoring.changes import ChangeFinder
from recsys_core.monitoring.reference import K, Reference
from recsys_core.monitoring.stability import WINDOW, bin_shares, stability_index, threshold
from recsys_core.results.monitoring import ScoreDrift
from recsys_core.results.serving import POPULARITY

if TYPE_CHECKING:
    import pandas as pd

MOST_RECENT = 100  # a user counts again after so many others
MOST_STRANGERS = 20_000
MOST_CHANGES = 100
NO_DRIFT = ScoreDrift(psi=None, threshold=None, n=0, n_reference=0, edges=(), reference=(), now=(), alarms=(), n_seen=0)


class _Seen(NamedTuple):
    """A list that counts: whose, its value, and the user's row in the reference (-1: a stranger to it)."""

    who: object
    value: float
    row: int


class DriftWatch:
    """Follows the lists of one version and variant as they are served.

    Attributes
    ----------
    n_seen, n_changes
        Lists that counted, and changes that were found in them.
    """

    def __init__(self, reference: Reference, user_index: pd.Index, item_index: pd.Index) -> None:
        self.reference = reference
        self._users, self._items = user_index, item_index
        self._values, self._moves = ChangeFinder(), ChangeFinder()
        self._window: deque[_Seen] = deque(maxlen=WINDOW)
        self._recent: deque[object] = deque()
        self._is_recent: set[object] = set()
        self._of_reference: dict[int, dict[int, float]] = {}
        self._of_strangers: OrderedDict[object, tuple[dict[int, float], float]] = OrderedDict()
        self._changed: deque[float] = deque(maxlen=MOST_CHANGES)
        self._since_change = 0
        self.n_seen = self.n_changes = 0

    def add(self, lists: pd.DataFrame, version: int) -> None:
        """Follow more lists (of `FeedbackReader.lists`); those of another version or variant are passed over."""
        wanted = (lists["version"] == version) & (lists["variant"] == self.reference.variant)
        lists = lists[wanted & (lists["variant"] != POPULARITY)]
        names = lists["user_id"].astype(object).where(lists["user_id"].notna(), None).tolist()
        users = self._users.get_indexer([name if name is not None else "" for name in names]).tolist()
        items = [listed[:K] for listed in lists["items"]]
        found = self._items.get_indexer([item for listed in items for item in listed]).tolist()
        begin = 0
        for name, user, scores, served in zip(names, users, lists["scores"], lists["served"], strict=True):
            scored = dict(zip(found[begin : begin + K], scores[:K], strict=False))
            begin += min(len(scores), K)
            if scored:
                self._see(name, user if name is not None else -1, scored, served)

    def drift(self) -> ScoreDrift:
        """Where the scores stand now."""
        reference = self.reference
        newest = {seen.who: seen for seen in self._window}  # one value a user
        now = bin_shares(np.array([seen.value for seen in newest.values()]), reference.edges)
        expected = self._expected(np.array([seen.row for seen in newest.values()], dtype=np.int64))
        limit = threshold(len(newest), reference.shares, reference.n)
        return ScoreDrift(
            psi=None if limit is None else float(stability_index(now, expected, len(newest))),
            threshold=limit,
            n=len(newest),
            n_reference=reference.n,
            edges=tuple(reference.edges.tolist()),
            reference=tuple(expected.tolist()),
            now=tuple(now.tolist()),
            alarms=tuple(self._changed),
            n_seen=self.n_seen,
        )

    @property
    def is_changing(self) -> bool:
        """Whether a change was found within the last 500 lists that counted."""
        return bool(self._changed) and self._since_change < WINDOW

    def _expected(self, rows: np.ndarray) -> np.ndarray:
        """Shares of the same users' reference lists in its tenths; of somebody that it does not hold, all of it.

        So that a day on which other people ask is no drift of what each is shown.
        """
        reference = self.reference
        known = rows[rows >= 0]
        if not len(known):
            return reference.shares
        own = bin_shares(reference.value[known], reference.edges)
        share = len(known) / len(rows)
        return share * own + (1 - share) * reference.shares

    def _see(self, name: str | None, user: int, scored: dict[int, float], served: float) -> None:
        row = self.reference.row(user) if user >= 0 else -1
        value, moved = self._of_user(row, scored) if row >= 0 else self._of_stranger(name, scored)
        if value is None:
            return
        who = object() if name is None else name
        self._window.append(_Seen(who, value, row))
        if not self._is_new(who):
            return
        self.n_seen += 1
        self._since_change += 1
        spread = self.reference.spread
        is_found = self._values.add((value - self.reference.mean) / spread)
        is_found |= moved is not None and self._moves.add(moved / spread)
        if is_found and not self.is_changing:
            self._changed.append(served)
            self.n_changes += 1
            self._since_change = 0

    def _of_user(self, row: int, scored: dict[int, float]) -> tuple[float, float | None]:
        """A list's value as if nothing had been taken since the reference, and how far that is from it."""
        reference = self.reference
        if row not in self._of_reference:
            pairs = zip(reference.items[row].tolist(), reference.scores[row].tolist(), strict=True)
            self._of_reference[row] = dict(pairs)
        moved = _moved(self._of_reference[row], scored)
        own = float(reference.value[row])
        value = sum(scored.values()) / len(scored) if moved is None else own + moved
        return value, value - own

    def _of_stranger(self, name: str | None, scored: dict[int, float]) -> tuple[float | None, float | None]:
        """The same since the first list that was seen; None where too little is left of the last one."""
        if name is None or name not in self._of_strangers:
            value, total = sum(scored.values()) / len(scored), None
        else:
            before, value = self._of_strangers.pop(name)
            total = _moved(before, scored)
            if total is None:
                return None, None
            value += total
        if name is not None:
            self._of_strangers[name] = (scored, value)
            if len(self._of_strangers) > MOST_STRANGERS:
                self._of_strangers.popitem(last=False)
        return value, None

    def _is_new(self, who: object) -> bool:
        """Whether a user has not counted lately: somebody who asks ten times in a row is one value, not ten."""
        if who in self._is_recent:
            return False
        self._recent.append(who)
        self._is_recent.add(who)
        if len(self._recent) > min(MOST_RECENT, max(1, self.reference.n // 4)):
            self._is_recent.discard(self._recent.popleft())
        return True


def _moved(before: Mapping[int, float], now: Mapping[int, float]) -> float | None:
    """Mean change of the scores of the items that both lists hold; None where that is less than half of ``now``."""
    changes = [score - before[item] for item, score in now.items() if item in before]
    return sum(changes) / len(changes) if 2 * len(changes) >= len(now) else None
