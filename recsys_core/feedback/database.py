"""Database of the feedback log: its file, its tables, and who may open it.

SQLite in WAL mode through ``apsw``, as the SQLite that Python brings may be one that loses committed rows when a
checkpoint meets a writer (3.7.0 to 3.51.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from recsys_core.errors import WorkspaceError, require

FOLDER, FILE, LOCK = "serving", "feedback.sqlite", "feedback.lock"
LEAST_SQLITE = (3, 51, 3)
APPLICATION = 0x52634C6E  # "RcLn", which `file` and PRAGMA application_id show
FORMAT = 1  # PRAGMA user_version
BUSY_MS = 5_000
TABLES = """
CREATE TABLE lists (
    number INTEGER PRIMARY KEY AUTOINCREMENT, list_id TEXT NOT NULL UNIQUE, user_id TEXT, served REAL NOT NULL,
    version INTEGER NOT NULL, variant TEXT NOT NULL, items TEXT NOT NULL, scores TEXT NOT NULL,
    propensities TEXT NOT NULL, n_candidates INTEGER NOT NULL
) STRICT;
CREATE INDEX lists_by_time ON lists (served);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, item_id TEXT NOT NULL,
    outcome REAL NOT NULL, list_id TEXT, position INTEGER, score REAL, version INTEGER, propensity REAL,
    received REAL NOT NULL, time REAL, client TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_arrival ON events (received);
CREATE TABLE traffic (number INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, said TEXT NOT NULL) STRICT;
CREATE INDEX traffic_by_time ON traffic (time);
"""
NAMES = {"lists", "events", "traffic"}


def log_path(workspace: Path) -> Path:
    """The file of the workspace's feedback log, whether or not it is there."""
    return Path(workspace) / FOLDER / FILE


def open_writer(path: Path) -> apsw.Connection:
    """The one connection that writes: WAL, every commit synced to the disk (``synchronous=FULL``).

    The file is made where there is none. Raises ``WorkspaceError`` as `checked` does; a file that is refused keeps
    every byte.
    """
    check_sqlite()
    with said(path):
        if path.exists():  # before anything could write, and through SQLite: closing a file drops its locks
            reading = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
            try:
                is_new = checked(reading, path, whole=True)
            finally:
                reading.close()
        else:
            is_new = True
        connection = apsw.Connection(str(path))
        connection.set_busy_timeout(BUSY_MS)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if is_new:
            with connection:
                connection.execute(TABLES)
                connection.execute(f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT}")
        return connection


def open_reader(path: Path) -> apsw.Connection | None:
    """A connection that only reads, beside the writer or without one; None for a log that holds no tables yet."""
    check_sqlite()
    with said(path):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        connection.set_busy_timeout(BUSY_MS)
        try:
            is_new = checked(connection, path)
        except BaseException:
            connection.close()
            raise
        if is_new:
            connection.close()
            return None
        return connection


def checked(connection: apsw.Connection, path: Path, *, whole: bool = False) -> bool:
    """Whether the file is empty as yet; ``whole`` reads every page of it.

    Raises ``WorkspaceError``: ``feedback.foreign`` for another program's file, ``feedback.newer``,
    ``feedback.damaged``.
    """
    application, version = connection.pragma("application_id"), connection.pragma("user_version")
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not names and application == 0 and version == 0:
        return True
    require(application == APPLICATION, WorkspaceError, "feedback.foreign", path=path)
    require(version <= FORMAT, WorkspaceError, "feedback.newer", path=path, found=version, known=FORMAT)
    is_sound = names >= NAMES and (not whole or connection.pragma("integrity_check", 1) == "ok")
    require(is_sound, WorkspaceError, "feedback.damaged", path=path, reason="SQLITE_CORRUPT")
    return False


def check_sqlite(found: str = "") -> None:
    """Raise ``WorkspaceError`` (``feedback.sqlite``) where this process has a SQLite that may lose rows.

    >>> check_sqlite("3.54.1")
    >>> check_sqlite("3.40.1")
    Traceback (most recent call last):
    recsys_core.errors.WorkspaceError: the feedback log needs SQLite 3.51.3 or newer, as older ones may lose rows, ...
    """
    found = found or apsw.sqlite_lib_version()
    is_sound = tuple(int(part) for part in found.split(".")) >= LEAST_SQLITE
    least = ".".join(map(str, LEAST_SQLITE))
    require(is_sound, WorkspaceError, "feedback.sqlite", least=least, found=found)


@contextmanager
def said(path: Path) -> Iterator[None]:
    """Turn SQLite's faults into ours: what is no database, what is damaged, what the disk does not take."""
    try:
        yield
    except apsw.NotADBError:
        raise WorkspaceError("feedback.foreign", path=path) from None
    except (apsw.CorruptError, apsw.SQLError, apsw.FormatError) as fault:
        raise WorkspaceError("feedback.damaged", path=path, reason=_code(fault)) from None
    except (apsw.CantOpenError, apsw.PermissionsError, apsw.AuthError) as fault:
        raise WorkspaceError("feedback.unreadable", path=path, reason=_code(fault)) from None
    except (apsw.FullError, apsw.IOError, apsw.ReadOnlyError, apsw.BusyError, apsw.LockedError) as fault:
        key = "feedback.unreadable" if "READ" in _code(fault) else "feedback.full"
        raise WorkspaceError(key, path=path, reason=_code(fault)) from None


def _code(fault: apsw.Error) -> str:
    """SQLite's own name of a fault, such as ``SQLITE_IOERR_WRITE``."""
    number = getattr(fault, "extendedresult", 0)
    names = apsw.mapping_extended_result_codes | apsw.mapping_result_codes
    return str(names.get(number, number))
