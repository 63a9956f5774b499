"""Changes of a stream of values: found by ADWIN, counted where they are large enough to matter."""

from __future__ import annotations

from collections import deque

import numpy as np

LEAST_CHANGE = 0.2  # standard deviations: a smaller change is none that anybody would act on
RECENT = 500  # values that are looked back upon for when a change began
LEAST_RECENT = 20
FARTHEST = 6.0  # standard deviations: one value beyond does not decide alone


class ChangeFinder:
    """Follows values in standard deviations and says when their mean has changed by a fifth of one or more.

    ADWIN (Bifet & Gavaldà 2007) says that there is a change, whatever its size: in a long stream also one that is far
    too small to matter. It counts where the newest values lie ``LEAST_CHANGE`` away from all before, parted where the
    two differ most; then the stream is followed anew from there, so that one change is found once.
    """

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._start_anew()

    def add(self, value: float) -> bool:
        """Follow one more value; whether a change is found with it."""
        value = min(max(value, -FARTHEST), FARTHEST)
        self._recent.append(value)
        self._n += 1
        self._total += value
        self._adwin.update(value)
        if not self._adwin.drift_detected:
            return False
        size, newest = self._largest()
        if abs(size) < LEAST_CHANGE:
            return False
        kept = list(self._recent)[-newest:]
        self._recent.clear()
        self._start_anew()
        for old in kept:
            self._recent.append(old)
            self._n += 1
            self._total += old
            self._adwin.update(old)
        return True

    def _start_anew(self) -> None:
        from river.drift import ADWIN

        self._adwin, self._n, self._total = ADWIN(), 0, 0.0

    def _largest(self) -> tuple[float, int]:
        """How far the newest values lie from all before them, and how many they are, where that is surest."""
        newest = np.cumsum(np.array(self._recent)[::-1])
        size = np.arange(1, len(newest) + 1)
        left = self._n - size
        tried = (size >= LEAST_RECENT) & (left >= LEAST_RECENT)
        if not tried.any():
            return 0.0, 0
        size, left, newest = size[tried], left[tried], newest[tried]
        moved = newest / size - (self._total - newest) / left
        best = int(np.argmax(moved**2 * size * left / self._n))
        return float(moved[best]), int(size[best])
