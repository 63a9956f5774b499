"""``adversarial-audit``: leakage, the worst subgroup and flips of a model in one verdict, beside the model before."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from recsys_core.commands.command import Command, OpenVariant, add_users, add_variant, open_variant
from recsys_core.progress import Progress

if TYPE_CHECKING:
    from recsys_core.models.trained_model import TrainedModel


def adversarial_audit_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    parser.add_argument("--by", required=True, metavar="COLUMN", help="the attribute: a column of users")
    against = "the model before, by its id (default: the one that was mended, or the variant's own model as it is)"
    parser.add_argument("--against", default="", metavar="MODEL", help=against)
    parser.add_argument("--shuffles", type=int, default=200, metavar="N", help="shufflings of the attribute (chance)")
    parser.add_argument("--seed", type=int, default=0)
    add_users(parser)


def run_adversarial_audit(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from dataclasses import replace

    from recsys_core.adversarial_audit import AuditedModel, adversarial_audit
    from recsys_core.data.segments import COLUMN, with_named_segments
    from recsys_core.fairness import by_columns
    from recsys_core.models.user_sample import UserLimit, evaluate_users

    limit = UserLimit.from_text(args.users)
    opened = open_variant(args)
    split_dataset = opened.model.split_dataset
    if COLUMN in args.by:
        dataset = with_named_segments(opened.model.dataset, args.by, args.workspace, split_dataset)
        split_dataset = replace(split_dataset, dataset=dataset)
    by = by_columns(split_dataset.dataset, args.by)
    earlier = earlier_model(args, opened)
    found = evaluate_users(opened.model, opened.scorer, limit=limit, reranker=opened.reranker, progress=progress)
    before = None
    if earlier is not None:
        lists = evaluate_users(earlier, earlier.dense, limit=limit, progress=progress)
        before = AuditedModel(earlier.dense, lists)
    model = AuditedModel(opened.scorer, found, opened.reranker)
    return adversarial_audit(
        model, split_dataset, by=by, before=before, n_shuffles=args.shuffles, seed=args.seed, progress=progress
    ).to_json()


def earlier_model(args: argparse.Namespace, opened: OpenVariant) -> TrainedModel | None:
    """The model that a variant is set beside: the one named, its own as it is, the one that was mended, or None.

    Raises ``SettingError`` (``adversarial.same``) where the one named is the variant itself.
    """
    from recsys_core.errors import SettingError
    from recsys_core.models.workspace import open_model

    if not args.against:
        mended_from = opened.model.config.get("mended_from")
        if not opened.variant.is_dense:
            return opened.model
        return open_model(args.workspace, str(mended_from)) if mended_from else None
    earlier = open_model(args.workspace, args.against)
    if earlier.variant.model == opened.variant.model and opened.variant.is_dense:
        raise SettingError("adversarial.same", model=args.against)
    return earlier


ADVERSARIAL_AUDIT = Command(
    "adversarial-audit",
    "leakage, subgroups and flips in one verdict",
    adversarial_audit_arguments,
    run_adversarial_audit,
)
