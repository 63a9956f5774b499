"""Edited rows whose texts are encoded: another title is read by the same encoder as the titles of the tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from recsys_core.data.features import FeatureGroup, Features
from recsys_core.data.schema import stored_name

Encode = Callable[[list[str]], np.ndarray]


def with_encoded_rows(features: Features, side: str, frame: pd.DataFrame, encode: Encode) -> Features:
    """`Features.with_rows` with the vectors of its texts.

    ``encode`` makes vectors ``(n, width)`` of texts: ``partial(encode_texts, name=…)`` with the model's encoder. It is
    asked only for cells of ``frame`` and for what appended rows do not tell, which is the empty text as in the tables.
    """
    rows = features.ids[side].get_indexer(pd.Index(frame[f"{side}_id"].astype(str)))
    texts = {
        group.key: vectors
        for group in features.side(side)
        if group.kind == "text" and (vectors := _vectors(features, group, frame, rows, encode)) is not None
    }
    return features.with_rows(side, frame, texts=texts)


def _vectors(
    features: Features, group: FeatureGroup, frame: pd.DataFrame, rows: np.ndarray, encode: Encode
) -> np.ndarray | None:
    """A text group's vectors of all rows of the frame; None where nothing about it is told and no row is new."""
    column = stored_name(str(group.player.column))
    is_asked = np.full(len(frame), column in frame) | (rows < 0)
    if not is_asked.any():
        return None
    cells = frame[column] if column in frame else pd.Series([None] * len(frame))
    told = ["" if pd.isna(cell) else str(cell) for cell in cells]
    table, is_there = features.tables[group.key], rows >= 0
    vectors = np.zeros((len(frame), *table.shape[1:]), dtype=table.dtype)
    vectors[is_there] = table[rows[is_there]]
    vectors[is_asked] = encode([text for text, asked in zip(told, is_asked, strict=True) if asked])
    return vectors
