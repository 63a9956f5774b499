"""``gap-reasons``: what each reason adds to the gap between two groups of users."""

from __future__ import annotations

import argparse
from typing import Any

from recsys_core.commands.command import Command, add_users, add_variant, open_variant
from recsys_core.progress import Progress


def gap_reasons_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    parser.add_argument("--by", required=True, metavar="COLUMN[,COLUMN]", help="columns of users, as fairness has them")
    parser.add_argument("--measure", default="ndcg@10", help="ndcg@10, mean_score (logits) or selection_rate")
    between = "two groups by their labels (default: those whose figures are furthest apart)"
    parser.add_argument("--between", nargs=2, default=(), metavar="GROUP", help=between)
    parser.add_argument("--background", type=int, default=8, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    sample = "users of both groups whose lists are made again (default: as many as take some twenty seconds)"
    parser.add_argument("--sample", type=int, metavar="N", help=sample)
    add_users(parser)


def run_gap_reasons(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from dataclasses import replace

    from recsys_core.data.segments import COLUMN, with_named_segments
    from recsys_core.fairness import by_columns
    from recsys_core.gap_reasons import ReasonSettings, gap_reasons
    from recsys_core.models.user_sample import UserLimit, evaluate_users

    limit = UserLimit.from_text(args.users)
    settings = ReasonSettings(args.measure, tuple(args.between), args.background, seed=args.seed, n_users=args.sample)
    opened = open_variant(args)
    model, split_dataset = opened.model, opened.model.split_dataset
    if COLUMN in args.by:
        dataset = with_named_segments(model.dataset, args.by, args.workspace, split_dataset)
        split_dataset = replace(split_dataset, dataset=dataset)
    by = by_columns(split_dataset.dataset, args.by)
    found = evaluate_users(model, opened.scorer, limit=limit, reranker=opened.reranker, progress=progress)
    made = gap_reasons(
        opened.scorer,
        split_dataset,
        found,
        by=by,
        settings=settings,
        reranker=opened.reranker,
        progress=progress,
    )
    return made.to_json() | {"by": list(by)}


GAP_REASONS = Command("gap-reasons", "which reasons make a gap between groups", gap_reasons_arguments, run_gap_reasons)
