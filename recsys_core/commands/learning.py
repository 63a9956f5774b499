"""``learn``, ``rollback`` and ``promote``: candidates from feedback, and a person's acts about what is served."""

from __future__ import annotations

import argparse
import time
from typing import Any

from recsys_core.commands.command import Command, add_workspace
from recsys_core.errors import Phrase
from recsys_core.progress import Progress
from recsys_core.results.learning import Decision


def learn_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--watch", action="store_true", help="look again whenever enough feedback has come")


def run_learn(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """One look at the feedback log, or with ``--watch`` one whenever enough has come; the last one's decision."""
    from recsys_core.learning.learn import learn
    from recsys_core.learning.watch import watch

    if not args.watch:
        return _decided(learn(args.workspace, seed=args.seed, progress=progress))
    decisions = watch(args.workspace, seed=args.seed, progress=progress)
    return {"looks": len(decisions)} | (_decided(decisions[-1]) if decisions else {})


def rollback_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)


def run_rollback(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Serve the version before the present one; ``current`` and ``previous`` are their numbers."""
    from recsys_core.learning import roll_back
    from recsys_core.models.model_store import read_about

    began = time.perf_counter()
    read_about(args.workspace)
    back, left = roll_back(args.workspace)
    return {
        "current": back.version,
        "previous": left.version,
        "model": back.model,
        "seconds": time.perf_counter() - began,
    }


def promote_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    parser.add_argument("--decision", type=int, required=True, metavar="N", help="number of a decision that is held")
    parser.add_argument("--refuse", action="store_true", help="refuse its candidate instead, and its feedback with it")


def run_promote(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """A person's answer about a candidate that was held."""
    from recsys_core.learning import promote_held, refuse_held
    from recsys_core.models.model_store import read_about

    read_about(args.workspace)
    return _decided((refuse_held if args.refuse else promote_held)(args.workspace, args.decision))


def _decided(decision: Decision) -> dict[str, Any]:
    """A decision as it is printed: the reason as a sentence."""
    said = decision.to_json()
    reason = decision.reason
    return said | {"reason": str(Phrase(reason.key, tuple(reason.values.items()))), "reason_key": reason.key}


LEARN = Command("learn", "learn from feedback, under a guard", learn_arguments, run_learn)
ROLLBACK = Command("rollback", "serve the version before the present one again", rollback_arguments, run_rollback)
PROMOTE = Command("promote", "serve a candidate that was held for a person", promote_arguments, run_promote)
