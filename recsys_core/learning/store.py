"""Candidates on disk: a learned model is a model of the workspace like any other."""

from __future__ import annotations

from dataclasses import replace

from recsys_core.errors import WorkspaceError
from recsys_core.learning.ladder import Taught, scorer_of
from recsys_core.learning.rows import Span
from recsys_core.models import artifact
from recsys_core.models.encoder import EncoderInfo
from recsys_core.models.evaluation import evaluate_test
from recsys_core.models.fit import FittedModel, model_config
from recsys_core.models.model_selection import ChosenModel
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.training import TrainedRanker, TrainingSettings
from recsys_core.models.training_report import training_report
from recsys_core.models.workspace import Workspace
from recsys_core.progress import Progress, silent
from recsys_core.results.learning import REFUSED
from recsys_core.versions import DecisionLog, Versions

SIGN = " + "  # between the name of a model and the number of the last event that taught its descendant


def store_candidate(
    workspace: Workspace, parent: TrainedModel, taught: Taught, span: Span, about: dict, *, progress: Progress = silent
) -> str:
    """Id of the candidate, written as a whole or not at all, with its evaluation, figures and training log.

    ``about`` is what its configuration says beside parent, rule and range (``learned``).
    """
    split_dataset = parent.split_dataset
    settings = TrainingSettings.from_json(parent.config["settings"])
    trained = TrainedRanker(taught.ranker, taught.log, taught.log[-1], settings)
    chosen = ChosenModel(trained, parent.features, taught.term, parent.choice)
    scorer = scorer_of(parent, taught)
    evaluation = evaluate_test(scorer, split_dataset, progress=progress)
    report = training_report(evaluation, {}, split_dataset, n_parameters=scorer.n_parameters, seconds=taught.seconds)
    baselines = {name: replace(quality, differences={}) for name, quality in parent.training.baselines.items()}
    config = parent.config | model_config(EncoderInfo(**parent.config["encoder"]), split_dataset, chosen)
    learned = {"parent": parent.id, "rule": taught.step.name, "after": span[0], "upto": span[1]} | about
    fitted = FittedModel(chosen, config | {"learned": learned}, replace(report, baselines=baselines), evaluation)
    name = f"{parent.name.split(SIGN)[0]}{SIGN}{span[1]}"
    return workspace.models.add(name, fitted.write)


def clear_refused(workspace: Workspace) -> None:
    """Remove candidates that were refused and never served, and those of a learner that was killed before it decided.

    They would pile up, one a look. An id that was free again may have been given to a later candidate: the last word
    about it counts.
    """
    versions, models = Versions(workspace.path), workspace.models
    served = {version.model for version in versions.list()} | {models.current}
    word = {decision.candidate: decision.decision for decision in DecisionLog(workspace.path).list()}
    for model_id in models.ids():
        if word.get(model_id, REFUSED) == REFUSED and model_id not in served and _is_learned(workspace, model_id):
            models.remove(model_id)


def _is_learned(workspace: Workspace, model_id: str) -> bool:
    """Whether a model is a candidate, not one that somebody trained."""
    try:
        return "learned" in artifact.load_config(workspace.models.folder(model_id))
    except WorkspaceError:
        return False
