"""``explain``: why a user gets an item."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys_core.commands.command import Command, OpenVariant, add_variant, open_variant
from recsys_core.errors import SettingError
from recsys_core.explain.methods import DEFAULT, METHODS
from recsys_core.progress import Progress

if TYPE_CHECKING:
    from recsys_core.models.scorer import Pairs
    from recsys_core.results import Explanation


def explain_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    parser.add_argument("--user", required=True, metavar="ID")
    parser.add_argument("--item", required=True, metavar="ID")
    parser.add_argument("--method", default=DEFAULT, help=f"one of {', '.join(METHODS)}")
    parser.add_argument("--history", default="one", help="the history as one reason, or each item a reason")
    parser.add_argument("--background", type=int, default=32, metavar="N")
    compared = "the average case, the training examples of a segment's users, or another item for the same user"
    parser.add_argument("--compared-with", default="average", metavar="average|segment:NAME|item:ID", help=compared)
    units = "logits, or percentage points of the probability (as shares of 1)"
    parser.add_argument("--units", default="logit", metavar="logit|probability", help=units)
    parser.add_argument("--seed", type=int, default=0)
    words = "share a text's contribution out among its words, too (default: the item's text)"
    parser.add_argument("--words", nargs="?", const="", metavar="COLUMN", help=words)
    trust = "examine it, too: other methods, its reasons taken away, small changes of what is asked"
    parser.add_argument("--trust", action="store_true", help=trust)


def run_explain(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.explain.backgrounds import BackgroundChoice, make_background, users_of_segments
    from recsys_core.explain.explain import check_method, explain
    from recsys_core.explain.probability_games import check_units
    from recsys_core.explain.small_changes import Asked
    from recsys_core.explain.trust import examine
    from recsys_core.recommend import user_pairs

    if args.background < 1:
        raise SettingError("setting.least", name="background", least=1, value=args.background)
    opened = open_variant(args)
    model, scorer = opened.model, opened.scorer
    check_method(scorer, method=args.method, history=args.history)
    check_units(args.units, model.task)
    choice, users_of = (
        BackgroundChoice.parse(args.compared_with),
        users_of_segments(args.workspace, model.split_dataset),
    )
    pair = user_pairs(model.split_dataset, model.user_index(args.user), np.array([model.item_index(args.item)]))
    background = make_background(
        choice, model.split_dataset, pair, n=args.background, seed=args.seed, users_of=users_of
    )
    how = {"method": args.method, "history": args.history, "seed": args.seed, "units": args.units}
    found = explain(scorer, model.dataset, pair, background, **how, compared_with=choice.key)
    answer = found.to_json()
    if args.words is not None:
        answer["words"] = _words(args.words, opened, (pair, background), found, progress)
    if not args.trust:
        return answer
    asked = Asked(scorer, model.split_dataset, pair, background, choice, users_of, args.seed)
    return answer | {"trust": examine(asked, found, progress=progress).to_json()}


def _words(
    column: str, opened: OpenVariant, pairs: tuple[Pairs, Pairs], found: Explanation, progress: Progress
) -> dict[str, Any]:
    """What the words of a text add; they share out its Shapley value, whatever the method of the explanation."""
    from recsys_core.explain.explain import explain
    from recsys_core.explain.words import explain_words, text_player
    from recsys_core.models.text_vectors import TextVectors

    player, model = text_player(opened.scorer, column), opened.model
    if found.method != DEFAULT:
        found = explain(opened.scorer, model.dataset, *pairs, seed=found.seed, units=found.units)
    encode = partial(TextVectors(model.encoder_name), progress=progress)
    return explain_words(opened.scorer, *pairs, found, player, encode).to_json()


EXPLAIN = Command("explain", "why a user gets an item", explain_arguments, run_explain)
