"""``compare-explainers``: which explainer can be believed."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from recsys_core.commands.command import Command, add_variant, open_variant
from recsys_core.progress import Progress


def compare_explainers_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    users = "users whose top recommendation is explained by every method (default: 100; about 1 to 3 seconds each)"
    parser.add_argument("--n-users", type=int, default=None, metavar="N", help=users)
    by = "a column of users, or segment:NAME: the same figures by group"
    parser.add_argument("--by", metavar="COLUMN[,COLUMN]", help=by)
    parser.add_argument("--background", type=int, default=None, metavar="N", help="rows that stand for other cases")
    parser.add_argument("--seed", type=int, default=0)


def run_compare_explainers(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.compare.explainers import ComparisonSettings, compare_explainers
    from recsys_core.data.segments import with_named_segments
    from recsys_core.fairness import by_columns

    asked = {name: getattr(args, name) for name in ("n_users", "background") if getattr(args, name) is not None}
    settings = ComparisonSettings(seed=args.seed, **asked)
    opened = open_variant(args)
    split_dataset = opened.model.split_dataset
    if args.by is not None:
        dataset = with_named_segments(split_dataset.dataset, args.by, args.workspace, split_dataset)
        split_dataset = replace(split_dataset, dataset=dataset)
        settings = ComparisonSettings(seed=args.seed, by=by_columns(dataset, args.by), **asked)
    about = opened.scorer, split_dataset, settings
    return compare_explainers(*about, reranker=opened.reranker, progress=progress).to_json()


COMPARE_EXPLAINERS = Command(
    "compare-explainers",
    "which explainer can be believed: every method on the same users",
    compare_explainers_arguments,
    run_compare_explainers,
)
