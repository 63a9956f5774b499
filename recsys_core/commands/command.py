"""A command of the command line, and the arguments that several of them share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_core.progress import Progress
from recsys_core.variant import ModelVariant

if TYPE_CHECKING:
    from recsys_core.models.scorer import Scorer
    from recsys_core.models.trained_model import TrainedModel
    from recsys_core.rerank import Reranker


@dataclass(frozen=True, slots=True)
class Command:
    """One word of the command line.

    Attributes
    ----------
    name
        The word.
    help
        What it does, in one line.
    add_arguments
        Gives the word's parser its arguments; ``--json`` is added to all.
    run
        Its work: arguments and progress in, one JSON-ready object out. Heavy libraries are imported inside, so
        that the command line starts at once.
    """

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Progress], dict[str, Any]]


def add_source(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Where tables come from and how they are read."""
    parser.add_argument("--format", required=required, default="tables")
    parser.add_argument("source", type=Path, metavar="SOURCE")
    parser.add_argument("--mapping", type=Path, metavar="FILE")


def add_workspace(parser: argparse.ArgumentParser) -> None:
    """Which workspace."""
    parser.add_argument("--workspace", type=Path, required=True, metavar="W")


def add_variant(parser: argparse.ArgumentParser) -> None:
    """Which workspace, and which of its models under which settings."""
    add_workspace(parser)
    ModelVariant.add_arguments(parser)


def add_users(parser: argparse.ArgumentParser) -> None:
    """On how many test users; see `recsys_core.models.user_sample.UserLimit`."""
    users = "test users that lists are made for (default: as many as take a few seconds, drawn by the split's seed)"
    parser.add_argument("--users", default="", metavar="all|N", help=users)


@dataclass(frozen=True, slots=True, eq=False)
class OpenVariant:
    """The variant asked for, its model, the scorer that serves it, and what makes lists of its scores."""

    variant: ModelVariant
    model: TrainedModel
    scorer: Scorer
    reranker: Reranker


def open_variant(args: argparse.Namespace) -> OpenVariant:
    """What `add_variant`'s arguments ask for. Raises ``SettingError`` or ``WorkspaceError``."""
    from recsys_core.compress.variants import VariantCache
    from recsys_core.models.workspace import open_model
    from recsys_core.rerankers import make_reranker

    variant = ModelVariant.from_arguments(args)
    model = open_model(args.workspace, variant.model)
    scorer = VariantCache(model).scorer(variant.compression)
    reranker = make_reranker(variant.reranking, model.split_dataset, scorer)
    return OpenVariant(replace(variant, model=model.variant.model), model, scorer, reranker)
