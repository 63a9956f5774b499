"""Log state: what has been read of a feedback log, so that the next look reads only what is new."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from recsys_core.feedback import FeedbackReader
from recsys_core.live.histories import positive_outcomes
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.monitoring.served_lists import HORIZON_SECONDS, MOST_LISTS, ServedLists
from recsys_core.results.traffic import Traffic

CHUNK = 20_000
KEPT_SECONDS = (
    86_400.0  # traffic that is kept longer than it was last asked for: a page may ask for an hour, then a day
)
MOST_DELAYS = 5_000


class LogState:
    """Events, lists and traffic of a log, in the little that figures need of them.

    Attributes
    ----------
    lists
        The newest served lists, joined with their feedback.
    received, positive
        ``(n,)`` of every event: when it arrived, and whether it is a positive by the task's rule.
    delays
        Seconds from a list to its feedback, of the newest events.
    traffic
        Rows that the server wrote since the earliest time asked for, the oldest first.
    upto
        ``seq`` of the last event.
    """

    def __init__(
        self,
        reader: FeedbackReader,
        split_dataset: SplitDataset,
        *,
        horizon: float = HORIZON_SECONDS,
        most: int = MOST_LISTS,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        self._reader, self._split_dataset, self._between = reader, split_dataset, between
        self.lists = ServedLists(split_dataset, horizon=horizon, most=most)
        self.received, self.positive = np.zeros(0), np.zeros(0, dtype=bool)
        self.delays = np.zeros(0)
        self.traffic: list[Traffic] = []
        self.upto = 0
        self._people: set[int] = set()
        self._last_list: int | None = None
        self._traffic_since: float | None = None
        self._last_traffic = 0
        self._heard: list[Callable[[pd.DataFrame], None]] = []

    @property
    def n_users(self) -> int:
        """People who sent feedback."""
        return len(self._people)

    def on_lists(self, hear: Callable[[pd.DataFrame], None]) -> None:
        """Have every further frame of lists told to ``hear``."""
        self._heard.append(hear)

    def read(self, traffic_since: float) -> None:
        """Read what is new; of traffic at least what was written since ``traffic_since``.

        Events are counted up to where the log ended before the lists were read, so that each finds its list.
        """
        upto = self._reader.last_seq
        self._read_lists()
        while self.upto < upto:
            ends = min(upto, self.upto + CHUNK)
            self._add_events(self._reader.events(self.upto, ends))
            self.upto = ends
            self._between()
        self._read_traffic(traffic_since)

    def _read_lists(self) -> None:
        last = self._reader.last_list
        if self._last_list is None:
            self._last_list = max(0, last - self.lists.most)
        while self._last_list < last:
            ends = min(last, self._last_list + CHUNK)
            found = self._reader.lists(after=self._last_list, last=ends)
            self.lists.add_lists(found)
            for hear in self._heard:
                hear(found)
            self._last_list = ends
            self._between()

    def _add_events(self, events: pd.DataFrame) -> None:
        delays = self.lists.add_events(events)
        self.delays = np.concatenate([self.delays, delays])[-MOST_DELAYS:]
        positive = positive_outcomes(self._split_dataset, events["outcome"].to_numpy(np.float32))
        self.received = np.concatenate([self.received, events["received"].to_numpy(float)])
        self.positive = np.concatenate([self.positive, positive])
        self._people.update(map(hash, events["user_id"].tolist()))

    def _read_traffic(self, since: float) -> None:
        last = self._reader.last_traffic
        if self._traffic_since is None or since < self._traffic_since:
            self.traffic, self._traffic_since = list(self._reader.traffic(since, last=last)), since
        elif last > self._last_traffic:
            self.traffic += self._reader.traffic(after=self._last_traffic, last=last)
        self._last_traffic = last
        self._traffic_since = max(self._traffic_since, since - KEPT_SECONDS)
        kept = [row for row in self.traffic[:-1] if row.time >= self._traffic_since]
        self.traffic = kept + self.traffic[-1:]  # the newest says what is served, whatever its clock
