"""What to call a variant of the model."""

from __future__ import annotations

from typing import Any

from dashboard.presentation.sentences.fairness import column_name
from dashboard.presentation.texts import has, numbers, plain, word
from recsys_core.settings import Setting, settings_of
from recsys_core.variant import LEVERS, Compression, ModelVariant, Reranking


def plain_variant(chosen: ModelVariant) -> str:
    """A variant in words: "50 % of neurons removed, 8 bits"; each setting's words are ``variant.name.FIELD``.

    Re-ranked lists are said last: "re-ranked: FA*IR by popularity, strength 50 %".
    """
    if chosen.is_dense:
        return plain("variant.dense")
    words = {name: _word(about, getattr(chosen.compression, name)) for name, about in settings_of(Compression)}
    parts = [plain(f"variant.name.{name}", **words) for name in _said(chosen.compression)]
    return plain("variant.join").join([*parts, *_reranked(chosen.reranking)])


def _reranked(lists: Reranking) -> list[str]:
    """How lists are made, where it is not by score alone."""
    if lists.is_identity:
        return []
    methods = " → ".join(word("mend.method", name) for name in lists.names)
    strength = numbers.percent(lists.strength)
    if not lists.columns:
        return [plain("variant.reranked", method=methods, strength=strength)]
    column = " × ".join(_column(name) for name in lists.columns)
    return [plain("variant.reranked.by", method=methods, column=column, strength=strength)]


def _column(name: str) -> str:
    """A column as a re-ranker was told it: with its side or without."""
    return column_name(name) if "." in name else word("column", name)


def _said(compression: Compression) -> list[str]:
    """The fields that are set and have words of their own, in the order in which their levers are applied."""
    order = {name: min(map(LEVERS.index, about.levers)) for name, about in settings_of(Compression)}
    changed = [name for name in order if getattr(compression, name) != getattr(Compression(), name)]
    return sorted((name for name in changed if has(f"variant.name.{name}")), key=order.__getitem__)


def _word(about: Setting, value: Any) -> object:
    if about.per_cent:
        return numbers.percent(value)
    return plain(f"{about.parameter}.{value}") if about.kind is str else value
