"""``contrast``: why an item stands above another, what it lacks to enter a list, what a list has in common."""

from __future__ import annotations

import argparse
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys_core.commands.command import Command, OpenVariant, add_variant, open_variant
from recsys_core.errors import SettingError
from recsys_core.progress import Progress
from recsys_core.results.contrast import Contrast
from recsys_core.results.units import LOGIT, UNITS

if TYPE_CHECKING:
    from recsys_core.models.scorer import Pairs
    from recsys_core.recommend import UserScores


def contrast_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    parser.add_argument("--user", required=True, metavar="ID")
    parser.add_argument("--item", default="", metavar="ID")
    against = "the other item (default: the one below it on the list; of an item outside, the last of the list)"
    parser.add_argument("--against", default="", metavar="ID", help=against)
    parser.add_argument("--common", action="store_true", help="what the whole list has in common against the rest")
    parser.add_argument("--k", type=int, default=10, help="length of the list that an item enters or not")
    parser.add_argument("--others", type=int, default=100, metavar="N", help="of the rest, how many are looked at")
    parser.add_argument("--history", default="one", help="the history as one reason, or each item a reason")
    parser.add_argument("--units", default=LOGIT, help=f"one of {', '.join(UNITS)}")
    parser.add_argument("--background", type=int, default=32, metavar="N")
    compared = "the average case, the training examples of a segment's users, or another item for the same user"
    parser.add_argument("--compared-with", default="average", metavar="average|segment:NAME|item:ID", help=compared)
    parser.add_argument("--seed", type=int, default=0)


def run_contrast(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.explain.backgrounds import BackgroundChoice, make_background, users_of_segments
    from recsys_core.explain.probability_games import check_units
    from recsys_core.recommend import score_user, user_pairs

    if args.background < 1:
        raise SettingError("setting.least", name="background", least=1, value=args.background)
    if not args.item and not args.common:
        raise SettingError("contrast.no_item")
    if args.k < 1:
        raise SettingError("setting.k", value=args.k)
    opened = open_variant(args)
    split_dataset = opened.model.split_dataset
    check_units(args.units, split_dataset.task)
    user = opened.model.user_index(args.user)
    of_user = score_user(opened.scorer, split_dataset, user, opened.reranker)
    found: dict[str, Any] = {"user_id": str(opened.model.dataset.users["user_id"].iloc[user]), "k": args.k}
    choice = BackgroundChoice.parse(args.compared_with)
    users_of = users_of_segments(args.workspace, split_dataset)
    asked = user_pairs(split_dataset, user, np.full(1, -1))  # any item may be the background, also one of the two
    background = make_background(choice, split_dataset, asked, n=args.background, seed=args.seed, users_of=users_of)
    if args.item:
        found |= _of_items(args, opened, of_user, background)
    if args.common:
        from recsys_core.explain.common import reasons_in_common

        of_list = reasons_in_common(
            opened.scorer,
            opened.model.dataset,
            asked,
            background,
            of_user,
            k=args.k,
            n_others=args.others,
            units=args.units,
            seed=args.seed,
            compared_with=choice.key,
        )
        found["common"] = of_list.to_json()
    return found


def _of_items(args: argparse.Namespace, opened: OpenVariant, of_user: UserScores, background: Pairs) -> dict[str, Any]:
    """One item against another, and what each of them lacks to enter the list."""
    from recsys_core.explain.contrast import contrast, entry_gap, next_to
    from recsys_core.recommend import user_pairs

    model = opened.model
    item = model.item_index(args.item)
    against = model.item_index(args.against) if args.against else next_to(of_user, item, args.k)
    if against is None:
        raise SettingError("contrast.no_neighbour")

    @cache
    def of_pair(first: int, second: int) -> Contrast:
        pairs = user_pairs(model.split_dataset, of_user.user_index, np.array([first, second]))
        how = {"history": args.history, "units": args.units, "seed": args.seed, "compared_with": args.compared_with}
        return contrast(opened.scorer, model.dataset, pairs, background, **how)

    found = of_pair(item, against).to_json()
    for name, which in (("", item), ("_against", against)):
        gap = entry_gap(of_user, which, args.k)
        lacks = None if gap is None else of_pair(which, gap.last_index)
        found |= {
            f"rank{name}": of_user.rank_of(which),
            f"needed{name}": None if lacks is None else -lacks.score_difference,
            f"last{name}": None if lacks is None else lacks.against_id,
            f"lacks{name}": None if lacks is None else lowest_first(lacks),
        }
    return found


def lowest_first(found: Contrast) -> list[dict[str, Any]]:
    """What an item lacks, reason by reason, the heaviest first."""
    ordered = sorted(found.contributions, key=lambda reason: reason.contribution)
    return [{"feature": reason.feature, "contribution": reason.contribution} for reason in ordered]


CONTRAST = Command("contrast", "why an item stands above another", contrast_arguments, run_contrast)
