"""The segments of a workspace and their users; read again where the file has changed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np

from dashboard.cached.cache import lru_shared
from dashboard.cached.workspace import dataset, people, workspace
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.segments import Segment, SegmentStore, segment_users, unknown_segment
from recsys_core.errors import SettingError, WorkspaceError

Stamp = tuple[int, int, int] | None


def listed(ref: WorkspaceRef) -> tuple[Segment, ...]:
    """Every segment, in order of name. Raises ``WorkspaceError`` where the file is damaged."""
    return _listed(ref.folder, _stamp(SegmentStore(ref.folder).file))


def usable(ref: WorkspaceRef) -> tuple[Segment, ...]:
    """The segments whose users can be told; none where the file is damaged, which the sidebar says."""
    found = []
    with suppress(WorkspaceError):
        for segment in listed(ref):
            with suppress(SettingError):
                users(ref, segment)
                found.append(segment)
    return tuple(found)


def named(ref: WorkspaceRef, name: str) -> Segment:
    """The segment of that name, whose users can be told.

    Raises ``SettingError`` where there is none or its conditions do not fit the data, ``WorkspaceError`` as `listed`.
    """
    found = next((segment for segment in listed(ref) if segment.name == name), None)
    if found is None:
        raise unknown_segment(name, [segment.name for segment in listed(ref)], ref.name)
    users(ref, found)
    return found


@lru_shared(64)
def users(ref: WorkspaceRef, segment: Segment) -> np.ndarray:
    """Matrix rows of a segment's users, ascending. Raises ``SettingError`` as `segment_users`."""
    opened = workspace(ref)
    found = segment_users(segment, opened.dataset, opened.split_dataset)
    found.flags.writeable = False
    return found


@lru_shared(8)
def ids(ref: WorkspaceRef, segment: Segment) -> list[str]:
    """Raw ids of a segment's users, in matrix order."""
    return dataset(ref).users["user_id"].iloc[users(ref, segment)].tolist()


@lru_shared(8)
def people_first(ref: WorkspaceRef, segment: Segment, language: str) -> dict[str, str]:
    """What to call each user, by raw id: the segment's users first, the others behind them."""
    names = people(ref, language)
    return {user: names[user] for user in ids(ref, segment)} | names


@lru_shared(16)
def _listed(folder: Path, stamp: Stamp) -> tuple[Segment, ...]:
    return tuple(SegmentStore(folder).list())


def _stamp(file: Path) -> Stamp:
    """Another one after every change of the file, as it is replaced as a whole; None where there is none."""
    try:
        about = file.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino
