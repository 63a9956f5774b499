"""Folders written aside and renamed, JSON with a format mark, checksums: nothing half-written stays."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from recsys_core.errors import DataError, Phrase, SettingError, WorkspaceError, phrase

KEPT = "serving"  # what people did with what they were shown: no new training throws it away

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def atomic_folder(folder: Path, what: Phrase, *, marker: str) -> Iterator[Path]:
    """Yield a fresh folder beside ``folder``; rename it into place when the block succeeds.

    An existing ``folder`` is replaced only where it holds ``marker`` (it is ours) or is empty;
    anything else raises ``SettingError`` before work starts. On any error, interruption
    included, the fresh folder is removed and the old one is left as it was. Its folder ``serving`` moves to the new
    one as it is: a service that writes into it meanwhile notices nothing.
    """
    folder = folder.absolute()
    if folder.exists() and not (folder.is_dir() and ((folder / marker).exists() or not any(folder.iterdir()))):
        raise SettingError("output.exists", path=folder, what=what)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with fresh_folder(folder) as aside:
        yield aside
        aside.chmod(0o755)
        with locked(folder.parent):
            _put_in_place(aside, folder)


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """Yield a new hidden folder beside ``folder`` to write into, which is removed unless the block renames it.

    What runs that were killed left behind for the same ``folder`` is cleared away first; a folder that another
    process still writes into is locked by it, and stays.
    """
    aside = folder.parent / f"{_hidden(folder)}{secrets.token_hex(4)}"
    with ExitStack() as held:
        try:  # the name comes first: an interruption between name and folder leaves nothing
            with locked(folder.parent):
                _clear_leftovers(folder)
                aside.mkdir(mode=0o700)
                held.enter_context(locked(aside))
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a folder and yield True; without ``wait``, False where another process holds it.

    The system takes it back when a process ends, however it ends. Where there are no such locks nobody waits, and
    nothing counts as free.
    """
    handle = _lock(folder, wait=wait)
    try:
        yield wait or handle is not None
    finally:
        if handle is not None:
            os.close(handle)


def _lock(folder: Path, *, wait: bool) -> int | None:
    """An open handle that holds the lock; None where it is not to be had, as on some network disks."""
    if fcntl is None:
        return None
    handle = None
    try:
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        if handle is not None:
            os.close(handle)
        return None
    return handle


def _hidden(folder: Path) -> str:
    return f".{folder.name[:100]}."


def _clear_leftovers(folder: Path) -> None:
    """Remove what killed runs left beside ``folder``; an old one that was just being replaced comes back."""
    ours = re.compile(re.escape(_hidden(folder)) + r"(old\.)?[0-9a-f]{8}")
    with suppress(OSError):  # whose folder may not be listed clears nothing away
        for left in [path for path in folder.parent.iterdir() if ours.fullmatch(path.name) and path.is_dir()]:
            _clear(left, folder)


def _clear(left: Path, folder: Path) -> None:
    with locked(left, wait=False) as free:
        if not free:
            return
        if not folder.exists() and left.name.startswith(f"{_hidden(folder)}old.") and (left / folder.name).is_dir():
            os.rename(left / folder.name, folder)
        kept = left / folder.name / KEPT
        if kept.is_dir():  # killed between the two renames of `_put_in_place`
            if (folder / KEPT).exists():
                return  # both hold what people did: that is for a person
            os.rename(kept, folder / KEPT)
        shutil.rmtree(left, ignore_errors=True)


def _put_in_place(aside: Path, folder: Path) -> None:
    """Rename ``aside`` to ``folder``, with what is kept of an old one, which comes back where that fails."""
    if not folder.exists():
        os.rename(aside, folder)
        return
    old = folder.parent / f"{_hidden(folder)}old.{secrets.token_hex(4)}"
    old.mkdir(mode=0o700)
    os.rename(folder, old / folder.name)
    try:
        os.rename(aside, folder)
    except OSError:
        os.rename(old / folder.name, folder)
        shutil.rmtree(old, ignore_errors=True)
        raise
    if (old / folder.name / KEPT).is_dir():
        if (folder / KEPT).exists():  # made by whoever looked for it between the two renames
            os.rename(folder / KEPT, old / KEPT)
        os.rename(old / folder.name / KEPT, folder / KEPT)
    shutil.rmtree(old, ignore_errors=True)


def atomic_write(path: Path, data: bytes) -> None:
    """Write a single file aside, then rename it over ``path``."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def without_nan(value: object) -> object:
    """The same for JSON, which has no NaN: figures without a meaning become null, keys text, arrays' scalars numbers.

    >>> without_nan({1: (float("nan"), 2.0)})
    {'1': [None, 2.0]}
    """
    if isinstance(value, dict):
        return {str(k): without_nan(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_checked_json(path: Path, format_mark: str, what: str) -> dict:
    """Read one of our JSON files, of a ``dataset`` or a ``workspace``.

    Raises ``DataError`` or ``WorkspaceError`` (``….damaged``) for a damaged one, ``WorkspaceError``
    (``workspace.foreign``) for one of another program.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        error, reason = DataError if what == "dataset" else WorkspaceError, phrase("reason.unreadable")
        raise error(f"{what}.damaged", path=path.parent, file=path.name, reason=reason) from None
    if not isinstance(data, dict) or data.get("format") != format_mark:
        found = data.get("format") if isinstance(data, dict) else type(data).__name__
        reason = phrase("reason.format", value=found)
        raise WorkspaceError("workspace.foreign", path=path.parent, file=path.name, reason=reason)
    return data


def format_of(file: Path) -> object:
    """The format mark of one of our JSON files; None where it has none or cannot be read."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return data.get("format") if isinstance(data, dict) else None
