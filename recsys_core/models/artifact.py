"""Artifact: a trained ranker on disk as safetensors and JSON with checksums; never pickle."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from recsys_core.data.features import Features, Group
from recsys_core.data.folder import read_checked_json, sha256, without_nan
from recsys_core.errors import WorkspaceError, phrase
from recsys_core.models.ranker import Ranker, RankerShape

FORMAT = "reclens-model-1"
WEIGHTS, TEXTS = "model.safetensors", "texts.safetensors"


def save_artifact(folder: Path, ranker: Ranker, features: Features, about: dict) -> None:
    """Write weights, text vectors, configuration, feature groups and metrics, then the checksums of all of them.

    ``about`` holds ``config`` (settings, encoder, task) and ``metrics``.
    """
    state = {k: v.detach().contiguous().numpy() for k, v in ranker.state_dict().items()}
    (folder / WEIGHTS).write_bytes(save_tensors(state))
    texts = {g.key: features.tables[g.key] for g in features.groups if g.kind == "text"}
    (folder / TEXTS).write_bytes(save_tensors(texts))
    groups = [g.to_json() for g in features.groups]
    config = about["config"] | {"format": FORMAT, "shape": ranker.shape.to_json()}
    for name, data in (("config", config), ("schema", {"groups": groups}), ("metrics", about["metrics"])):
        (folder / f"{name}.json").write_text(json.dumps(without_nan(data), indent=1, allow_nan=False))
    write_checksums(folder)


def write_checksums(folder: Path) -> None:
    """SHA-256 of every file below ``folder``, in ``checksums.json``."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "checksums.json")
    sums = {str(p.relative_to(folder)): sha256(p) for p in files}
    (folder / "checksums.json").write_text(json.dumps(sums, indent=1))


def check_artifact(folder: Path, shown: Path) -> None:
    """Raise ``WorkspaceError`` naming the first file that is missing or differs from its checksum."""
    try:
        sums = json.loads((folder / "checksums.json").read_text())
    except (OSError, ValueError):
        raise WorkspaceError(
            "workspace.damaged", path=shown, file="checksums.json", reason=phrase("reason.unreadable")
        ) from None
    for name, expected in sums.items():
        if not (folder / name).is_file():
            raise WorkspaceError("workspace.damaged", path=shown, file=name, reason=phrase("reason.missing"))
        if sha256(folder / name) != expected:
            raise WorkspaceError("workspace.damaged", path=shown, file=name, reason=phrase("reason.changed"))


def load_config(folder: Path) -> dict:
    """The model's configuration; raises ``WorkspaceError`` for a foreign or damaged one."""
    return read_checked_json(folder / "config.json", FORMAT, "workspace")


def load_texts(folder: Path) -> dict:
    """Stored text vectors by group key."""
    return load_tensors((folder / TEXTS).read_bytes())


def load_ranker(folder: Path, config: dict) -> Ranker:
    """Rebuild the ranker; weights that do not fit the configuration raise ``WorkspaceError``."""
    groups = tuple(Group.from_json(g) for g in json.loads((folder / "schema.json").read_text())["groups"])
    ranker = Ranker(groups, RankerShape(**config["shape"]))
    try:
        state = load_tensors((folder / WEIGHTS).read_bytes())
        ranker.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()})
    except (SafetensorError, RuntimeError) as problem:
        reason = str(problem).splitlines()[0][:80]
        raise WorkspaceError("workspace.damaged", path=folder, file=WEIGHTS, reason=reason) from None
    return ranker.eval()
