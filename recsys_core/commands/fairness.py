"""``fairness``: quality and exposure by group."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from recsys_core.commands.command import Command, add_users, add_variant, open_variant
from recsys_core.progress import Progress

if TYPE_CHECKING:
    from recsys_core.fairness import AuditSettings


def fairness_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    by = (
        "columns to group by, as a line of CSV, or segment:NAME; age=30/50 gives the edges of a number, city=York/Rome "
        "the values that are groups of their own (default: every column of users, largest gaps first)"
    )
    parser.add_argument("--by", metavar="COLUMN[=PART/PART][,COLUMN]", help=by)
    within = "look at the gap of --metric within fifths (or groups) of this column of users, beside --by"
    parser.add_argument("--within", metavar="COLUMN", help=within)
    parser.add_argument("--metric", default="ndcg", help="the measure of --within and --data-gap (default: ndcg)")
    beside = "what popularity, item-kNN, EASE and, on sample data, the best possible leave of --metric, beside --by"
    parser.add_argument("--data-gap", action="store_true", help=beside)
    parser.add_argument("--k", type=int, default=10, metavar="N", help="length of the lists, 1 to 100 (default: 10)")
    add_least(parser)
    add_users(parser)


def add_least(parser: argparse.ArgumentParser) -> None:
    """Of how many users a group must be to be shown with figures."""
    least = "groups of fewer users (items) keep their size and lose their figures (default: 20)"
    parser.add_argument("--least", type=int, metavar="N", help=least)


def audit_settings(args: argparse.Namespace) -> AuditSettings:
    """What the arguments say of how an audit is done."""
    from recsys_core.fairness import DEFAULT_SETTINGS

    return DEFAULT_SETTINGS if args.least is None else replace(DEFAULT_SETTINGS, least_size=args.least)


def run_fairness(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.data.segments import COLUMN, with_named_segments
    from recsys_core.errors import SettingError
    from recsys_core.fairness import audit, by_columns, report_json, scan, scan_json
    from recsys_core.fairness.data_gap import data_gap, data_gap_json
    from recsys_core.fairness.strata import strata_json, stratified_gap
    from recsys_core.models.evaluation import K
    from recsys_core.models.references import references
    from recsys_core.models.user_sample import UserLimit, evaluate_users

    limit, settings = replace(UserLimit.from_text(args.users), k=args.k), audit_settings(args)
    opened = open_variant(args)
    model, dataset = opened.model, opened.model.dataset
    if args.by is not None and COLUMN in args.by:
        dataset = with_named_segments(dataset, args.by, args.workspace, model.split_dataset)
    if args.within is not None and args.by is None:
        raise SettingError("strata.by")
    by = by_columns(dataset, args.by) if args.by is not None else None
    if args.data_gap and by is None:
        raise SettingError("data_gap.by")
    if args.data_gap and args.k != K:
        raise SettingError("data_gap.k", k=K)
    found = evaluate_users(model, opened.scorer, limit=limit, reranker=opened.reranker, progress=progress)
    how = {"variant": opened.variant, "train": model.split_dataset.sequences(), "settings": settings}
    if by is None:
        return scan_json(scan(dataset, found, progress=progress, **how))
    report = audit(dataset, found, by=by, **how)
    made = report_json(report)
    if args.within is not None:
        stratified = stratified_gap(
            dataset, found, report, metric=args.metric, within=args.within, train=model.split_dataset.sequences()
        )
        made |= {"within": strata_json(stratified)}
    if args.data_gap:
        how = {"by": by, "train": model.split_dataset.sequences(), "measure": args.metric, "settings": settings}
        made |= {"data_gap": data_gap_json(data_gap(dataset, found, references(model, progress=progress), **how))}
    return made


FAIRNESS = Command("fairness", "quality and exposure by group", fairness_arguments, run_fairness)
