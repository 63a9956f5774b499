"""Where workspaces lie, and which state each of them is in."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from recsys_core.errors import WorkspaceError, phrase
from recsys_core.models.model_store import ModelStore, read_about

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class WorkspaceRef:
    """One state of one workspace: its folder, and the fingerprint of its data, its models and which is current.

    Opening compares every file with the checksums behind the fingerprint, so nothing else is ever shown under it.
    """

    folder: Path
    fingerprint: str

    @property
    def name(self) -> str:
        """The name in the address: the folder's own."""
        return self.folder.name


@dataclass(frozen=True, slots=True)
class WorkspaceEntry:
    """A line of the list of workspaces; ``title`` is what its maker called it."""

    folder: Path
    title: str

    @property
    def name(self) -> str:
        return self.folder.name


def workspaces_folder() -> Path:
    """Where workspaces lie: ``RECLENS_WORKSPACES``, else ``workspaces`` in the project."""
    return Path(os.environ.get("RECLENS_WORKSPACES") or ROOT / "workspaces")


def list_workspaces() -> list[WorkspaceEntry]:
    """Every folder that says it is a workspace, readable or not, in order of name; hidden ones are still written."""
    folder = workspaces_folder()
    found = sorted(p.parent for p in folder.glob("[!.]*/workspace.json")) if folder.is_dir() else []
    return [WorkspaceEntry(p, _title(p)) for p in found]


def _title(folder: Path) -> str:
    try:
        return str(json.loads((folder / "workspace.json").read_text())["name"]) or folder.name
    except (OSError, ValueError, KeyError, TypeError):
        return folder.name


def workspace_ref(folder: Path) -> WorkspaceRef:
    """Where a workspace is and what state it is in. Raises ``WorkspaceError`` as opening it would."""
    read_about(folder)
    store = ModelStore(folder)
    if store.current not in store.ids():
        raise WorkspaceError(
            "workspace.damaged", path=folder, file=f"models/{store.current}", reason=phrase("reason.missing")
        )
    return WorkspaceRef(folder, store.fingerprint())
