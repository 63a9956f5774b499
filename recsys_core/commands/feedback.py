"""``feedback``: what the log of a workspace holds, and its sealed days."""

from __future__ import annotations

import argparse
from typing import Any

from recsys_core.commands.command import Command, add_workspace
from recsys_core.progress import Progress


def feedback_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    parser.add_argument("--seal", action="store_true", help="write each day that is over to serving/sealed (Parquet)")


def run_feedback(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """What a workspace's feedback log holds, after its days were sealed where that was asked for."""
    from recsys_core.feedback import FeedbackReader, seal_days, sealed_days
    from recsys_core.models.model_store import read_about

    read_about(args.workspace)
    found = FeedbackReader(args.workspace).summary().to_json()
    days = seal_days(args.workspace) if args.seal else sealed_days(args.workspace)
    return {**found, "sealed": [day.to_json() for day in days]}


FEEDBACK = Command(
    "feedback",
    "what the log of a service's feedback holds; write the days that are over",
    feedback_arguments,
    run_feedback,
)
