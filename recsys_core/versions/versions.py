"""Versions: the numbers of served models, and the way from one to the next and back."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys_core.data.folder import atomic_write, locked, read_checked_json
from recsys_core.errors import SettingError, WorkspaceError, phrase, require
from recsys_core.models import artifact
from recsys_core.models.model_store import ModelStore
from recsys_core.results.serving import ServedVersion

FOLDER, FILE, FORMAT = "serving", "versions.json", "reclens-versions-1"


class Versions:
    """The versions of the workspace in ``workspace``, from the disk: its current model is what is served.

    ``trail`` are the numbers served one after the other, each once until it comes back; rolling back ends the last.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = Path(workspace)
        self.folder = self.workspace / FOLDER
        self.store = ModelStore(self.workspace)

    def list(self) -> tuple[ServedVersion, ...]:
        """Every version that has a number, the oldest first."""
        return tuple(ServedVersion(**v) for v in self._read()["versions"])

    @property
    def trail(self) -> tuple[int, ...]:
        """Numbers of the versions that lead to the present one, the present one last."""
        return tuple(self._read()["trail"])

    @property
    def refused(self) -> tuple[tuple[int, int], ...]:
        """Feedback ``(after, upto]`` of versions that were rolled back, or that a person refused: nobody learns it."""
        return tuple((after, upto) for after, upto in self._read()["refused"])

    def current(self) -> ServedVersion:
        """The version of the workspace's current model, given a number where it has none yet."""
        return self.of_model(self.store.current, is_current=True)

    def of_model(self, model_id: str, *, is_current: bool = False) -> ServedVersion:
        """The version of a model, given a number where it has none yet; a current one ends the trail."""
        mark = artifact.fingerprint(self.store.folder(model_id))
        known = next((v for v in self.list() if (v.model, v.fingerprint) == (model_id, mark)), None)
        if known and not (is_current and self.trail[-1:] != (known.version,)):
            return known
        with self._changed() as about:
            found = [v for v in about["versions"] if (v["model"], v["fingerprint"]) == (model_id, mark)]
            if not found:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                number = 1 + len(about["versions"])
                found = [{"version": number, "model": model_id, "fingerprint": mark, "since": now}]
                about["versions"] += found
            is_current = is_current and self.store.current == model_id  # nobody went back while the lock was waited for
            if is_current and about["trail"][-1:] != [found[0]["version"]]:
                about["trail"].append(found[0]["version"])
            return ServedVersion(**found[0])

    def promote(self, model_id: str) -> ServedVersion:
        """Serve another model of the workspace. Raises ``SettingError`` (``model.unknown``)."""
        self.current()  # the way back begins here
        self.store.make_current(model_id)
        return self.current()

    def roll_back(self, *, taught: tuple[int, int] | None = None) -> tuple[ServedVersion, ServedVersion]:
        """The version that is served now, and the one that was; its feedback ``taught`` is not learned again.

        Raises ``SettingError``: ``versions.first`` where there is none before, ``model.unknown`` where its model is
        gone, ``versions.replaced`` where another one has its place.
        """
        left = self.current()
        with self._changed() as about:
            by_number = {v["version"]: v for v in about["versions"]}
            if len(about["trail"]) < 2:
                raise SettingError("versions.first", version=left.version)
            back = ServedVersion(**by_number[about["trail"][-2]])
            same = artifact.fingerprint(self.store.folder(back.model)) == back.fingerprint
            require(same, SettingError, "versions.replaced", version=back.version, model=back.model)
            about["trail"].pop()
            if taught is not None and list(taught) not in about["refused"]:
                about["refused"].append(list(taught))
            self._write(about)  # first: killed in between, the present version is served, and this can be asked again
            self.store.make_current(back.model)
        return back, left

    def refuse(self, span: tuple[int, int]) -> None:
        """Let no candidate learn the feedback ``(after, upto]``."""
        with self._changed() as about:
            if list(span) not in about["refused"]:
                about["refused"].append(list(span))

    def _read(self) -> dict[str, Any]:
        path = self.folder / FILE
        if not path.is_file():
            return {"format": FORMAT, "versions": [], "trail": [], "refused": []}
        about = read_checked_json(path, FORMAT, "workspace")
        if not _is_sound(about):
            reason = phrase("reason.unreadable")
            raise WorkspaceError("workspace.damaged", path=self.folder, file=FILE, reason=reason)
        return about

    def _write(self, about: dict[str, Any]) -> None:
        atomic_write(self.folder / FILE, json.dumps(about, indent=1).encode())

    def _changed(self) -> _Changed:
        return _Changed(self)


class _Changed:
    """What ``versions.json`` holds, under its lock, written back as a whole where the block succeeds."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        versions.folder.mkdir(exist_ok=True)
        self._lock = locked(versions.folder)

    def __enter__(self) -> dict[str, Any]:
        self._lock.__enter__()
        self._about = self._versions._read()
        return self._about

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self._versions._write(self._about)
        finally:
            self._lock.__exit__(None, None, None)


def _is_sound(about: dict[str, Any]) -> bool:
    """Whether it holds what this module writes."""
    if not all(isinstance(about.get(name), list) for name in ("versions", "trail", "refused")):
        return False
    wanted = {field.name: int if field.name == "version" else str for field in fields(ServedVersion)}
    versions = about["versions"]
    if not all(isinstance(v, dict) and {n: type(x) for n, x in v.items()} == wanted for v in versions):
        return False
    spans = all(isinstance(s, list) and [type(n) for n in s] == [int, int] for s in about["refused"])
    return spans and {v["version"] for v in versions} >= {n if type(n) is int else None for n in about["trail"]}
