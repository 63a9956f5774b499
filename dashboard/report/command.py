"""``python -m dashboard report``: write the report of some columns to a file, and the same as JSON beside it."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from recsys_core.commands.command import Command, add_users, add_variant
from recsys_core.errors import SettingError
from recsys_core.progress import Progress
from recsys_core.variant import ModelVariant

LANGUAGES = ("en", "zh")


def report_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    by = "columns of users, as a line of CSV: each alone and all of them crossed; columns of items alone"
    parser.add_argument("--by", required=True, metavar="COLUMN[,COLUMN]", help=by)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.html", help="FILE.json is written beside it")
    parser.add_argument("--lang", choices=LANGUAGES, default="en")
    add_users(parser)


def run_report(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Both files are written when all is worked out, each as a whole."""
    from dashboard.report.make import make_report
    from recsys_core.data.folder import atomic_write

    out, beside = args.out, args.out.with_suffix(".json")
    if out.suffix.lower() not in (".html", ".htm"):
        raise SettingError("report.file", value=out.name)
    asked = _request(args)
    report = make_report(asked, progress=progress)
    out.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(beside, report.json.encode())
    atomic_write(out, report.html.encode())
    return {"html": str(out), "json": str(beside), "by": list(asked.by), "size_bytes": out.stat().st_size}


def _request(args: argparse.Namespace) -> Any:
    from dashboard.cached import fairness as cached_fairness
    from dashboard.cached import workspace as cached_workspace
    from dashboard.report.request import ReportRequest
    from dashboard.workspaces import workspace_ref
    from recsys_core.data.segments import COLUMN, with_named_segments
    from recsys_core.fairness import by_columns

    ref = workspace_ref(args.workspace.resolve())
    said = ModelVariant.from_arguments(args)
    model = cached_workspace.model(ref, said.model)
    variant = replace(said, model=model.variant.model)
    dataset = cached_workspace.dataset(ref)
    if COLUMN in args.by:
        dataset = with_named_segments(dataset, args.by, args.workspace, model.split_dataset)
    limit = cached_fairness.user_limit(ref, variant, args.users)
    return ReportRequest(ref, variant, by_columns(dataset, args.by), args.lang, limit)


REPORT = Command("report", "one HTML file of who is served worse, and the same as JSON", report_arguments, run_report)
