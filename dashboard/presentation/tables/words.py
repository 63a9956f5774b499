"""The words of a text: as marked parts of it, and as a table beside LIME's weights."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain
from dashboard.presentation.units import decimals_for, on_axis, signed, titled
from recsys_core.results.words import WordExplanation


@dataclass(frozen=True, slots=True)
class MarkedPart:
    """A word with what it adds as a ``note``, or what stands between words, without one.

    ``kind`` is ``for``, ``against`` or empty; ``strength`` 0 to 1, of the strongest word.
    """

    text: str
    kind: str = ""
    strength: float = 0.0
    note: str = ""


def marked_parts(found: WordExplanation) -> list[MarkedPart]:
    """The whole text in parts."""
    strongest = max(abs(w.contribution) for w in found.words) or 1.0
    decimals, parts, end = decimals_for((w.contribution for w in found.words), found.units), [], 0
    for word in found.words:
        if word.start > end:
            parts.append(MarkedPart(found.text[end : word.start]))
        kind = "" if word.contribution == 0 else "for" if word.contribution > 0 else "against"
        note = signed(word.contribution, found.units, decimals)
        parts.append(MarkedPart(word.word, kind, round(abs(word.contribution) / strongest, 3), note))
        end = word.end
    return [*parts, MarkedPart(found.text[end:])] if end < len(found.text) else parts


def words_table(found: WordExplanation) -> pd.DataFrame:
    """A word a row, the strongest first."""
    words = sorted(found.words, key=lambda w: -abs(w.contribution))
    decimals = decimals_for((w.contribution for w in words), found.units) + 1
    rows = {
        "word": [w.word for w in words],
        "contribution": [signed(w.contribution, found.units, decimals) for w in words],
        "lime": [signed(w.lime, found.units, decimals) for w in words],
    }
    if found.standard_error is not None:
        rows["error"] = [numbers.number(on_axis(w.standard_error or 0.0, found.units), 1) for w in words]
    return pd.DataFrame(rows)


def words_columns(rows: pd.DataFrame, found: WordExplanation) -> dict[str, RowColumn]:
    """Names of its columns."""
    names = {
        "word": RowColumn(plain("lab.words.word"), wrap=True),
        "contribution": RowColumn(titled("explain.contribution", found.units), right=True),
        "lime": RowColumn(plain("lab.words.lime"), plain("lab.words.lime.help"), right=True),
        "error": RowColumn(plain("lab.words.error"), right=True),
    }
    return {column: names[column] for column in rows.columns}
