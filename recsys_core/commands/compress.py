"""``compress``: what a variant costs and changes."""

from __future__ import annotations

import argparse
from typing import Any

from recsys_core.commands.command import Command, add_users, add_variant, open_variant
from recsys_core.progress import Progress


def compress_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    add_users(parser)


def run_compress(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.compare import DenseReference, measure_variant, report_to_json
    from recsys_core.models.user_sample import UserLimit

    limit = UserLimit.from_text(args.users)
    opened = open_variant(args)
    reference = DenseReference(opened.model, limit=limit)
    return report_to_json(measure_variant(opened.model, opened.variant, reference=reference, progress=progress))


COMPRESS = Command(
    "compress", "what a variant costs and changes, beside the dense model", compress_arguments, run_compress
)
