"""Sealed days: the events of each day that is over, in a Parquet file for batch work.

The log keeps every event: sealing copies and never removes, so that a retry of any age is known as a duplicate and a
day can be sealed again. A day (UTC) is that of the arrival; where the clock went back and events came to a day that was
sealed, the next sealing writes that day again.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_core.errors import WorkspaceError, require
from recsys_core.feedback.database import FOLDER
from recsys_core.feedback.reader import FeedbackReader
from recsys_core.results.feedback import SealedDay

if TYPE_CHECKING:
    import pandas as pd

SEALED = "sealed"
MARK, FORMAT = b"reclens", "reclens-sealed-1"


def sealed_path(workspace: Path, day: str) -> Path:
    """The file of a day, ``2026-01-31``."""
    return Path(workspace) / FOLDER / SEALED / f"day={day}.parquet"


def seal_days(workspace: Path, *, today: date | None = None) -> tuple[SealedDay, ...]:
    """Every day with events before ``today`` (UTC, the present day where None), in a file that was read back.

    Any process may do it, beside the service or without one, as often as it likes: a file that holds its day is left
    as it is, and two processes write the same bytes.

    Raises
    ------
    WorkspaceError
        ``feedback.sealed_more`` where a file holds more than the log; ``feedback.full`` where a file does not read
        back as it was written; as `FeedbackReader`.
    OSError
        Where it cannot be written.
    """
    reader = FeedbackReader(workspace)
    end = today or datetime.now(UTC).date()
    return tuple(_seal(reader, sealed_path(workspace, str(day)), day) for day in reader.days() if day < end)


def sealed_days(workspace: Path) -> tuple[SealedDay, ...]:
    """The days that are sealed, oldest first."""
    files = sorted((Path(workspace) / FOLDER / SEALED).glob("day=*.parquet"))
    return tuple(found for path in files if (found := _about(path)) is not None)


def _seal(reader: FeedbackReader, path: Path, day: date) -> SealedDay:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    events = reader.events(since=start.timestamp(), before=(start + timedelta(days=1)).timestamp())
    sequence = events["seq"]
    made = SealedDay(
        day=str(day), n_events=len(events), first_seq=int(sequence.min()), last_seq=int(sequence.max()), is_new=True
    )
    there = _about(path)
    if there is not None:
        if (there.n_events, there.first_seq, there.last_seq) == (made.n_events, made.first_seq, made.last_seq):
            return there
        more = there.n_events > made.n_events
        counts = {"sealed": there.n_events, "found": made.n_events}
        require(not more, WorkspaceError, "feedback.sealed_more", path=path, **counts)
    _write(events, path, made)
    return made


def _write(events: pd.DataFrame, path: Path, made: SealedDay) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    about = {"format": FORMAT, **{k: v for k, v in made.to_json().items() if k != "is_new"}}
    table = pa.Table.from_pandas(events, preserve_index=False)
    table = table.replace_schema_metadata({**table.schema.metadata, MARK: json.dumps(about)})
    path.parent.mkdir(exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        same = pq.read_table(aside).equals(table, check_metadata=True)
        require(same, WorkspaceError, "feedback.full", path=path, reason="Parquet")
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _about(path: Path) -> SealedDay | None:
    """What a file says that it holds; None where there is none or it is not whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_metadata(path)
        about: dict[str, Any] = json.loads((found.metadata or {}).get(MARK, b"null"))
        if about.pop("format") != FORMAT or about["n_events"] != found.num_rows:
            return None
        return SealedDay(**about, is_new=False)
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError, AttributeError):
        return None
