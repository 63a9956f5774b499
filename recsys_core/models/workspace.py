"""Workspace: one dataset under one split, its models, and what is derived from them, in one folder.

::

    workspace/
      workspace.json      format, name, when it was made, the split, and which model is current
      dataset/            the validated tables
      models/<id>/        one trained model each:
        model.safetensors texts.safetensors config.json schema.json metrics.json
        checksums.json    of these files and of the dataset's description
        evaluation.safetensors  lists and pair scores of its test users (stamped; where missing, worked out anew)
        log/              training_log.csv, TensorBoard events
        students/         trained students of pruned variants (cache; stamped with the model's fingerprint)
        measurements/     compression reports by variant (cache)
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import get_type_hints

from recsys_core.data.dataset import Dataset
from recsys_core.errors import WorkspaceError, phrase
from recsys_core.models.model_store import ABOUT, FIRST, FORMAT, ModelStore, read_about
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.trained_model import TrainedModel
from recsys_core.variant import ModelVariant


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """The split that all models of a workspace share; ``history`` is the most items that one reads."""

    task: str
    kind: str
    seed: int
    history: int


SPLIT_TYPES = get_type_hints(SplitSettings)


@dataclass(eq=False)
class Workspace:
    """A workspace, opened read-only: its data, its split, and its models, each opened when first asked for."""

    path: Path
    name: str
    dataset: Dataset
    split: SplitSettings
    models: ModelStore
    _opened: dict[str, TrainedModel] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path) -> Workspace:
        """Load and check the data; `model` checks the models.

        Raises ``WorkspaceError`` as `read_about`; ``DataError`` where its tables are damaged.
        """
        path = Path(path)
        about = read_about(path)
        if {key: type(value) for key, value in about["split"].items()} != SPLIT_TYPES:
            raise WorkspaceError("workspace.damaged", path=path, file=ABOUT, reason=phrase("reason.unreadable"))
        split = SplitSettings(**about["split"])
        return cls(path, about["name"], Dataset.load(path / "dataset"), split, ModelStore(path))

    @cached_property
    def split_dataset(self) -> SplitDataset:
        """Split and histories, drawn again from the seed."""
        s = self.split
        return SplitDataset.build(self.dataset, task=s.task, kind=s.kind, seed=s.seed, length=s.history)

    def model(self, model_id: str = "") -> TrainedModel:
        """A model, the current one where nothing is given; opened once.

        Raises ``SettingError`` (``model.unknown``) and what `TrainedModel.open` raises.
        """
        folder = self.models.folder(model_id)
        if folder.name not in self._opened:
            self._opened[folder.name] = TrainedModel.open(
                folder,
                workspace=self.path,
                name=self.name,
                split_dataset=self.split_dataset,
                variant=ModelVariant("" if folder.name == self.models.current else folder.name),
            )
        return self._opened[folder.name]


def open_model(path: Path, model_id: str = "") -> TrainedModel:
    """A model of the workspace in ``path``, the current one where no id is given; see `Workspace.open` and `model`."""
    return Workspace.open(path).model(model_id)


def write_about(path: Path, name: str, split: SplitSettings) -> None:
    """Write ``workspace.json`` of a new workspace, whose only model is the first one."""
    made = datetime.now(UTC).isoformat(timespec="seconds")
    about = {"format": FORMAT, "name": name, "made": made, "split": asdict(split), "current": FIRST}
    (path / ABOUT).write_text(json.dumps(about, indent=1))
