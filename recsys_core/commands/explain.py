"""``explain``: why a user gets an item."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from recsys_core.commands.command import Command, add_variant, open_variant
from recsys_core.errors import SettingError
from recsys_core.explain.methods import DEFAULT, METHODS
from recsys_core.progress import Progress

OF_ALL = ("score", "probability", "base_value", "completeness_gap", "standard_error", "fit", "background", "seed",
          "seconds", "exact")  # fmt: skip
OF_EACH = ("feature", "value", "unit", "contribution", "standard_error", "probability_without")


def explain_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    parser.add_argument("--user", required=True, metavar="ID")
    parser.add_argument("--item", required=True, metavar="ID")
    parser.add_argument("--method", default=DEFAULT, help=f"one of {', '.join(METHODS)}")
    parser.add_argument("--history", default="one", help="the history as one reason, or each item a reason")
    parser.add_argument("--background", type=int, default=32, metavar="N")
    parser.add_argument("--seed", type=int, default=0)


def run_explain(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.explain.explain import check_method, explain
    from recsys_core.recommend import user_pairs

    if args.background < 1:
        raise SettingError("setting.least", name="background", least=1, value=args.background)
    opened = open_variant(args)
    model, scorer = opened.model, opened.scorer
    check_method(scorer, method=args.method, history=args.history)
    pair = user_pairs(model.split_dataset, model.user_index(args.user), np.array([model.item_index(args.item)]))
    background = model.split_dataset.background(args.background, seed=args.seed)
    found = explain(scorer, model.dataset, pair, background, method=args.method, history=args.history, seed=args.seed)
    rows = [{k: getattr(reason, k) for k in OF_EACH} for reason in found.contributions]
    of_term = None if found.item_item is None else found.item_item.to_json()
    return {k: getattr(found, k) for k in OF_ALL} | {"contributions": rows, "item_item": of_term}


EXPLAIN = Command("explain", "why a user gets an item", explain_arguments, run_explain)
