"""Reader of the feedback log: what any process may ask, beside the writer or without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_core.errors import WorkspaceError
from recsys_core.feedback.database import log_path, open_reader, said
from recsys_core.results.dataclass_json import from_json
from recsys_core.results.feedback import FeedbackSummary, VersionFeedback
from recsys_core.results.traffic import Traffic

if TYPE_CHECKING:
    import apsw
    import pandas as pd

EVENTS = (
    *("seq", "event_id", "user_id", "item_id", "outcome", "list_id", "position", "score", "version", "propensity"),
    *("received", "time", "client"),
)
LISTS = (
    *("number", "list_id", "user_id", "served", "version", "variant", "items", "scores", "propensities"),
    "n_candidates",
)
NUMBERS = {
    **dict.fromkeys(("outcome", "score", "propensity", "received", "time", "served"), "float64"),
    **dict.fromkeys(("seq", "number", "n_candidates"), "int64"),
    **dict.fromkeys(("position", "version"), "Int64"),  # an event on no list has neither
}
PART_ROWS = 20_000
SUMMARY = """
SELECT count(*), count(DISTINCT user_id), count(DISTINCT item_id), count(DISTINCT client), count(list_id),
       avg(outcome), min(received), max(received), coalesce(max(seq), 0)
FROM events
"""
VERSIONS = """
SELECT version, sum(n_lists), sum(n_events) FROM (
    SELECT version, count(*) AS n_lists, 0 AS n_events FROM lists GROUP BY version
    UNION ALL SELECT version, 0, count(*) FROM events WHERE version IS NOT NULL GROUP BY version
) GROUP BY version ORDER BY version
"""


class FeedbackReader:
    """The feedback log of the workspace in ``workspace``, from the disk; empty where there is none yet.

    Every question opens the log and closes it again, so none holds the writer up. All raise ``WorkspaceError``:
    ``feedback.foreign``, ``feedback.newer``, ``feedback.damaged``, ``feedback.unreadable``.
    """

    def __init__(self, workspace: Path) -> None:
        self.path = log_path(workspace)

    @property
    def last_seq(self) -> int:
        """``seq`` of the last event; 0 without any."""
        with self._open() as connection:
            return self._rows(connection, "SELECT coalesce(max(seq), 0) FROM events")[0][0] if connection else 0

    def events(
        self, after: int = 0, upto: int | None = None, *, since: float | None = None, before: float | None = None
    ) -> pd.DataFrame:
        """Events in the order in which they arrived.

        Parameters
        ----------
        after, upto
            ``seq`` above ``after`` and up to ``upto`` (all where None).
        since, before
            Received at ``since`` or later, and before ``before`` (seconds since 1970).

        Returns
        -------
        pandas.DataFrame
            ``seq event_id user_id item_id outcome list_id position score version propensity received time client``.
            ``position`` (from 1), ``score`` (logit), ``version`` and ``propensity`` are those of the event's list,
            missing without one; an item that was not on it has the version alone. ``received`` is the service's
            clock, ``time`` the client's (NaN where it sent none).
        """
        wanted = [("seq > ?", after), ("seq <= ?", upto), ("received >= ?", since), ("received < ?", before)]
        with self._open() as connection:
            return self._frame(connection, "events", EVENTS, wanted)

    def days(self) -> tuple[date, ...]:
        """The days (UTC) on which events arrived, ascending."""
        query = "SELECT DISTINCT CAST(floor(received / 86400) AS INTEGER) FROM events ORDER BY 1"
        with self._open() as connection:
            rows = self._rows(connection, query) if connection else []
            return tuple(date(1970, 1, 1) + timedelta(days=number) for (number,) in rows)

    @property
    def last_list(self) -> int:
        """``number`` of the last list that was noted; 0 without any."""
        with self._open() as connection:
            return self._rows(connection, "SELECT coalesce(max(number), 0) FROM lists")[0][0] if connection else 0

    def lists(
        self,
        since: float | None = None,
        upto: float | None = None,
        *,
        after: int | None = None,
        last: int | None = None,
    ) -> pd.DataFrame:
        """Served lists in the order in which they were noted.

        Parameters
        ----------
        since, upto
            Served at ``since`` or later, and before ``upto`` (seconds since 1970).
        after, last
            ``number`` above this, and up to this: what came since an earlier call.

        Returns
        -------
        pandas.DataFrame
            ``number list_id user_id served version variant items scores propensities n_candidates``; ``items``,
            ``scores`` and ``propensities`` are tuples, first place first.
        """
        wanted = [("served >= ?", since), ("served < ?", upto), ("number > ?", after), ("number <= ?", last)]
        with self._open() as connection:
            found = self._frame(connection, "lists", LISTS, wanted).astype({"version": "int64"})
            for column in ("items", "scores", "propensities"):
                found[column] = [tuple(json.loads(text)) for text in found[column]]
            return found

    @property
    def last_traffic(self) -> int:
        """Number of the last row of traffic; 0 without any."""
        with self._open() as connection:
            return self._rows(connection, "SELECT coalesce(max(number), 0) FROM traffic")[0][0] if connection else 0

    def traffic(self, since: float | None = None, *, after: int = 0, last: int | None = None) -> tuple[Traffic, ...]:
        """Rows of traffic in the order in which they were noted; seven days are kept.

        Those of ``since`` (seconds since 1970) and later; whose number is above ``after`` and up to ``last`` (see
        `last_traffic`): what came since an earlier call, whatever the clock did meanwhile.
        """
        query = "SELECT said FROM traffic WHERE time >= ? AND number > ? AND number <= ? ORDER BY number"
        values = (-1e300 if since is None else since, after, 2**62 if last is None else last)
        with self._open() as connection:
            rows = self._rows(connection, query, *values) if connection else []
            return tuple(from_json(Traffic, json.loads(said)) for (said,) in rows)

    def summary(self) -> FeedbackSummary:
        """How much the log holds, of whom, since when, and by version."""
        with self._open() as connection:
            counts = self._rows(connection, SUMMARY)[0] if connection else (0, 0, 0, 0, 0, None, None, None, 0)
            n_lists = self._rows(connection, "SELECT count(*) FROM lists")[0][0] if connection else 0
            versions = self._rows(connection, VERSIONS) if connection else []
            return _summary(counts, n_lists, versions)

    def _frame(
        self,
        connection: apsw.Connection | None,
        table: str,
        columns: tuple[str, ...],
        wanted: list[tuple[str, Any]],
    ) -> pd.DataFrame:
        import pandas as pd

        asked = [(condition, value) for condition, value in wanted if value is not None]
        where = " AND ".join(condition for condition, _ in asked) or "TRUE"
        query = f"SELECT {', '.join(columns)} FROM {table} WHERE {where} ORDER BY {columns[0]}"
        rows = connection.execute(query, [value for _, value in asked]) if connection else iter(())
        parts = [_table(columns, part) for part in _parts(rows)]
        return pd.concat(parts, ignore_index=True) if parts else _table(columns, [])

    def _rows(self, connection: apsw.Connection, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return connection.execute(query, values).fetchall()

    @contextmanager
    def _open(self) -> Iterator[apsw.Connection | None]:
        """A connection within one view of the log, None where there is no log."""
        if not self.path.exists():
            yield None
            return
        with said(self.path):
            connection = open_reader(self.path)
            if connection is None:
                yield None
                return
            try:
                connection.execute("BEGIN")
                yield connection
            except (ValueError, TypeError, KeyError, OverflowError) as fault:  # a cell that no writer of ours wrote
                raise WorkspaceError("feedback.damaged", path=self.path, reason=type(fault).__name__) from None
            finally:
                connection.close()


def _parts(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Some thousand rows at a time: as Python's own values all of them would take ten times a table's memory."""
    while part := list(islice(rows, PART_ROWS)):
        yield part


def _table(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    import pandas as pd

    by_column = zip(*rows, strict=True) if rows else ((),) * len(columns)
    kinds = {name: NUMBERS.get(name, "str") for name in columns}
    return pd.DataFrame(
        {name: pd.Series(values, dtype=kinds[name]) for name, values in zip(columns, by_column, strict=True)}
    )


def _summary(counts: tuple[Any, ...], n_lists: int, versions: list[tuple[Any, ...]]) -> FeedbackSummary:
    n_events, n_users, n_items, n_clients, n_on_lists, mean, first, last, last_seq = counts
    return FeedbackSummary(
        n_events=n_events,
        n_users=n_users,
        n_items=n_items,
        n_clients=n_clients,
        n_lists=n_lists,
        n_events_on_lists=n_on_lists,
        mean_outcome=mean,
        first=_iso(first),
        last=_iso(last),
        last_seq=last_seq,
        versions=tuple(VersionFeedback(version=v, n_lists=n, n_events=k) for v, n, k in versions),
    )


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
