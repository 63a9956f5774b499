"""Encoded values of edited cells: what a row of the model's tables holds after an edit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys_core.data.features import FeatureGroup, Features
from recsys_core.models.edited_rows import Encode
from recsys_core.results.edits import Cell, Edit, SetColumn

SAME_TEXT = 1e-5  # two vectors of one text differ by less: a batch pads it with others


def encoded_edits(
    features: Features, edits: Sequence[Edit], rows: dict[str, int], encode: Encode | None
) -> list[np.ndarray | None]:
    """For each edit the encoded value that it puts at its side's row; None where the row holds it, and for histories.

    Raises ``ValueError`` for an edited text without ``encode``.
    """
    groups = {group.player: group for group in features.groups}
    out: list[np.ndarray | None] = []
    for edit in edits:
        if not isinstance(edit, SetColumn):
            out.append(None)
            continue
        group = groups[edit.player]
        own, value = features.tables[group.key][rows[group.side]], encoded_cell(group, edit.value, encode)
        tolerance = SAME_TEXT if group.kind == "text" else 0.0
        out.append(None if np.abs(value - own).max(initial=0.0) <= tolerance else value)
    return out


def encoded_cell(group: FeatureGroup, value: Cell, encode: Encode | None) -> np.ndarray:
    """A cell as the group's table holds it: a code, weights, or a text's vector."""
    if group.kind != "text":
        return group.encode(pd.Series([value], dtype=object))[0]
    if encode is None:
        raise ValueError("an edited text needs an encoder")
    return encode([str(value or "")])[0]
