"""``search``: NSGA-II over mending and compression settings."""

from __future__ import annotations

import argparse
from typing import Any

from recsys_core.commands.command import Command, add_workspace
from recsys_core.progress import Progress


def search_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    parser.add_argument("--model", default="", metavar="ID", help="a model of the workspace (default: current)")
    parser.add_argument("--by", required=True, metavar="COLUMN", help="column of users whose gap is made small")
    parser.add_argument("--evaluations", type=int, default=40, metavar="N", help="variants that are measured")
    parser.add_argument("--resume", action="store_true", help="go on with the search that is kept")
    parser.add_argument("--seed", type=int, help="of what is drawn (default: 0, with --resume that of the kept search)")


def run_search(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.errors import SettingError, phrase
    from recsys_core.fairness import find_column
    from recsys_core.models.workspace import Workspace
    from recsys_core.search import REFERENCE, SearchSettings, load_search, search

    settings = SearchSettings(args.evaluations, args.seed, args.resume)
    workspace = Workspace.open(args.workspace)
    try:
        found = search(workspace, args.by, settings, model_id=args.model, progress=progress)
    except BaseException as stopped:  # a signal's exception is no `Exception`
        model = workspace.model(args.model)
        kept = None if isinstance(stopped, Exception) else load_search(model, find_column(model.dataset, args.by).key)
        n = 0 if kept is None else len(kept.tried) + len(kept.grid)
        if not n:
            raise
        raise SettingError("search.interrupted", n=n) from None
    result = found.result
    return {
        "by": result.by,
        "seed": result.seed,
        "n_evaluations": len(result.tried),
        "hypervolume": result.hypervolume,
        "grid_hypervolume": result.grid_hypervolume,
        "n_grid": len(result.grid),
        "reference": REFERENCE,
        "n_users": result.n_users,
        "resumed": found.resumed,
        "anew": found.anew,
        "note": str(phrase(f"search.anew.{found.anew}")) if found.anew else "",
        "full": result.full.to_json(),
        "front": [tried.to_json() for tried in result.front],
    }


SEARCH = Command(
    "search", "NSGA-II over mending and compression: quality, gap, size and drift", search_arguments, run_search
)
