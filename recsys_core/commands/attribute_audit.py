"""``attribute-audit``: what an attribute of users does to a model, flipped and read back from its representation."""

from __future__ import annotations

import argparse
from typing import Any

from recsys_core.commands.command import Command, add_variant, open_variant
from recsys_core.progress import Progress


def attribute_audit_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    parser.add_argument("--by", required=True, metavar="COLUMN", help="a column of users")
    tolerance = "a score changes where its probability moves by more (default: 0.01)"
    parser.add_argument("--tolerance", type=float, default=0.01, metavar="P", help=tolerance)
    parser.add_argument("--shuffles", type=int, default=200, metavar="N", help="shufflings of the attribute (chance)")
    parser.add_argument("--background", type=int, default=8, metavar="N")
    parser.add_argument("--seed", type=int, default=0)


def run_attribute_audit(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """What can be said of both questions; raises the first reason where neither can be answered."""
    from recsys_core.compare.attribute_flips import FlipSettings, attribute_flips
    from recsys_core.data.segments import COLUMN, with_named_segments
    from recsys_core.errors import RecLensError, SettingError
    from recsys_core.fairness import by_columns
    from recsys_core.fairness.leakage import ProbeSettings, leakage

    flip = FlipSettings(tolerance=args.tolerance, background=args.background, seed=args.seed)
    probed = ProbeSettings(n_shuffles=args.shuffles, seed=args.seed)
    opened = open_variant(args)
    split_dataset = opened.model.split_dataset
    if COLUMN in args.by:
        from dataclasses import replace

        dataset = with_named_segments(opened.model.dataset, args.by, args.workspace, split_dataset)
        split_dataset = replace(split_dataset, dataset=dataset)
    by = by_columns(split_dataset.dataset, args.by)

    def flips() -> dict[str, Any]:
        if len(by) > 1:
            raise SettingError("flips.crossed", columns=", ".join(by))
        return attribute_flips(
            opened.scorer, split_dataset, column=by[0], settings=flip, reranker=opened.reranker, progress=progress
        ).to_json()

    def leaks() -> dict[str, Any]:
        return leakage(opened.scorer, split_dataset, by=by, settings=probed, progress=progress).to_json()

    found: dict[str, Any] = {"by": list(by), "reasons": {}}
    problems = []
    for name, work in (("flips", flips), ("leakage", leaks)):
        try:
            found[name] = work()
        except RecLensError as problem:
            problems.append(problem)
            found |= {name: None}
            found["reasons"][name] = str(problem)
    if len(problems) == 2:
        raise problems[0]
    return found


ATTRIBUTE_AUDIT = Command(
    "attribute-audit", "what an attribute of users does to a model", attribute_audit_arguments, run_attribute_audit
)
