"""``explain-groups``: do reasons differ between groups, are they less faithful for some, what does a mending change."""

from __future__ import annotations

import argparse
from typing import Any

from recsys_core.commands.adversarial_audit import earlier_model
from recsys_core.commands.command import Command, add_variant, open_variant
from recsys_core.progress import Progress


def explain_groups_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    parser.add_argument("--by", required=True, metavar="COLUMN[,COLUMN]", help="columns of users, as fairness has them")
    against = "the model before, by its id (default: the one that was mended, or the variant's own model as it is)"
    parser.add_argument("--against", default="", metavar="MODEL", help=against)
    parser.add_argument("--n-users", type=int, default=300, metavar="N", help="users who are explained, at most")
    parser.add_argument("--background", type=int, default=8, metavar="N")
    parser.add_argument("--seed", type=int, default=0)


def run_explain_groups(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from dataclasses import replace

    from recsys_core.compare.group_reasons import GroupReasonSettings, group_reasons
    from recsys_core.data.segments import COLUMN, with_named_segments
    from recsys_core.fairness import by_columns

    settings = GroupReasonSettings(args.n_users, args.background, args.seed)
    opened = open_variant(args)
    earlier = earlier_model(args, opened)
    split_dataset = opened.model.split_dataset
    if COLUMN in args.by:
        dataset = with_named_segments(opened.model.dataset, args.by, args.workspace, split_dataset)
        split_dataset = replace(split_dataset, dataset=dataset)
    by = by_columns(split_dataset.dataset, args.by)
    return group_reasons(
        opened.scorer,
        split_dataset,
        by=by,
        base=None if earlier is None else earlier.dense,
        settings=settings,
        reranker=opened.reranker,
        progress=progress,
    ).to_json()


EXPLAIN_GROUPS = Command(
    "explain-groups", "whether reasons differ between groups", explain_groups_arguments, run_explain_groups
)
