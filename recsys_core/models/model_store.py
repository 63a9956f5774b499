"""Model store: the models of a workspace, a folder each under ``models/``, one of them current."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys_core.data.folder import atomic_write, format_of, fresh_folder, read_checked_json, sha256
from recsys_core.errors import RecLensError, SettingError, WorkspaceError, phrase
from recsys_core.models import artifact

FORMAT = "reclens-workspace-2"
OLD_FORMATS = ("reclens-workspace-1",)
ABOUT = "workspace.json"
FIRST = "first"  # id of the model that a workspace is made with
Writer = Callable[[Path, dict[str, str]], None]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A line of the list of models; ``quality`` holds ``auc`` and ``ndcg@10`` on the test part.

    ``n_learned`` counts the rows of feedback that taught it; None for one that was trained on the dataset alone.
    """

    id: str
    name: str
    made: str
    task: str
    quality: dict[str, float]
    current: bool
    n_learned: int | None = None


class ModelStore:
    """The models of the workspace in ``workspace``; every question is answered from the disk."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace

    @property
    def current(self) -> str:
        """Id of the current model."""
        return read_about(self.workspace)["current"]

    def ids(self) -> list[str]:
        """Ids of all models, damaged ones too, in order of name; hidden folders are still written."""
        return sorted(p.name for p in (self.workspace / "models").glob("[!.]*") if p.is_dir())

    def list(self) -> list[ModelEntry]:
        """Every model with its figures, the current one first; those that cannot be read are left out."""
        current = self.current
        found = [entry for model_id in self.ids() if (entry := self._entry(model_id, current))]
        return sorted(found, key=lambda entry: (not entry.current, entry.made, entry.id))

    def damaged(self) -> dict[str, WorkspaceError]:
        """What keeps a model from being opened, by id: a file that is missing or another one, or an older format."""
        found = {}
        for model_id in self.ids():
            try:
                artifact.check_artifact(self.folder(model_id), self.workspace)
                artifact.load_config(self.folder(model_id))
            except WorkspaceError as problem:
                found[model_id] = problem
        return found

    def folder(self, model_id: str) -> Path:
        """Folder of a model, of the current one where the id is empty. Raises ``SettingError`` (``model.unknown``)."""
        model_id = model_id or self.current
        if model_id not in self.ids():
            known = ", ".join(self.ids()) or "-"
            raise SettingError("model.unknown", model=model_id, workspace=self.workspace.name, known=known)
        return self.workspace / "models" / model_id

    def add(self, name: str, write: Writer, *, model_id: str = "") -> str:
        """Id of a new model that ``write(folder, about)`` has written: as a whole, or not at all.

        ``about`` holds its ``id``, ``name`` and ``made``, for its configuration. Without a
        ``model_id`` the id is made from the name. Raises ``SettingError`` (``model.id``) for one that is
        taken or no plain name of a folder.
        """
        model_id = model_id or self._free_id(name)
        if model_id in self.ids() or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", model_id):
            raise SettingError("model.id", model=model_id)
        target = self.workspace / "models" / model_id
        target.parent.mkdir(exist_ok=True)
        with fresh_folder(target) as folder:
            made = datetime.now(UTC).isoformat(timespec="seconds")
            write(folder, {"id": model_id, "name": name or model_id, "made": made})
            artifact.write_checksums(folder, self.workspace)
            folder.chmod(0o755)
            os.rename(folder, target)
        return model_id

    def make_current(self, model_id: str) -> None:
        """Name another model the current one."""
        chosen = self.folder(model_id).name
        about = read_about(self.workspace)
        atomic_write(self.workspace / ABOUT, json.dumps(about | {"current": chosen}, indent=1).encode())

    def remove(self, model_id: str) -> None:
        """Delete a model and all that was derived from it; the current one is refused (``model.current``)."""
        folder = self.folder(model_id)
        if folder.name == self.current:
            raise SettingError("model.current", model=folder.name)
        aside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
        os.rename(folder, aside)  # gone at once: nobody sees half of it
        shutil.rmtree(aside, ignore_errors=True)

    def fingerprint(self) -> str:
        """Identifies the workspace's data, its models and which of them is current (16 hex digits)."""
        marks = [sha256(self.workspace / ABOUT), *(artifact.fingerprint(self.folder(i)) for i in self.ids())]
        return artifact.digest(marks)

    def _entry(self, model_id: str, current: str) -> ModelEntry | None:
        from recsys_core.models.trained_model import read_training  # which loads PyTorch

        folder = self.folder(model_id)
        try:
            config, model = artifact.load_config(folder), read_training(folder).model
            quality = {name: model[name] for name in ("auc", "ndcg@10")}
            said = (config["name"], config["made"], config["task"], quality)
            learned = config.get("learned", {}).get("n_rows")
            return ModelEntry(model_id, *said, current=model_id == current, n_learned=learned)
        except (RecLensError, OSError, ValueError, KeyError):
            return None

    def _free_id(self, name: str) -> str:
        """An id of the name's letters that no model has yet."""
        wanted = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "model"
        taken = set(self.ids())
        return next(i for n in range(1, len(taken) + 2) if (i := wanted if n == 1 else f"{wanted}-{n}") not in taken)


def read_about(path: Path) -> dict[str, Any]:
    """What ``workspace.json`` of the workspace in ``path`` says: ``name``, ``made``, ``split``, ``current``.

    Raises ``WorkspaceError``: ``workspace.missing``, ``workspace.old`` for an older format,
    ``workspace.foreign``, or ``workspace.damaged`` where it lacks one of these.
    """
    if not (path / ABOUT).is_file():
        raise WorkspaceError("workspace.missing", path=path)
    try:
        about = read_checked_json(path / ABOUT, FORMAT, "workspace")
    except WorkspaceError:
        if format_of(path / ABOUT) in OLD_FORMATS:
            raise WorkspaceError("workspace.old", path=path) from None
        raise
    if not all(isinstance(about.get(key), kind) for key, kind in (("name", str), ("split", dict), ("current", str))):
        raise WorkspaceError("workspace.damaged", path=path, file=ABOUT, reason=phrase("reason.unreadable"))
    return about
