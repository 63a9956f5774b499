"""``architectures``: which design is fairer by itself."""

from __future__ import annotations

import argparse
from typing import Any

from recsys_core.commands.command import Command, add_workspace
from recsys_core.progress import Progress


def architectures_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    parser.add_argument("--model", default="", metavar="ID", help="a model of the workspace (default: current)")
    parser.add_argument("--by", required=True, metavar="COLUMN", help="column of users whose gap is compared")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="trainings of each design")
    parser.add_argument("--epochs", type=int, default=3, metavar="N", help="passes of each training")


def run_architectures(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.architectures import DesignSettings, compare_architectures
    from recsys_core.models.workspace import open_model
    from recsys_core.results.dataclass_json import to_json

    settings = DesignSettings(args.seeds, args.epochs)
    found = compare_architectures(open_model(args.workspace, args.model), args.by, settings, progress=progress)
    return to_json(found)


ARCHITECTURES = Command(
    "architectures",
    "designs at one budget: quality and gap over seeds, which is fairer by itself",
    architectures_arguments,
    run_architectures,
)
