"""What the Monitor page asks of a workspace's log: read again only where one of its files has changed, in a job."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.cached.cache import lru_shared
from dashboard.cached.workspace import workspace
from dashboard.jobs import Job, shared_queue
from dashboard.workspaces import WorkspaceRef
from recsys_core.feedback.database import FILE, FOLDER, log_path
from recsys_core.learning import promote_held, refuse_held, roll_back
from recsys_core.learning.acts import taught_by
from recsys_core.models.model_store import ABOUT, ModelStore
from recsys_core.results.learning import Decision
from recsys_core.results.monitoring import MonitorReport
from recsys_core.results.serving import ServedVersion
from recsys_core.versions import DecisionLog, Versions

if TYPE_CHECKING:
    from recsys_core.monitoring import Monitor

LOG_FILES, VERSION_FILES = (FILE, f"{FILE}-wal"), ("decisions.jsonl", "versions.json")
Mark = tuple[tuple[int, int], ...]
MOST_LATEST = 32
SWAP_SECONDS = 15.0  # a server swaps within a second and writes what it serves every five


@dataclass(frozen=True, slots=True)
class View:
    """What of the log is looked at: groups of which user column, how far back, and the least size of a group."""

    by: str
    window: str
    least: int


def has_log(folder: Path) -> bool:
    """Whether anything was ever served from a workspace."""
    return log_path(folder).exists()


def mark(folder: Path) -> Mark:
    """State of the log's files: as long as it stays the same, nothing was written; costs no reading."""
    return _states(folder / FOLDER, LOG_FILES)


def marks(folder: Path) -> tuple[Mark, Mark]:
    """State of all that the page shows, and of the workspace itself, whose change concerns the frame, too."""
    models = _states(folder, ("workspace.json", "models"))
    return _states(folder / FOLDER, (*LOG_FILES, *VERSION_FILES)), models


def _states(folder: Path, files: tuple[str, ...]) -> Mark:
    found = []
    for name in files:
        try:
            about = (folder / name).stat()
            found.append((about.st_mtime_ns, about.st_size))
        except OSError:
            found.append((0, 0))
    return tuple(found)


@lru_shared(4)
def _monitor(ref: WorkspaceRef) -> Monitor:
    from recsys_core.monitoring import Monitor

    return Monitor(workspace(ref))


_latest: dict[tuple[WorkspaceRef, View], MonitorReport] = {}


def report(ref: WorkspaceRef, view: View) -> Job:
    """Job of reading what is new in the log; its result is a ``MonitorReport``."""

    def work(progress: Callable) -> MonitorReport:
        how = {"by": view.by, "window": view.window, "least": view.least}
        found = _monitor(ref).report(**how, now=time.time())
        _latest[ref, view] = found
        for old in list(_latest)[:-MOST_LATEST]:  # one thread writes: that of the queue
            del _latest[old]
        return found

    return shared_queue("monitor").job(("monitor", ref, view, mark(ref.folder)), work)


def latest(ref: WorkspaceRef, view: View) -> MonitorReport | None:
    """The last report that was made of a view, while a new one is in the making."""
    return _latest.get((ref, view))


def decisions(folder: Path) -> tuple[Decision, ...]:
    """What became of every candidate, the newest first; of one that was decided again, the last word.

    Raises ``WorkspaceError`` (``workspace.damaged``).
    """
    last = {decision.id: decision for decision in DecisionLog(folder).list()}
    return tuple(last[number] for number in sorted(last, reverse=True))


def versions(folder: Path) -> dict[int, ServedVersion]:
    """Every version that was served, by number; nothing is written."""
    return {version.version: version for version in Versions(folder).list()}


def way_back(folder: Path) -> tuple[ServedVersion, ServedVersion] | None:
    """The version that a roll back leads to, and the present one; None where there is none before."""
    known, trail = versions(folder), Versions(folder).trail
    return (known[trail[-2]], known[trail[-1]]) if len(trail) > 1 else None


def model_name(folder: Path, model_id: str) -> str:
    """What a model is called; its id where it is gone or cannot be read."""
    return next((entry.name for entry in ModelStore(folder).list() if entry.id == model_id), model_id)


def is_pinned(folder: Path, served: str | None, now: float) -> bool:
    """Whether a server goes on with another model than the current one: longer than it takes to swap and say so."""
    settled = now - (folder / ABOUT).stat().st_mtime > SWAP_SECONDS
    return settled and served not in (None, ModelStore(folder).current)


def has_model(folder: Path, model_id: str) -> bool:
    return model_id in ModelStore(folder).ids()


def present(folder: Path) -> ServedVersion | None:
    """The version at the end of the trail; None where nothing was served yet."""
    trail = Versions(folder).trail
    return versions(folder)[trail[-1]] if trail else None


def taught(folder: Path, model_id: str) -> tuple[int, int] | None:
    """The feedback that taught a model; None for one that was trained on the data alone."""
    return taught_by(Versions(folder), model_id)


def promote(folder: Path, number: int) -> tuple[str, dict[str, int]]:
    """Let a held candidate be served, and what to say of it. Raises ``SettingError``."""
    promote_held(folder, number)
    served = present(folder)
    return "promoted", {"id": number, "version": served.version if served else 0}


def refuse(folder: Path, number: int) -> tuple[str, dict[str, int]]:
    """Refuse a held candidate, and what to say of it. Raises ``SettingError``."""
    refuse_held(folder, number)
    return "refused", {"id": number}


def go_back(folder: Path) -> tuple[str, dict[str, int]]:
    """Serve the version before, and what to say of it. Raises ``SettingError``."""
    back, left = roll_back(folder)
    return "rolled_back", {"back": back.version, "version": left.version}
