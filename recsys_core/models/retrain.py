"""Retrain: another model in the same workspace, trained as the present one was over changed features."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recsys_core.data.features import text_values
from recsys_core.errors import SettingError
from recsys_core.models import artifact
from recsys_core.models.encoder import EncoderInfo, encode_texts
from recsys_core.models.feature_changes import FeatureChanges
from recsys_core.models.fit import FitRequest, ModelInputs, fit_model
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import Workspace
from recsys_core.progress import Progress, silent
from recsys_core.results import TrainingReport


@dataclass(frozen=True, slots=True, eq=False)
class Retrained:
    """The id of the new model, and what its training reached."""

    id: str
    report: TrainingReport


def retrain(
    workspace: Workspace, name: str, changes: FeatureChanges, *, base: str = "", progress: Progress = silent
) -> Retrained:
    """Train a model called ``name`` over changed features, by the seed, passes and encoder of the model ``base``.

    Without a ``base`` the current model is it. The dataset and the split are the workspace's. The new model stands in
    the workspace when it is whole and not before; its configuration says what was changed (``feature_changes``).

    Raises
    ------
    SettingError
        ``retrain.name`` for a name that is empty or taken, and what `fit_model` raises.
    """
    taken = {said for entry in workspace.models.list() for said in (entry.name, entry.id)} | {*workspace.models.ids()}
    if not name.strip() or name.strip() in taken:
        raise SettingError("retrain.name", name=name, taken=", ".join(sorted(taken)))
    model, split_dataset = workspace.model(base), workspace.split_dataset
    encoder = EncoderInfo(**model.config["encoder"])
    features = changes.features(split_dataset.dataset, _vectors(model, changes, progress))
    request = FitRequest(seed=model.config["seed"], epochs=model.config["settings"]["epochs"], encoder=encoder.name)
    fitted = fit_model(split_dataset, request, inputs=ModelInputs(features, encoder), progress=progress)
    config = fitted.config | {"feature_changes": changes.to_json()}
    new = workspace.models.add(name.strip(), replace(fitted, config=config).write)
    return Retrained(new, fitted.report)


def _vectors(model: TrainedModel, changes: FeatureChanges, progress: Progress) -> dict[str, np.ndarray]:
    """Vectors of the texts that are still read: those that the model holds already, others by its encoder."""
    held, name = artifact.load_texts(model.path), model.config["encoder"]["name"]
    left_out = {*changes.without, *changes.audit_only}
    texts = {key: texts for key, texts in text_values(model.dataset).items() if key not in left_out}
    return {
        key: held[key] if key in held else encode_texts(said, name=name, progress=progress)
        for key, said in texts.items()
    }
