"""``counterfactual``: what would take an item off a user's list, or bring it there."""

from __future__ import annotations

import argparse
from typing import Any

from recsys_core.commands.command import Command, add_variant, open_variant
from recsys_core.errors import SettingError
from recsys_core.progress import Progress
from recsys_core.results.counterfactual import CHANGE_ATTRIBUTES, KINDS, REMOVE_HISTORY


def counterfactual_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    parser.add_argument("--user", required=True, metavar="ID")
    parser.add_argument("--item", required=True, metavar="ID")
    parser.add_argument("--k", type=int, default=10, help="length of the list")
    kind = "take items off the history until the item leaves the list, or change columns until it is on it"
    parser.add_argument("--kind", choices=KINDS, default=REMOVE_HISTORY, help=kind)
    may = "columns that may change, as a line of CSV: item.price=5:20, user.region=north|south, user.age (default: all "
    parser.add_argument(
        "--may-change",
        default="",
        metavar="COLUMN[=LOW:HIGH],…",
        help=may + "that the model reads, less texts, ids and sensitive ones)",
    )


def run_counterfactual(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.counterfactual import allowed_columns, smallest_change, smallest_removal
    from recsys_core.what_if.situation import situation_of

    if args.may_change and args.kind == REMOVE_HISTORY:
        raise SettingError("setting.unused", name="--may-change", use=f"--kind {CHANGE_ATTRIBUTES}")
    opened = open_variant(args)
    model = opened.model
    pair = model.user_index(args.user), model.item_index(args.item)
    situation = situation_of(opened.scorer, model.split_dataset, *pair)
    how: dict[str, Any] = {"k": args.k, "reranker": opened.reranker}
    if args.kind == REMOVE_HISTORY:
        return smallest_removal(situation, model.split_dataset, **how).to_json()
    allowed = allowed_columns(args.may_change, model.dataset, opened.scorer.features)
    return smallest_change(situation, model.split_dataset, allowed, **how).to_json()


COUNTERFACTUAL = Command(
    "counterfactual",
    "what would take an item off a user's list, or bring it there",
    counterfactual_arguments,
    run_counterfactual,
)
