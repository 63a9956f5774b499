"""``models``: the models of a workspace."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from recsys_core.commands.command import Command, add_workspace
from recsys_core.progress import Progress


def models_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    parser.add_argument("--make-current", metavar="ID")
    parser.add_argument("--remove", metavar="ID")


def run_models(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """The models of a workspace, after one was made current or removed where that was asked for."""
    from recsys_core.models.model_store import ModelStore, read_about

    read_about(args.workspace)
    store = ModelStore(args.workspace)
    if args.make_current is not None:
        store.make_current(args.make_current)
    if args.remove is not None:
        store.remove(args.remove)
    damaged = [{"id": model_id, "reason": str(problem)} for model_id, problem in store.damaged().items()]
    return {"models": [asdict(entry) for entry in store.list()], "damaged": damaged}


MODELS = Command("models", "the models of a workspace; make one current, or remove one", models_arguments, run_models)
