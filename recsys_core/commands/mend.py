"""``mend``: serve a group better, in training or by re-ranking, and say at what price."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from recsys_core.commands.command import Command, add_users, add_workspace
from recsys_core.progress import Progress

if TYPE_CHECKING:
    from recsys_core.mend import Mended
    from recsys_core.results.mending import MendingReport


def mend_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    method = "re-rankings (live) and trained methods, applied together"
    parser.add_argument("--method", required=True, metavar="METHOD[,METHOD]", help=method)
    by = "whose groups are looked at, as a line of CSV: columns of users, of items, or of both"
    parser.add_argument("--by", required=True, metavar="COLUMN[,COLUMN]", help=by)
    parser.add_argument("--strength", type=float, default=1.0, metavar="S", help="0 (nothing changes) to 1")
    parser.add_argument("--model", default="", metavar="ID", help="the model that is mended (default: current)")
    parser.add_argument("--name", default="", help="what the app calls a trained model")
    add_users(parser)


def run_mend(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.data.segments import COLUMN, with_named_segments
    from recsys_core.mend import mend, read_mendings
    from recsys_core.models.user_sample import UserLimit
    from recsys_core.models.workspace import Workspace

    limit = UserLimit.from_text(args.users)
    workspace = Workspace.open(args.workspace)
    if COLUMN in args.by:
        dataset = with_named_segments(workspace.dataset, args.by, args.workspace, workspace.split_dataset)
        workspace = replace(workspace, dataset=dataset, _opened={})
    mendings = read_mendings(workspace, args.method, args.by, args.strength)
    return mended_json(mend(workspace, mendings, base=args.model, name=args.name, limit=limit, progress=progress))


def mended_json(found: Mended) -> dict[str, Any]:
    """``id`` of a model that was trained, ``variant`` (an address's parameters) where lists are re-ranked."""
    from recsys_core.fairness.audit import reason_json

    made = {"id": found.model_id} if found.is_new else {}
    live = {} if found.variant.reranking == type(found.variant.reranking)() else {"variant": found.variant.to_query()}
    same = {} if made or live else {"id": found.model_id}
    return {**made, **live, **same, **report_json(found.report), "notes": [reason_json(note) for note in found.notes]}


def report_json(report: MendingReport) -> dict[str, Any]:
    """``mendings before after price drift seconds``, and ``items`` where both sides were audited."""
    from recsys_core.fairness import report_json as audit_json

    price, items = asdict(report.price), dict[str, Any]()
    names = {"change": price["metric"]}
    if report.of_items is not None:
        items = {"items": {"before": audit_json(report.of_items[0]), "after": audit_json(report.of_items[1])}}
    return {
        "mendings": [mending.to_json() for mending in report.mendings],
        "before": audit_json(report.before),
        "after": audit_json(report.after),
        **items,
        "price": {names.get(name, name): value for name, value in price.items() if name != "metric"},
        "drift": {"reasons_kept": report.reasons_kept, "lists_kept": report.lists_kept},
        "seconds": report.seconds,
    }


MEND = Command("mend", "serve a group better, and say at what price", mend_arguments, run_mend)
