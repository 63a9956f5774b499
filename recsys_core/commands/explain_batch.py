"""``explain-batch``: the lists of many users with their reasons, as Parquet."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from recsys_core.batch.engines import DEFAULT as LOCAL
from recsys_core.batch.engines import ENGINES
from recsys_core.commands.command import Command, add_variant
from recsys_core.explain.methods import DEFAULT, METHODS
from recsys_core.progress import Progress
from recsys_core.results.units import LOGIT, UNITS
from recsys_core.variant import ModelVariant

OF_RUN = ("n_rows", "n_users", "n_partitions", "n_skipped", "n_rows_before", "n_repeated", "seconds", "rows_per_second")


def batch_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    users = "a table with user_id, a text with one id a line, or a folder of Parquet partitions"
    parser.add_argument("--users", type=Path, required=True, metavar="FILE_OR_FOLDER", help=users)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="one Parquet file a partition")
    parser.add_argument("--k", type=int, default=10, help="length of each list")
    parser.add_argument("--method", default=DEFAULT, help=f"one of {', '.join(METHODS)}")
    parser.add_argument("--background", type=int, default=32, metavar="N")
    parser.add_argument("--units", default=LOGIT, help=f"one of {', '.join(UNITS)}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--partition-size", type=int, default=1000, metavar="N", help="users of a file that is cut up")
    parser.add_argument("--engine", default=LOCAL, help=f"one of {', '.join(ENGINES)}")
    parser.add_argument("--processes", type=int, metavar="N", help="workers (default: a core each)")


def run_batch(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.batch.request import BatchRequest
    from recsys_core.batch.run import explain_batch

    variant = ModelVariant.from_arguments(args)
    request = BatchRequest(args.workspace, variant, args.k, args.method, args.background, args.seed, args.units)
    how = {"size": args.partition_size, "engine_name": args.engine, "processes": args.processes}
    found = explain_batch(request, args.users, args.out, **how, progress=progress)
    return {name: getattr(found, name) for name in OF_RUN}


EXPLAIN_BATCH = Command(
    "explain-batch", "lists of many users with their reasons, as Parquet", batch_arguments, run_batch
)
