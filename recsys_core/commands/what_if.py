"""``what-if``: what the model would say of another person, another history or another item."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_core.commands.command import Command, add_variant, open_variant
from recsys_core.errors import SettingError
from recsys_core.progress import Progress

if TYPE_CHECKING:
    from recsys_core.models.trained_model import TrainedModel
    from recsys_core.results.edits import Edit
    from recsys_core.results.what_if import MovedItem, Standing
    from recsys_core.results.what_if_session import WhatIfSession


def what_if_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    for side in ("user", "item"):
        of_side = parser.add_mutually_exclusive_group()
        of_side.add_argument(f"--{side}", metavar="ID")
        made_up = f"start from a {side} with empty cells, whom the model does not know"
        of_side.add_argument(f"--new-{side}", action="store_true", help=made_up)
    helped = "another value of a column: user.age=30, item.price=20; nothing behind the sign is an empty cell"
    parser.add_argument("--set", action="append", default=[], metavar="COLUMN=VALUE", help=helped)
    parser.add_argument("--add", action="append", default=[], metavar="ITEM", help="an item that was taken, too, last")
    parser.add_argument("--take-off", action="append", default=[], metavar="ITEM", help="an item that was not taken")
    parser.add_argument("--edits", type=Path, metavar="FILE", help="a session file of the What-if page")
    parser.add_argument("--k", type=int, default=10, help="length of the lists")
    units = "what the edits' contributions are in"
    parser.add_argument("--units", default="logit", metavar="logit|probability", help=units)


def run_what_if(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.explain.probability_games import check_units
    from recsys_core.models.text_vectors import TextVectors
    from recsys_core.what_if.situation import situation_of
    from recsys_core.what_if.what_if import what_if

    if args.k < 1:
        raise SettingError("setting.k", value=args.k)
    opened = open_variant(args)
    check_units(args.units, opened.model.task)
    model, encode = opened.model, TextVectors(opened.model.encoder_name)
    session = _session(args, model)
    user, item = (
        index_of(said) if said is not None else None
        for said, index_of in ((session.user_id, model.user_index), (session.item_id, model.item_index))
    )
    situation = situation_of(opened.scorer, model.split_dataset, user, item, encode)
    edits = (*session.edits, *_edits(args, model))
    k = min(args.k, model.dataset.n_items)
    found = what_if(situation, edits, model.split_dataset, encode, units=args.units, k=k, reranker=opened.reranker)
    about = found.explanation
    of_all = ("units", "completeness_gap", "standard_error", "exact", "seconds")
    return {
        "before": _standing(about.before),
        "after": _standing(about.after),
        "edits": [
            {"edit": e.edit.key, "contribution": e.contribution, "standard_error": e.standard_error}
            for e in about.edits
        ],
        **{name: getattr(about, name) for name in of_all},
        "top_before": [_line(moved, "rank_after") for moved in found.top.before],
        "top_after": [_line(moved, "rank_before") for moved in found.top.after],
        "n_candidates": about.before.n_candidates,
        "notes": [str(note) for note in found.notes],
    }


def _session(args: argparse.Namespace, model: TrainedModel) -> WhatIfSession:
    """Who is asked about, and the edits of a file; what the arguments say wins. Raises ``SettingError``."""
    from recsys_core.results.what_if_session import WhatIfSession
    from recsys_core.what_if.session_file import read_session_file

    if args.edits is not None:
        stored = read_session_file(args.edits, model)
        user_id = None if args.new_user else args.user or stored.user_id
        item_id = None if args.new_item else args.item or stored.item_id
        return WhatIfSession(user_id, item_id, stored.edits)
    for side in ("user", "item"):
        if getattr(args, side) is None and not getattr(args, f"new_{side}"):
            raise SettingError("what_if.who", wanted=f"--{side} ID / --new-{side}")
    return WhatIfSession(args.user, args.item)


def _edits(args: argparse.Namespace, model: TrainedModel) -> tuple[Edit, ...]:
    from recsys_core.results.edits import AddItem, TakeOffItem
    from recsys_core.what_if.edits import read_column_edit

    columns = (read_column_edit(text, model.dataset, model.features) for text in args.set)
    added = (AddItem(model.item_index(item), item) for item in args.add)
    taken_off = (TakeOffItem(model.item_index(item), item) for item in args.take_off)
    return (*columns, *added, *taken_off)


def _standing(of: Standing) -> dict[str, Any]:
    return {"score": of.score, "probability": of.probability, "rank": of.rank}


def _line(moved: MovedItem, other: str) -> dict[str, Any]:
    keys = ("item_id", "title", "score", "probability", "rank")
    return {key: getattr(moved.item, key) for key in keys} | {other: moved.other_rank}


WHAT_IF = Command("what-if", "what edits of a user, a history or an item would change", what_if_arguments, run_what_if)
