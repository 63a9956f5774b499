"""Results of the feedback log: what an append kept, what the log holds, and its sealed days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsys_core.results.dataclass_json import to_json
from recsys_core.results.serving import FeedbackEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of one batch of events.

    Attributes
    ----------
    accepted, duplicates
        Events that are new in the log, and events whose id it held already (or that stood twice in the batch).
    new
        The accepted ones in the log's order.
    upto
        ``seq`` of the log's last event after this batch; 0 for an empty log.
    """

    accepted: int
    duplicates: int
    new: tuple[FeedbackEvent, ...]
    upto: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedDay:
    """The events of one day (UTC, by the time of arrival) in a Parquet file; ``is_new`` where this call wrote it."""

    day: str
    n_events: int
    first_seq: int
    last_seq: int
    is_new: bool

    def to_json(self) -> dict[str, Any]:
        return to_json(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFeedback:
    """How many lists one version made, and how many events stand on them."""

    version: int
    n_lists: int
    n_events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackSummary:
    """What a feedback log holds.

    Attributes
    ----------
    n_events, n_users, n_items, n_clients
        Events, and different users, items and clients among them.
    n_lists, n_events_on_lists
        Served lists, and events that name one.
    mean_outcome
        On the scale of the outcome; None without events.
    first, last
        Arrival of the first and of the last event, ISO 8601 in UTC; None without events.
    last_seq
        Number of the last event, 0 without any.
    versions
        By version that served, ascending.
    """

    n_events: int
    n_users: int
    n_items: int
    n_clients: int
    n_lists: int
    n_events_on_lists: int
    mean_outcome: float | None
    first: str | None
    last: str | None
    last_seq: int
    versions: tuple[VersionFeedback, ...]

    def to_json(self) -> dict[str, Any]:
        return to_json(self)
