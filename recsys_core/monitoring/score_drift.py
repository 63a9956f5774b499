"""Drift of served scores: against those of the held-out users (PSI), and against the stream's own past (ADWIN).

What is watched is one value a list, the mean score of its first ten places, as it would be if nothing had been taken
meanwhile: whoever takes what stands first is shown lower scores next time, and that is no drift. So a user's value is
that of the user's list in the reference, moved by how much the scores of the items on both lists have changed.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING

import numpy as np

from recsys_core.live.engine import POPULARITY
from recsys_core.monitoring.reference import K, Reference
from recsys_core.monitoring.stability import WINDOW, bin_shares, stability_index, threshold
from recsys_core.results.monitoring import ScoreDrift

if TYPE_CHECKING:
    import pandas as pd

LEAST_CHANGE = 0.2  # standard deviations of the reference: a smaller change is none that anybody would act on
MOST_RECENT = 100  # a user counts again after so many others
MOST_STRANGERS = 20_000
FARTHEST = 6.0  # standard deviations: one value beyond does not decide alone
NO_DRIFT = ScoreDrift(psi=None, threshold=None, n=0, n_reference=0, edges=(), reference=(), now=(), alarms=(), n_seen=0)


class DriftWatch:
    """Follows the lists of one version and variant as they are served."""

    def __init__(self, reference: Reference, user_index: pd.Index, item_index: pd.Index) -> None:
        from river.drift import ADWIN

        self.reference = reference
        self._users, self._items = user_index, item_index
        self._adwin = ADWIN()
        self._window: deque[tuple[object, float, int]] = deque(maxlen=WINDOW)
        self._recent: deque[object] = deque()
        self._counts: dict[object, int] = {}
        self._last: OrderedDict[object, tuple[dict[int, float], float]] = OrderedDict()
        self._changed: list[float] = []
        self._since_change = 0
        self.n_seen = 0

    def add(self, lists: pd.DataFrame, version: int) -> int:
        """Follow more lists (of `FeedbackReader.lists`), those of another version or variant passed over.

        Returns how many changes were found in them.
        """
        wanted = (lists["version"] == version) & (lists["variant"] == self.reference.variant)
        lists = lists[wanted & (lists["variant"] != POPULARITY)]
        before = len(self._changed)
        named = lists["user_id"].notna().to_numpy()
        names = lists["user_id"].astype(object).to_numpy()
        user = np.full(len(lists), -1)
        user[named] = self._users.get_indexer(names[named])
        columns = (lists["items"], lists["scores"], lists["served"])
        for own, name, items, scores, served in zip(user.tolist(), names, *columns, strict=True):
            if len(items):
                row = self.reference.row(own) if own >= 0 else -1
                self._see(row, name, self._items.get_indexer(items[:K]), np.array(scores[:K], dtype=float), served)
        return len(self._changed) - before

    def drift(self) -> ScoreDrift:
        """Where the scores stand now."""
        reference = self.reference
        newest = {who: (value, row) for who, value, row in self._window}  # one value a user, the newest
        values = np.array([value for value, _ in newest.values()])
        rows = np.array([row for _, row in newest.values()], dtype=np.int64)
        now = bin_shares(values, reference.edges)
        expected = self._expected(rows)
        limit = threshold(len(values), reference.shares, reference.n)
        return ScoreDrift(
            psi=None if limit is None else float(stability_index(now, expected, len(values))),
            threshold=limit,
            n=len(values),
            n_reference=reference.n,
            edges=tuple(reference.edges.tolist()),
            reference=tuple(expected.tolist()),
            now=tuple(now.tolist()),
            alarms=tuple(self._changed),
            n_seen=self.n_seen,
        )

    @property
    def is_changing(self) -> bool:
        """Whether a change was found within the last 500 values."""
        return bool(self._changed) and self._since_change < WINDOW

    def _expected(self, rows: np.ndarray) -> np.ndarray:
        """Shares of the same users' reference lists in its tenths; of somebody that it does not hold, all of it."""
        reference = self.reference
        known = rows[rows >= 0]
        if not len(known):
            return reference.shares
        own = bin_shares(reference.value[known], reference.edges)
        share = len(known) / len(rows)
        return share * own + (1 - share) * reference.shares

    def _see(self, row: int, name: object, items: np.ndarray, scores: np.ndarray, served: float) -> None:
        value = self._value(row, name, items, scores)
        if value is None:
            return
        who = name if name is not None else object()
        self._window.append((who, value, row))
        if not self._is_new(who):
            return
        self.n_seen += 1
        self._since_change += 1
        self._follow(float(np.clip((value - self.reference.mean) / self.reference.spread, -FARTHEST, FARTHEST)), served)

    def _value(self, row: int, name: object, items: np.ndarray, scores: np.ndarray) -> float | None:
        """The list's value as if nothing had been taken since the reference, or since the first list of a stranger."""
        reference = self.reference
        if row >= 0:
            before, value = (
                dict(zip(reference.items[row].tolist(), reference.scores[row].tolist(), strict=True)),
                (float(reference.value[row])),
            )
        elif name in self._last:
            before, value = self._last.pop(name)
        else:
            before, value = {}, 0.0
        moved = [s - before[i] for i, s in zip(items.tolist(), scores.tolist(), strict=True) if i in before]
        raw = float(scores.mean())
        if before and 2 * len(moved) < len(items) and row < 0:
            return None  # a stranger who has taken most of the list: nothing to compare
        adjusted = value + float(np.mean(moved)) if 2 * len(moved) >= len(items) and moved else raw
        if row < 0 and name is not None:
            self._last[name] = (dict(zip(items.tolist(), scores.tolist(), strict=True)), adjusted)
            if len(self._last) > MOST_STRANGERS:
                self._last.popitem(last=False)
        return adjusted

    def _is_new(self, who: object) -> bool:
        """Whether a user has not counted lately: somebody who asks ten times in a row is one value, not ten."""
        if who in self._counts:
            return False
        self._recent.append(who)
        self._counts[who] = 1
        if len(self._recent) > min(MOST_RECENT, max(1, self.reference.n // 4)):
            del self._counts[self._recent.popleft()]
        return True

    def _follow(self, value: float, served: float) -> None:
        """ADWIN (Bifet & Gavaldà 2007); a change that it finds counts where it is large enough to matter."""
        adwin = self._adwin
        width, mean = adwin.width, adwin.estimation
        adwin.update(value)
        if not adwin.drift_detected:
            return
        dropped = width + 1 - adwin.width
        left = ((width * mean + value) - adwin.width * adwin.estimation) / max(dropped, 1)
        if abs(adwin.estimation - left) >= LEAST_CHANGE:
            self._changed.append(served)
            self._since_change = 0
