"""``segments``: users under a name, kept with a workspace."""

from __future__ import annotations

import argparse
from typing import Any

from recsys_core.commands.command import Command, add_workspace
from recsys_core.progress import Progress


def segments_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    parser.add_argument("--save", metavar="NAME", help="keep the users of --where or --user under a name")
    where = "conditions on user columns, as 'age:25..35;region:north|south'"
    parser.add_argument("--where", metavar="CONDITIONS", help=where)
    parser.add_argument("--user", action="append", metavar="ID", help="a user of the segment; may be given again")
    parser.add_argument("--remove", metavar="NAME")


def run_segments(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """The segments of a workspace with their sizes, after one was saved or removed where that was asked for."""
    from recsys_core.data.conditions import checked_conditions
    from recsys_core.data.segments import Segment, SegmentStore, segment_users
    from recsys_core.errors import SettingError
    from recsys_core.models.workspace import Workspace

    opened, store = Workspace.open(args.workspace), SegmentStore(args.workspace)
    dataset, split = opened.dataset, opened.split_dataset
    if args.save is not None:
        conditions = {} if args.where is None else checked_conditions(args.where)
        segment = Segment(args.save, conditions, tuple(args.user) if args.user else None)
        segment_users(segment, dataset, split)  # refuses columns and ids that nobody has
        store.save(segment)
    elif args.where is not None or args.user:
        raise SettingError("segment.unsaved")
    if args.remove is not None:
        store.remove(args.remove)
    found = []
    for segment in store.list():
        try:
            size, reason = len(segment_users(segment, dataset, split)), None
        except SettingError as problem:
            size, reason = None, str(problem)
        found.append(segment.to_json() | {"n_users": size, "reason": reason})
    return {"segments": found, "n_all_users": dataset.n_users}


SEGMENTS = Command("segments", "users under a name: list, save, remove", segments_arguments, run_segments)
