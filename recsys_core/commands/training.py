"""``train``, ``prepare``, ``measure`` and ``retrain``: a workspace's models, and the levels that sliders stop at."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_core.commands.command import Command, add_source, add_workspace
from recsys_core.errors import SettingError
from recsys_core.progress import Progress

if TYPE_CHECKING:
    from recsys_core.data.dataset import Dataset

MOST_AUDITED = 20_000  # users: some ten seconds


def train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DATASET")
    _new_workspace(parser)
    parser.add_argument("--task", choices=("implicit", "like", "rating"))
    parser.add_argument("--split", choices=("time", "random", "cutoff"), default="time")
    parser.add_argument("--epochs", type=int)
    parser.add_argument(
        "--encoder", default="sentence-transformers/all-MiniLM-L6-v2", help="text encoder: a name or a folder"
    )


def run_train(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.data.dataset import Dataset
    from recsys_core.models.fit import FitRequest, fit_workspace

    dataset = Dataset.load(args.data)
    request = FitRequest(
        name=args.name, task=args.task, split=args.split, seed=args.seed, epochs=args.epochs, encoder=args.encoder
    )
    trained = fit_workspace(dataset, args.out, request, progress=progress)
    _audit(dataset, args.out, progress)
    return trained.to_json() | _stored(dataset, args.out, trained.task)


def prepare_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser, required=False)
    _new_workspace(parser)


def run_prepare(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Everything the app needs from a folder of tables: import, train, measure the default levels."""
    from recsys_core.compare import measure_grid
    from recsys_core.data.importers import import_dataset
    from recsys_core.models.fit import FitRequest, fit_workspace
    from recsys_core.models.workspace import open_model

    dataset = import_dataset(args.format, args.source, args.mapping)
    trained = fit_workspace(dataset, args.out, FitRequest(name=args.name, seed=args.seed), progress=progress)
    _audit(dataset, args.out, progress)
    reports = measure_grid(open_model(args.out), progress=progress)
    return trained.to_json() | _stored(dataset, args.out, trained.task) | {"levels_measured": len(reports)}


def measure_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    parser.add_argument("--model", default="", metavar="ID", help="a model of the workspace (default: current)")
    parser.add_argument("--seconds", type=float, default=math.inf, metavar="S", help="begin no level after so long")


def run_measure(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """The default levels that are not measured yet, so that the app's sliders answer at once."""
    from recsys_core.compare import default_grid, measure_grid
    from recsys_core.models.workspace import open_model

    if not args.seconds >= 0:  # not a number, too
        raise SettingError("setting.least", name="seconds", least=0, value=args.seconds)
    model = open_model(args.workspace, args.model)
    reports = measure_grid(model, seconds=args.seconds, progress=progress)
    return {"levels": len(default_grid(model.term)), "levels_measured": len(reports)}


def retrain_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    parser.add_argument("--name", required=True, help="what the app calls the new model")
    parser.add_argument("--model", default="", metavar="ID", help="whose settings are taken (default: current)")
    column: dict[str, Any] = {"action": "append", "default": [], "metavar": "COLUMN"}
    parser.add_argument("--without", help="a column that is left out", **column)
    parser.add_argument("--audit-only", help="a column that audits read and the model does not", **column)
    buckets = "a number that is read by its bucket: user.age=30,50"
    parser.add_argument("--bucket", action="append", default=[], metavar="COLUMN=EDGES", help=buckets)


def run_retrain(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.models.feature_changes import read_changes
    from recsys_core.models.retrain import retrain
    from recsys_core.models.workspace import Workspace

    workspace = Workspace.open(args.workspace)
    said = {"without": args.without, "audit_only": args.audit_only, "buckets": args.bucket}
    changes = read_changes(workspace.dataset, **said)
    found = retrain(workspace, args.name, changes, base=args.model, progress=progress)
    _audit(workspace.dataset, args.workspace, progress, found.id)
    stored = _stored(workspace.dataset, args.workspace, found.report.task, found.id)
    return found.report.to_json() | stored | {"id": found.id, "feature_changes": changes.to_json()}


def _audit(dataset: Dataset, workspace: Path, progress: Progress, model_id: str = "") -> None:
    """Audit every user column now, so that no page has to; of large data whoever opens the first page waits for it."""
    from recsys_core.fairness import dense_scan
    from recsys_core.models.workspace import open_model

    if dataset.n_users <= MOST_AUDITED:
        dense_scan(open_model(workspace, model_id), progress=progress)


def _new_workspace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="WORKSPACE")
    parser.add_argument("--name", default="", help="what the app calls the workspace")
    parser.add_argument("--seed", type=int, default=0)


def _stored(dataset: Dataset, workspace: Path, task: str, model_id: str = "") -> dict[str, Any]:
    """What was chosen: the item-item term (none: null) and the options; what was understood, with the task's rows."""
    from recsys_core.data.understood import understood
    from recsys_core.models.artifact import load_config
    from recsys_core.models.model_store import ModelStore

    config = load_config(ModelStore(workspace).folder(model_id))
    found = understood(dataset).to_json()
    used = found | {"tasks": {task: found["tasks"][task]}, "parts": config["rows"]}
    return {"item_item": config["item_item"], "choice": config["choice"], "understood": used}


TRAIN = Command("train", "train a workspace on a dataset", train_arguments, run_train)
PREPARE = Command("prepare", "import, train and measure the default compression levels", prepare_arguments, run_prepare)
RETRAIN = Command("retrain", "train another model over changed features", retrain_arguments, run_retrain)
MEASURE = Command("measure", "measure the default compression levels that are not yet", measure_arguments, run_measure)
