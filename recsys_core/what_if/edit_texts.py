"""Edits as the few texts of an address or a file, and back; what cannot be used is named and the rest stands.

``set`` holds columns (``user.age:34;item.price:20``, the one touched last at the end, nothing behind the colon for an
empty cell), ``add`` and ``off`` hold item ids (``12;7``, of added ones the newest at the end). What divides is escaped
by per cent inside a part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import unquote

from recsys_core.data.dataset import Dataset
from recsys_core.errors import RecLensError, SettingError
from recsys_core.results.edits import Edit, SetColumn, TakeOffItem
from recsys_core.what_if.edit_text import edits_from_query, edits_to_query
from recsys_core.what_if.edits import check_history_edits
from recsys_core.what_if.situation import Situation

BETWEEN, SETS = ";", ":"
KINDS: tuple[Literal["set", "add", "off"], ...] = ("set", "add", "off")


@dataclass(frozen=True, slots=True)
class EditTexts:
    """Some edits as the three parameters of an address; equal edits have equal texts."""

    set: str = ""
    add: str = ""
    off: str = ""

    def __len__(self) -> int:
        return sum(len(parts(text)) for text in (self.set, self.add, self.off))


@dataclass(frozen=True, slots=True)
class ReadEdits:
    """The edits that fit, in their order, and why the others do not."""

    edits: tuple[Edit, ...] = ()
    problems: tuple[RecLensError, ...] = ()


def with_column(texts: EditTexts, edit: SetColumn) -> EditTexts:
    """The same edits with this one of its column, touched last.

    >>> from recsys_core.player import Player
    >>> with_column(EditTexts("user.age:34;user.region:south"), SetColumn(Player("user", "age"), 40.0)).set
    'user.region:south;user.age:40'
    """
    others, new = without_column(texts, edit.player.key), edit_texts([edit]).set
    return replace(texts, set=f"{others.set}{BETWEEN}{new}" if others.set else new)


def without_column(texts: EditTexts, key: str) -> EditTexts:
    """The same edits with the column of this player as it is."""
    begin = f"{_escaped(key)}{SETS}"
    return replace(texts, set=BETWEEN.join(part for part in parts(texts.set) if not part.startswith(begin)))


def with_item(texts: EditTexts, kind: Literal["add", "off"], item_id: str) -> EditTexts:
    """The same edits with one more item added or taken off."""
    return replace(texts, **{kind: BETWEEN.join([*parts(getattr(texts, kind)), _escaped(item_id)])})


def without_item(texts: EditTexts, kind: Literal["add", "off"], item_id: str) -> EditTexts:
    """The same edits without this item among those added or taken off.

    >>> without_item(EditTexts(off="3;7"), "off", "3").off
    '7'
    """
    left = [part for part in parts(getattr(texts, kind)) if part != _escaped(item_id)]
    return replace(texts, **{kind: BETWEEN.join(left)})


def of_side(texts: EditTexts, side: str) -> EditTexts:
    """The edits that belong to the user (``user``: the columns and the history) or to the item (``item``).

    >>> of_side(EditTexts("user.age:34;item.price:9", add="7"), "item")
    EditTexts(set='item.price:9', add='', off='')
    """
    columns = BETWEEN.join(part for part in parts(texts.set) if part.startswith(f"{side}."))
    return EditTexts(columns, texts.add, texts.off) if side == "user" else EditTexts(columns)


def joined(first: EditTexts, second: EditTexts) -> EditTexts:
    """Both, those of the second one behind those of the first."""
    pairs = ((first.set, second.set), (first.add, second.add), (first.off, second.off))
    return EditTexts(*(BETWEEN.join(filter(None, pair)) for pair in pairs))


def column_pairs(texts: EditTexts) -> list[tuple[str, str]]:
    """Player key and value of every edited column as they are said, the one touched last at the end."""
    pairs = (part.partition(SETS) for part in parts(texts.set))
    return [(unquote(key), unquote(value)) for key, _, value in pairs]


def item_ids(texts: EditTexts, kind: Literal["add", "off"]) -> list[str]:
    """Raw ids of the items added or taken off."""
    return [unquote(part) for part in parts(getattr(texts, kind))]


def parts(text: str) -> list[str]:
    """The edits of one text, still escaped."""
    return [part for part in text.split(BETWEEN) if part]


def edit_texts(edits: Iterable[Edit]) -> EditTexts:
    """The texts of some edits.

    >>> from recsys_core.player import Player
    >>> edit_texts([SetColumn(Player("user", "age"), 34.0), SetColumn(Player("item", "a:b"), "x;y")])
    EditTexts(set='user.age:34;item.a%3Ab:x%3By', add='', off='')
    """
    return EditTexts(**edits_to_query(edits))


def read_edits(texts: EditTexts, situation: Situation, dataset: Dataset) -> ReadEdits:
    """The edits of a situation that texts say: columns, then added, then taken off.

    What is no edit, or does not fit the history or the edits before it, becomes a problem; see
    `recsys_core.what_if.edits` for the keys, and ``item.unknown``.
    """
    kept: list[Edit] = []
    problems: list[RecLensError] = []
    features, held = situation.scorer.features, situation.positives
    user_id = str(features.ids["user"][situation.user_index])
    for kind in KINDS:
        for part in parts(getattr(texts, kind)):
            read, problem = edits_from_query({kind: part}, dataset, features)
            try:
                check_history_edits([*kept, *read], item_index=situation.item_index, held=held, user_id=user_id)
            except SettingError as error:
                problem = (error,)
            kept += [] if problem else read
            problems += problem
    return ReadEdits(tuple(kept), tuple(problems))


def _escaped(text: str) -> str:
    """An id or a key as `edits_to_query` writes it inside a text."""
    return edits_to_query([TakeOffItem(0, text)])["off"]
