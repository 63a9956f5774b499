"""Edits as the short text of an address, and back: ``set=user.age:34;item.price:20``, ``add=ID;ID``, ``off=ID``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote, unquote

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import Features
from recsys_core.errors import RecLensError, SettingError
from recsys_core.player import Player
from recsys_core.results.edits import AddItem, Cell, Edit, SetColumn, TakeOffItem, cell_text
from recsys_core.what_if.edits import column_edit

PARAMETERS = ("set", "add", "off")
PLAIN = " !$'()*+,/=?@|<>\"#&"  # signs that stand for themselves inside a part; addresses escape them on their own


def edits_to_query(edits: Iterable[Edit]) -> dict[str, str]:
    """What an address says of some edits, by parameter: only those that are there.

    Inside a part ``%``, ``;`` and ``:`` are escaped as in addresses, so every column name and id comes back.

    >>> edits_to_query([SetColumn(Player("user", "a:b"), 34.0), SetColumn(Player("item", "c"), None), AddItem(3, "x;")])
    {'set': 'user.a%3Ab:34;item.c:', 'add': 'x%3B'}
    """
    parts: dict[str, list[str]] = {name: [] for name in PARAMETERS}
    for edit in edits:
        if isinstance(edit, SetColumn):
            parts["set"].append(f"{_quoted(edit.player.key)}:{_quoted(cell_text(edit.value))}")
        else:
            parts["add" if isinstance(edit, AddItem) else "off"].append(_quoted(edit.item_id))
    return {name: ";".join(said) for name, said in parts.items() if said}


def edits_from_query(
    query: Mapping[str, str], dataset: Dataset, features: Features
) -> tuple[tuple[Edit, ...], tuple[RecLensError, ...]]:
    """The edits that an address says, and why others of it are none; the inverse of `edits_to_query`.

    Columns first, then items added, then items taken off. Problems are those of `column_edit` and ``item.unknown``;
    whether the edits fit a history is not looked at (`recsys_core.what_if.edits.check_history_edits`).
    """
    edits: list[Edit] = []
    problems: list[RecLensError] = []

    def column(part: str) -> Edit:
        key, sign, value = part.partition(":")
        if not sign:
            raise SettingError("edit.form", edit=part)
        return keyed_edit(unquote(key), unquote(value), dataset, features)

    def added(part: str) -> Edit:
        return AddItem(dataset.item_index(unquote(part)), unquote(part))

    def taken_off(part: str) -> Edit:
        return TakeOffItem(dataset.item_index(unquote(part)), unquote(part))

    readers: dict[str, Callable[[str], Edit]] = {"set": column, "add": added, "off": taken_off}
    for name, read in readers.items():
        for part in filter(None, query.get(name, "").split(";")):
            try:
                edits.append(read(part))
            except RecLensError as problem:
                problems.append(problem)
    return tuple(edits), tuple(problems)


def keyed_edit(key: str, value: Cell, dataset: Dataset, features: Features) -> SetColumn:
    """The edit of a player's key (``user.age``) and a value.

    Raises ``SettingError``: ``edit.form`` for a key of no column, and as `column_edit`.
    """
    side, _, column = key.partition(".")
    if side not in ("user", "item") or not column:
        raise SettingError("edit.form", edit=key)
    return column_edit(Player.parse(key), value, dataset, features)


def _quoted(text: str) -> str:
    return quote(text, safe=PLAIN)
