"""Workspace: one dataset, one trained ranker and what is derived from them, in one folder.

::

    workspace/
      workspace.json      name, format, when and with what it was made
      dataset/            the validated tables
      model/              the artifact, with checksums over the model and the dataset's description
      log/                training_log.csv, TensorBoard events
      variants/           students of pruned variants (cache; stamped with the model's fingerprint)
      measurements/       compression reports by variant (cache)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import Features, make_features
from recsys_core.data.folder import read_checked_json
from recsys_core.errors import WorkspaceError, phrase
from recsys_core.models import artifact
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset

FORMAT = "reclens-workspace-1"


@dataclass(eq=False)
class Workspace:
    """A trained workspace, opened read-only.

    ``config`` holds what training decided (task, split, seed, settings, encoder, notes),
    ``metrics`` its figures on the test part and those of the baselines; NaN where there is no figure.
    """

    path: Path
    name: str
    dataset: Dataset
    features: Features
    ranker: Ranker
    config: dict
    metrics: dict

    @classmethod
    def open(cls, path: Path) -> Workspace:
        """Load and check.

        Raises ``WorkspaceError``: ``workspace.missing``, ``workspace.foreign``, naming the file
        ``workspace.damaged``, or ``workspace.other_data`` where the dataset is not the model's own;
        ``DataError`` where its tables are damaged.
        """
        path = Path(path)
        if not (path / "workspace.json").is_file():
            raise WorkspaceError("workspace.missing", path=path)
        about = read_checked_json(path / "workspace.json", FORMAT, "workspace")
        artifact.check_artifact(path)
        config = artifact.load_config(path / "model")
        dataset = Dataset.load(path / "dataset")
        ranker = artifact.load_ranker(path / "model", config)
        features = make_features(dataset, artifact.load_texts(path / "model"))
        wanted = {g.key for g in ranker.groups}
        features = features.without({g.key for g in features.groups if g.key not in wanted})
        if features.groups != ranker.groups:
            raise WorkspaceError("workspace.damaged", path=path, file="schema.json", reason=phrase("reason.groups"))
        metrics = _figures(json.loads((path / "model" / "metrics.json").read_text()))
        return cls(path, about["name"], dataset, features, ranker, config, metrics)

    @cached_property
    def split_dataset(self) -> SplitDataset:
        """Split and histories, drawn again from the seed."""
        c = self.config
        length = c["shape"]["history"]
        return SplitDataset.build(self.dataset, task=c["task"], kind=c["split"], seed=c["seed"], length=length)

    @cached_property
    def dense(self) -> Scorer:
        """The ranker with nothing compressed."""
        return Scorer(self.ranker, self.features)

    @cached_property
    def fingerprint(self) -> str:
        """Identifies model and data, to the last cell: stamps caches, keys the dashboard's."""
        return artifact.fingerprint(self.path)

    @property
    def task(self) -> str:
        return self.config["task"]

    def user_index(self, user_id: str) -> int:
        return self.dataset.user_index(user_id, self.name)

    def item_index(self, item_id: str) -> int:
        return self.dataset.item_index(item_id, self.name)


def _figures(metrics: dict) -> dict:
    """Stored metrics; null stands for NaN, but for a log loss: a scorer without probabilities has none."""

    def number(value: object) -> object:
        if isinstance(value, dict):
            return {k: v if k in ("logloss", "best_possible") else number(v) for k, v in value.items()}
        if isinstance(value, list):
            return [number(v) for v in value]
        return float("nan") if value is None else value

    return number(metrics)
