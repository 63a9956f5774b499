"""TrainedModel: one trained ranker of a workspace, with the features, settings and figures that belong to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import Features, make_features
from recsys_core.errors import WorkspaceError, phrase
from recsys_core.models import artifact
from recsys_core.models.feature_changes import FeatureChanges
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.stored_evaluation import stored_or_anew
from recsys_core.progress import Progress, silent
from recsys_core.results import Evaluation, OptionChoice, TrainingReport
from recsys_core.results.mending import Mending
from recsys_core.variant import ModelVariant


@dataclass(eq=False)
class TrainedModel:
    """A trained model, opened read-only.

    Attributes
    ----------
    id, name, made
        Its folder's name, what its maker called it, and when.
    path
        Its folder ``models/<id>/``; ``students/`` and ``measurements/`` in it are what was derived from it.
    workspace
        Name of the workspace, for messages.
    variant
        It, with nothing set: ``model`` is empty where it is the workspace's current one.
    split_dataset
        The workspace's data under its split, shared by all its models.
    term
        Its item-item term, None where validation gave it no weight.
    config
        What training decided (task, split, seed, settings, encoder, notes).
    training
        Its figures on the test part and those of the baselines.
    """

    id: str
    path: Path
    workspace: str
    variant: ModelVariant
    split_dataset: SplitDataset
    features: Features
    ranker: Ranker
    term: ItemItemTerm | None
    config: dict
    training: TrainingReport
    _evaluation: Evaluation | None = field(default=None, init=False, repr=False)
    _evaluating: Lock = field(default_factory=Lock, init=False, repr=False)

    @classmethod
    def open(
        cls, folder: Path, *, workspace: Path, name: str, split_dataset: SplitDataset, variant: ModelVariant
    ) -> TrainedModel:
        """Load and check the model in ``folder`` of the ``workspace`` called ``name``.

        Raises ``WorkspaceError``: ``workspace.foreign``, naming the file ``workspace.damaged``, or
        ``workspace.other_data`` where the dataset or its split is not the model's own.
        """
        artifact.check_artifact(folder, workspace)
        config = artifact.load_config(folder)
        split = split_dataset.split
        if (config["task"], config["split"], config["seed"]) != (split.task, split.kind, split.seed):
            raise WorkspaceError("workspace.other_data", path=workspace)
        ranker = artifact.load_ranker(folder, config)
        edges = {g.key: g.edges for g in ranker.groups if g.edges}
        features = make_features(split_dataset.dataset, artifact.load_texts(folder), edges=edges)
        wanted = {g.key for g in ranker.groups}
        features = features.without({g.key for g in features.groups if g.key not in wanted})
        if features.groups != ranker.groups:
            raise WorkspaceError("workspace.damaged", path=folder, file="schema.json", reason=phrase("reason.groups"))
        term = artifact.load_term(folder, config, split_dataset.dataset.n_items)
        report = read_training(folder)
        return cls(folder.name, folder, name, variant, split_dataset, features, ranker, term, config, report)

    @cached_property
    def dense(self) -> Scorer:
        """The ranker with nothing compressed."""
        return Scorer(self.ranker, self.features, term=self.term, variant=self.variant)

    def evaluation(self, progress: Progress = silent) -> Evaluation:
        """Lists and scored pairs of the test part as `evaluate` gives them, stored at training; read once.

        See `recsys_core.models.stored_evaluation.stored_or_anew`: who asks while another thread works them out waits.
        """
        with self._evaluating:
            if self._evaluation is None:
                self._evaluation = stored_or_anew(
                    self.dense,
                    self.split_dataset,
                    folder=self.path,
                    fingerprint=self.fingerprint,
                    name=self.name,
                    progress=progress,
                )
            return self._evaluation

    @cached_property
    def fingerprint(self) -> str:
        """Identifies model and data, to the last cell: stamps what is derived from it."""
        return artifact.fingerprint(self.path)

    @cached_property
    def choice(self) -> OptionChoice:
        """Which options validation compared before this model was trained in full, and how surely."""
        return OptionChoice.from_json(self.config["choice"])

    @cached_property
    def changes(self) -> FeatureChanges:
        """What it reads otherwise than the dataset's schema says."""
        return FeatureChanges.from_json(self.config.get("feature_changes", {}))

    @cached_property
    def mendings(self) -> tuple[Mending, ...]:
        """What its training did so that groups are served alike; empty for a model that was trained plainly."""
        return tuple(Mending.from_json(said) for said in self.config.get("mendings", ()))

    @property
    def dataset(self) -> Dataset:
        return self.split_dataset.dataset

    @property
    def name(self) -> str:
        return self.config["name"]

    @property
    def made(self) -> str:
        return self.config["made"]

    @property
    def task(self) -> str:
        return self.config["task"]

    @property
    def encoder_name(self) -> str:
        """The text encoder whose vectors it reads, empty where it reads no text."""
        return self.config["encoder"]["name"]

    @cached_property
    def data_fingerprint(self) -> str:
        """Identifies the workspace's dataset by content, whatever the model."""
        return artifact.data_fingerprint(self.path.parents[1])

    def user_index(self, user_id: str) -> int:
        """Row of a user; raises ``SettingError`` (``user.unknown``)."""
        return self.dataset.user_index(user_id, self.workspace)

    def item_index(self, item_id: str) -> int:
        """Row of an item; raises ``SettingError`` (``item.unknown``)."""
        return self.dataset.item_index(item_id, self.workspace)


def read_training(folder: Path) -> TrainingReport:
    """What training of the model in ``folder`` reached."""
    return TrainingReport.from_json(json.loads((folder / "metrics.json").read_text()))
