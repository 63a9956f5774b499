"""Make the re-ranker of a variant."""

from __future__ import annotations

from importlib import import_module

from recsys_core.errors import SettingError
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerank import BY_SCORE, RERANKERS, Reranker, is_reranking
from recsys_core.rerankers.prepared import Prepared, Served
from recsys_core.variant import Reranking


def prepare_reranker(name: str, by: str, split_dataset: SplitDataset, scorer: Scorer) -> Prepared:
    """What a re-ranker learns on validation, whatever its strength. Raises ``SettingError`` for an unknown name."""
    if not is_reranking(name):
        raise SettingError("setting.choice", name="rerank", choices=", ".join(RERANKERS) or "-", value=name)
    module = import_module(f"recsys_core.rerankers.{name.replace('-', '_')}")
    prepared: Prepared = module.prepare(Served(split_dataset, scorer), by)
    return prepared


def make_reranker(settings: Reranking, split_dataset: SplitDataset, scorer: Scorer) -> Reranker:
    """The re-ranker of a variant, whose scores are ``scorer``'s.

    Raises ``SettingError``: ``setting.choice`` for a name that nobody has, and what the re-ranker says of its column.
    """
    if settings.name and not is_reranking(settings.name):
        raise SettingError("setting.choice", name="rerank", choices=", ".join(RERANKERS) or "-", value=settings.name)
    if settings.is_identity:
        return BY_SCORE
    return prepare_reranker(settings.name, settings.by, split_dataset, scorer).at(settings)
