"""References: what other rankings reach on a workspace's test part, so that a gap can be told from its model.

The baselines, and on sample data the best possible ranking (`PlantedScorer`). They depend on data and split alone, so
they are worked out once and kept in the workspace's folder ``references/``, stamped with both.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from recsys_core.data.sample.planted_scorer import PlantedScorer
from recsys_core.models.artifact import digest
from recsys_core.models.baselines import BASELINES
from recsys_core.models.evaluation import evaluate_test
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.stored_evaluation import load_evaluation, save_evaluation
from recsys_core.models.trained_model import TrainedModel
from recsys_core.progress import Progress, silent
from recsys_core.results import Evaluation

FORMAT = "reclens-references-1"
FOLDER = "references"
BEST = "best"


def reference_names(split_dataset: SplitDataset) -> tuple[str, ...]:
    """The best possible, where it is known, then the baselines, the most accurate kind first."""
    known = PlantedScorer.is_known(split_dataset.dataset, split_dataset.split)
    return (*((BEST,) if known else ()), *sorted(BASELINES, key=lambda name: name == "popularity"))


def measure_reference(name: str, split_dataset: SplitDataset, *, progress: Progress = silent) -> Evaluation:
    """One reference on the test users that training looks at; fitted on the same training rows as the model."""
    if name == BEST:
        best = PlantedScorer.of(split_dataset.dataset, split_dataset.split)
        return evaluate_test(best, split_dataset, progress=progress)
    return evaluate_test(BASELINES[name](split_dataset, progress), split_dataset, calibrated=False, progress=progress)


def references(model: TrainedModel, *, progress: Progress = silent) -> dict[str, Evaluation]:
    """Every reference by name, as stored in the workspace, else worked out and stored."""
    names, found = reference_names(model.split_dataset), {}
    stamp = _stamp(model)
    for at, name in enumerate(names):
        folder = model.path.parents[1] / FOLDER / name
        stored = load_evaluation(folder, fingerprint=stamp)
        if not isinstance(stored, Evaluation):
            stored = measure_reference(name, model.split_dataset, progress=_share_of(progress, at, len(names)))
            _store(folder, stored, stamp)
        found[name] = stored
    return found


def _stamp(model: TrainedModel) -> str:
    split = model.split_dataset.split
    return digest([FORMAT, model.data_fingerprint, split.task, split.kind, str(split.seed)])


def _store(folder: Path, evaluation: Evaluation, stamp: str) -> None:
    with contextlib.suppress(OSError):  # a folder that cannot be written to is slower, not broken
        folder.mkdir(parents=True, exist_ok=True)
        save_evaluation(folder, evaluation, fingerprint=stamp)


def _share_of(progress: Progress, at: int, n: int) -> Progress:
    return lambda stage, share: progress(stage, (at + share) / n)
