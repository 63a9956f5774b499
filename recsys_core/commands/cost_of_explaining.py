"""``cost-of-explaining``: the ranker beside models that explain themselves."""

from __future__ import annotations

import argparse
import contextlib
from typing import Any

from recsys_core.commands.command import Command, add_users, add_workspace
from recsys_core.progress import Progress


def cost_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    parser.add_argument("--model", default="", metavar="ID", help="a model of the workspace (default: current)")
    add_users(parser)
    parser.add_argument("--examples", type=int, default=30_000, metavar="N", help="training examples at most")
    explained = "test pairs explained one by one, for times and faithfulness"
    parser.add_argument("--explained", type=int, default=100, metavar="N", help=explained)
    parser.add_argument("--seed", type=int, default=0)


def run_cost(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Measured anew whenever it is asked for; the app shows what was found last."""
    from recsys_core.models.user_sample import UserLimit
    from recsys_core.models.workspace import open_model
    from recsys_core.results.dataclass_json import to_json
    from recsys_core.self_explaining import CostSettings, cost_of_explaining, save_cost

    limit, model = UserLimit.from_text(args.users), open_model(args.workspace, args.model)
    settings = CostSettings(args.examples, args.explained)
    found = cost_of_explaining(model, seed=args.seed, limit=limit, settings=settings, progress=progress)
    with contextlib.suppress(OSError):  # a folder that cannot be written to is slower, not broken
        save_cost(model, found)
    return to_json(found)


COST_OF_EXPLAINING = Command(
    "cost-of-explaining", "the ranker beside models that explain themselves", cost_arguments, run_cost
)
