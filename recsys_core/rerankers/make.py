"""Make the re-ranker of a variant."""

from __future__ import annotations

import contextlib
from importlib import import_module
from types import ModuleType

from recsys_core.data.dataset import Dataset
from recsys_core.errors import RecLensError, SettingError
from recsys_core.fairness.columns import find_column
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerank import BY_SCORE, RERANKERS, Reranker, is_reranking
from recsys_core.rerankers.chain import PreparedChain
from recsys_core.rerankers.prepared import Prepared, Served
from recsys_core.variant import Reranking


def check_reranker(settings: Reranking, split_dataset: SplitDataset) -> None:
    """Raise ``RecLensError`` where these data give a re-ranker nothing to do; reads no model.

    ``setting.choice`` for a name that nobody has, ``rerank.columns`` for more columns than names, and what each
    re-ranker says of its column. What passes can be prepared with any model.
    """
    for name, by in _named(settings, split_dataset.dataset):
        _module(name).check(by, split_dataset)


def prepare_reranker(settings: Reranking, served: Served) -> Prepared:
    """What the re-ranker of ``settings`` learns on validation, whatever its strength. Raises as `check_reranker`."""
    parts = tuple(
        (Reranking(name, by=by), _module(name).prepare(served, by))
        for name, by in _named(settings, served.split_dataset.dataset)
    )
    return parts[0][1] if len(parts) == 1 else PreparedChain(parts)


def make_reranker(settings: Reranking, split_dataset: SplitDataset, scorer: Scorer) -> Reranker:
    """The re-ranker of a variant, whose scores are ``scorer``'s. Raises as `check_reranker`."""
    if settings.name and not is_reranking(settings.name):
        raise SettingError("setting.choice", name="rerank", choices=", ".join(RERANKERS), value=settings.name)
    if settings.is_identity:
        return BY_SCORE
    return prepare_reranker(settings, Served(split_dataset, scorer)).at(settings)


def _named(settings: Reranking, dataset: Dataset) -> list[tuple[str, str]]:
    """Each re-ranker with its column: one column serves all, else there is one for each."""
    if not is_reranking(settings.name):
        raise SettingError("setting.choice", name="rerank", choices=", ".join(RERANKERS), value=settings.name)
    names, columns = settings.names, _columns(settings, dataset)
    if len(columns) not in (1, len(names)):
        raise SettingError("rerank.columns", count=len(columns), methods=", ".join(names))
    return list(zip(names, columns * len(names) if len(columns) == 1 else columns, strict=True))


def _columns(settings: Reranking, dataset: Dataset) -> tuple[str, ...]:
    """The columns one by one; a text that is the name of one column is that column, commas and all."""
    with contextlib.suppress(RecLensError):
        return (find_column(dataset, settings.by).key,)
    found = settings.columns or ("",)
    if settings.by and not all(found):
        find_column(dataset, settings.by)  # says that there is none of this name
    return found


def _module(name: str) -> ModuleType:
    return import_module(f"recsys_core.rerankers.{name.replace('-', '_')}")
