"""``sample`` and ``import``: tables with a planted truth, and a dataset of anybody's tables."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from recsys_core.commands.command import Command, add_source
from recsys_core.errors import filled
from recsys_core.progress import Progress


def sample_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--domain", default="shop")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")


def run_sample(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.data.sample import make_sample

    return make_sample(args.domain, args.seed, args.out)


def import_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser, required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="DATASET")


def run_import(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.data.importers import import_dataset
    from recsys_core.data.understood import understood
    from recsys_core.messages import MESSAGES

    dataset = import_dataset(args.format, args.source, args.mapping)
    dataset.save(args.out)
    return {
        "n_users": dataset.n_users,
        "n_items": dataset.n_items,
        "n_interactions": dataset.n_interactions,
        "fingerprint": dataset.fingerprint(),
        "understood": understood(dataset).to_json(),
        "warnings": [filled(MESSAGES[key], values) for key, values in dataset.warnings],
    }


SAMPLE = Command("sample", "make sample data with a planted truth", sample_arguments, run_sample)
IMPORT = Command("import", "check tables and make a dataset of them", import_arguments, run_import)
