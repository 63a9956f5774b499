"""``compress``: what a variant costs and changes."""

from __future__ import annotations

import argparse
from typing import Any

from recsys_core.commands.command import Command, add_variant, open_variant
from recsys_core.progress import Progress


def run_compress(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.compare import measure_variant, report_to_json

    opened = open_variant(args)
    return report_to_json(measure_variant(opened.model, opened.variant, progress=progress))


COMPRESS = Command("compress", "what a variant costs and changes, beside the dense model", add_variant, run_compress)
