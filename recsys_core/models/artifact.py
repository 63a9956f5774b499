"""Artifact: a trained ranker on disk as safetensors and JSON with checksums; never pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_core.data.folder import format_of, read_checked_json, sha256, without_nan
from recsys_core.errors import WorkspaceError, phrase, require

if TYPE_CHECKING:  # which model is current, and going back to another, is asked without PyTorch
    from recsys_core.data.features import Features
    from recsys_core.models.item_item import ItemItemTerm
    from recsys_core.models.ranker import Ranker

FORMAT = "reclens-model-3"
OLD_FORMATS = ("reclens-model-1", "reclens-model-2")
WEIGHTS, TEXTS, TERM, SUMS = "model.safetensors", "texts.safetensors", "item_item.safetensors", "checksums.json"
DATA = "dataset/dataset.json"
FILES = (WEIGHTS, TEXTS, "config.json", "schema.json", "metrics.json")  # what the checksums are of


def save_artifact(
    folder: Path, ranker: Ranker, features: Features, about: dict, *, term: ItemItemTerm | None = None
) -> None:
    """Write weights, text vectors, item-item term, configuration, feature groups and metrics.

    ``about`` holds ``config`` (settings, encoder, task) and ``metrics``; `write_checksums` comes last. A model without
    an item-item term has no file of it, and null in its configuration.
    """
    from safetensors.numpy import save as save_tensors

    state = {k: v.detach().contiguous().numpy() for k, v in ranker.state_dict().items()}
    (folder / WEIGHTS).write_bytes(save_tensors(state))
    texts = {g.key: features.tables[g.key] for g in features.groups if g.kind == "text"}
    (folder / TEXTS).write_bytes(save_tensors(texts))
    groups = [g.to_json() for g in features.groups]
    if term is not None:
        (folder / TERM).write_bytes(save_tensors(term.arrays()))
    about_term = None if term is None else term.to_json()
    config = about["config"] | {"format": FORMAT, "shape": ranker.shape.to_json(), "item_item": about_term}
    for name, data in (("config", config), ("schema", {"groups": groups}), ("metrics", about["metrics"])):
        (folder / f"{name}.json").write_text(json.dumps(without_nan(data), indent=1, allow_nan=False))


def write_checksums(folder: Path, workspace: Path) -> None:
    """SHA-256 of every file of the model and of what describes its data, in ``checksums.json``.

    ``dataset/dataset.json`` holds the schema and the checksums of the tables in turn, so nothing that
    a figure is made from can change under the same checksums.
    """
    (folder / SUMS).write_text(_checksums(folder, workspace))


def _checksums(folder: Path, workspace: Path) -> str:
    names = [*FILES, TERM] if (folder / TERM).is_file() else FILES
    return json.dumps({name: sha256(folder / name) for name in names} | {DATA: sha256(workspace / DATA)}, indent=1)


def check_artifact(folder: Path, workspace: Path) -> None:
    """Compare every file of a model with its checksum.

    Raises ``WorkspaceError`` (``workspace.damaged``) naming the first file that is missing or another
    one; ``workspace.other_data`` where the dataset is not the one that the model was trained on.
    """
    try:
        sums = dict(json.loads((folder / SUMS).read_text()))
        expected = sums.pop(DATA)
    except (OSError, ValueError, TypeError, KeyError):
        raise WorkspaceError("workspace.damaged", path=folder, file=SUMS, reason=phrase("reason.unreadable")) from None
    for name in [*FILES, *(sums.keys() - FILES)]:
        if name not in sums or not (folder / name).is_file():
            raise WorkspaceError("workspace.damaged", path=folder, file=name, reason=phrase("reason.missing"))
        if sha256(folder / name) != sums[name]:
            raise WorkspaceError("workspace.damaged", path=folder, file=name, reason=phrase("reason.changed"))
    if (workspace / DATA).is_file():  # a dataset that is gone is said by `Dataset.load`
        require(sha256(workspace / DATA) == expected, WorkspaceError, "workspace.other_data", path=workspace)


def fingerprint(folder: Path) -> str:
    """SHA-256 (first 16 hex digits) of a model's checksums: of it, and through its description of the dataset.

    Empty where there are none: nothing of such a model can be opened.
    """
    return sha256(folder / SUMS)[:16] if (folder / SUMS).is_file() else ""


def data_fingerprint(workspace: Path) -> str:
    """The fingerprint of a workspace's dataset by content (`Dataset.fingerprint`), as its files say it."""
    return json.loads((workspace / DATA).read_text())["fingerprint"]


def new_fingerprint(folder: Path, workspace: Path) -> str:
    """The `fingerprint` that a model will have whose files are written, but for their checksums."""
    return hashlib.sha256(_checksums(folder, workspace).encode()).hexdigest()[:16]


def digest(marks: Iterable[str]) -> str:
    """16 hex digits that stand for all these marks."""
    return hashlib.sha256(" ".join(marks).encode()).hexdigest()[:16]


def load_config(folder: Path) -> dict:
    """The model's configuration; raises ``WorkspaceError`` for a foreign or damaged one, ``model.old`` for an older."""
    try:
        return read_checked_json(folder / "config.json", FORMAT, "workspace")
    except WorkspaceError:
        if format_of(folder / "config.json") in OLD_FORMATS:
            raise WorkspaceError("model.old", path=folder, workspace=folder.parents[1]) from None
        raise


def load_texts(folder: Path) -> dict:
    """Stored text vectors by group key."""
    from safetensors.numpy import load as load_tensors

    return load_tensors((folder / TEXTS).read_bytes())


def load_term(folder: Path, config: dict, n_items: int) -> ItemItemTerm | None:
    """The item-item term, None for a model without; raises ``WorkspaceError`` where it is missing or does not fit."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as load_tensors

    from recsys_core.models.item_item import ItemItemTerm

    if "item_item" not in config:
        unreadable = phrase("reason.unreadable")
        raise WorkspaceError("workspace.damaged", path=folder, file="config.json", reason=unreadable)
    if config["item_item"] is None:
        return None
    try:
        return ItemItemTerm.from_stored(config["item_item"], load_tensors((folder / TERM).read_bytes()), n_items)
    except OSError:
        raise WorkspaceError("workspace.damaged", path=folder, file=TERM, reason=phrase("reason.missing")) from None
    except (SafetensorError, ValueError, KeyError, TypeError) as problem:
        reason = str(problem).splitlines()[0][:80]
        raise WorkspaceError("workspace.damaged", path=folder, file=TERM, reason=reason) from None


def load_ranker(folder: Path, config: dict) -> Ranker:
    """Rebuild the ranker; weights that do not fit the configuration raise ``WorkspaceError``."""
    import torch
    from safetensors import SafetensorError
    from safetensors.numpy import load as load_tensors

    from recsys_core.data.features import FeatureGroup
    from recsys_core.models.ranker import Ranker, RankerShape

    groups = tuple(FeatureGroup.from_json(g) for g in json.loads((folder / "schema.json").read_text())["groups"])
    ranker = Ranker(groups, RankerShape(**config["shape"]))
    try:
        state = load_tensors((folder / WEIGHTS).read_bytes())
        ranker.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()})
    except (SafetensorError, RuntimeError) as problem:
        reason = str(problem).splitlines()[0][:80]
        raise WorkspaceError("workspace.damaged", path=folder, file=WEIGHTS, reason=reason) from None
    return ranker.eval()
