"""``subgroups``: the users that a model serves worst, by conditions on up to two columns."""

from __future__ import annotations

import argparse
from typing import Any

from recsys_core.commands.command import Command, add_users, add_variant, open_variant
from recsys_core.commands.fairness import add_least, audit_settings
from recsys_core.progress import Progress


def subgroups_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    parser.add_argument("--metric", default="ndcg", help="the measure, such as recall or mrr (default: ndcg)")
    columns = "columns of users to make conditions of, as a line of CSV (default: all)"
    parser.add_argument("--columns", metavar="COLUMN[,COLUMN]", help=columns)
    add_least(parser)
    add_users(parser)


def run_subgroups(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.fairness import by_columns
    from recsys_core.fairness.subgroups import find_subgroups, subgroups_json
    from recsys_core.models.user_sample import UserLimit, evaluate_users

    limit, settings = UserLimit.from_text(args.users), audit_settings(args)
    opened = open_variant(args)
    model, dataset = opened.model, opened.model.dataset
    columns = by_columns(dataset, args.columns) if args.columns is not None else ()
    how: dict[str, Any] = {"metric": args.metric, "columns": columns, "settings": settings, "variant": opened.variant}
    found = evaluate_users(model, opened.scorer, limit=limit, reranker=opened.reranker, progress=progress)
    return subgroups_json(
        find_subgroups(dataset, found, train=model.split_dataset.sequences(), progress=progress, **how)
    )


SUBGROUPS = Command("subgroups", "the worst-served subgroups of users", subgroups_arguments, run_subgroups)
