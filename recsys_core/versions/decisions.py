"""Decision log: every candidate of a workspace and what became of it, one JSON line each, the newest last."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from recsys_core.data.folder import locked
from recsys_core.errors import SettingError, WorkspaceError, phrase
from recsys_core.results.learning import Decision

FOLDER, FILE = "serving", "decisions.jsonl"


class DecisionLog:
    """The decisions of the workspace in ``workspace``; every question is answered from the disk."""

    def __init__(self, workspace: Path) -> None:
        self.folder = Path(workspace) / FOLDER
        self.path = self.folder / FILE

    def list(self) -> tuple[Decision, ...]:
        """Every decision in the order in which it fell; a line that a killed run left unfinished is passed over.

        Raises ``WorkspaceError`` (``workspace.damaged``) for a line in the middle that cannot be read.
        """
        if not self.path.is_file():
            return ()
        lines = self.path.read_bytes().split(b"\n")
        return tuple(self._read(line) for line in lines[:-1] if line)

    def get(self, number: int) -> Decision:
        """The last decision with this number. Raises ``SettingError`` (``versions.decision``)."""
        found = [d for d in self.list() if d.id == number]
        if not found:
            raise SettingError("versions.decision", decision=number)
        return found[-1]

    def append(self, decision: Decision, *, number: int | None = None) -> Decision:
        """The decision as it was written (and synced): with the next number, or with that of an earlier one it ends."""
        self.folder.mkdir(exist_ok=True)
        with locked(self.folder):
            known = self.list()
            given = number or 1 + max((d.id for d in known), default=0)
            written = replace(decision, id=given)
            whole = self.path.read_bytes() if self.path.is_file() else b""
            with open(self.path, "r+b" if whole else "wb") as file:
                file.truncate(whole.rfind(b"\n") + 1)  # what a killed run left unfinished
                file.seek(0, os.SEEK_END)
                file.write(json.dumps(written.to_json()).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        return written

    def _read(self, line: bytes) -> Decision:
        try:
            return Decision.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError):
            reason = phrase("reason.unreadable")
            raise WorkspaceError("workspace.damaged", path=self.folder, file=FILE, reason=reason) from None
