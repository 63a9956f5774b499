"""Person: what is known of somebody at this moment, whatever model will be asked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.data.known import KnownItems
from recsys_core.data.schema import Column
from recsys_core.errors import SettingError, phrase

Cell = str | float | None
MOST_NAMED = 20  # columns that a message lists
NOBODY = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody as they are known now; never changed, so whoever holds one sees no half of an update.

    Attributes
    ----------
    user_id
        Raw id; None for a person who gave none.
    user_index
        Row of the dataset; None for a person who is not in it.
    positives
        Items taken, newest first, each once: all rows of the dataset, whatever their part, and all feedback.
    met
        Items of all rows and events, whatever came of them, in any order, an item perhaps several times: no candidates.
    attributes
        Cells by column of a person who is not in the dataset; what is not there is missing.
    """

    user_id: str | None
    user_index: int | None
    positives: np.ndarray = field(default_factory=lambda: NOBODY)
    met: np.ndarray = field(default_factory=lambda: NOBODY)
    attributes: Mapping[str, Cell] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether the dataset holds them."""
        return self.user_index is not None

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known that a model could read."""
        return self.user_index is None and not len(self.positives) and not self.attributes

    def history(self, length: int) -> np.ndarray:
        """The newest items ``(length,)`` int64, newest first, padded with -1."""
        out = np.full(length, -1, dtype=np.int64)
        read = self.positives[:length]
        out[: len(read)] = read
        return out

    def known(self, n_items: int) -> KnownItems:
        """All items taken as one row, stored with the oldest first, as `recsys_core.data.known.Known.csr` does."""
        n = len(self.positives)
        table = csr_array((np.ones(n, dtype=bool), self.positives[::-1], np.array([0, n])), shape=(1, n_items))
        return KnownItems(table)


def new_person(
    dataset: Dataset,
    attributes: Mapping[str, object] | None = None,
    history: Sequence[object] = (),
    *,
    user_id: str | None = None,
) -> Person:
    """Somebody whom the dataset does not hold, from what they say of themselves.

    Parameters
    ----------
    attributes
        Values by user column; None and columns that are not there are missing cells.
    history
        Raw ids of items taken, newest first; of a repeated one the first counts.

    Raises ``SettingError``: ``live.column`` (unknown), ``live.kind`` (another type than the column's), and
    ``RecLensError`` (``item.unknown``).
    """
    cells = {name: read_cell(dataset, name, value) for name, value in (attributes or {}).items()}
    items = dict.fromkeys(dataset.item_index(str(item)) for item in history)
    taken = np.array(list(items), dtype=np.int32)
    return Person(user_id, None, taken, taken, {name: cell for name, cell in cells.items() if cell is not None})


def read_cell(dataset: Dataset, name: str, value: object) -> Cell:
    """A value as the user column ``name`` holds it, None where it is missing. Raises ``SettingError``."""
    column = dataset.schema.user_column(name)
    if column is None:
        names = [c.name for c in dataset.schema.users]
        known = ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
        raise SettingError("live.column", column=name, known=known or "-")
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    cell = _number(value) if column.kind == "number" else _text(column, value)
    if cell is None:
        kind = column.kind if column.kind in ("number", "set") else "text"
        raise SettingError("live.kind", column=name, kind=phrase(f"live.kind.{kind}"), value=_shown(value))
    return cell


def _number(value: object) -> float | None:
    """None for what is no finite number; a text is none, even one that spells a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _text(column: Column, value: object) -> str | None:
    """Whole numbers are taken for texts, as codes are in tables; None for what is neither."""
    if column.kind == "set" and isinstance(value, list):
        parts = [_text_part(part) for part in value]
        return None if any(part is None for part in parts) else "|".join(part for part in parts if part)
    return _text_part(value)


def _text_part(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip()


def _shown(value: object, most: int = 60) -> str:
    """A value as a message quotes it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}…"
