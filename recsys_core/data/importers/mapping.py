"""The mapping of a person's own tables: which file is what, which column is what."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from recsys_core.data.moments import TIME_UNITS
from recsys_core.data.readers.text import PLAIN, TextFormat, is_text_encoding
from recsys_core.data.schema import KINDS, OUTCOMES
from recsys_core.data.tables import Table
from recsys_core.errors import DataError, Phrase, phrase

DECIMALS = (".", ",")
Keys = dict[str, tuple[type, ...]]  # of an object in the mapping: which it may have, and of what type
_TEXT, _NUMBER = (str,), (int, float)
_FORM: Keys = {"delimiter": _TEXT, "encoding": _TEXT, "escape": _TEXT, "quotes": (bool,)}
_TIMES = ("time", "timestamp", "datetime", "date", "time_stamp", "event_time", "created_at")
_VALUES = ("outcome", "rating", "click", "value", "clicked", "clk", "label", "purchased", "bought", "liked", "stars")
UNKNOWN_IDS = ("refuse", "keep", "drop")


@dataclass(frozen=True, slots=True)
class NamedColumn:
    """What the mapping says of one attribute; None where it leaves that to be inferred."""

    kind: str | None = None
    sensitive: bool | None = None
    levels: tuple[str, ...] = ()
    unit: str = ""
    decimal: str | None = None
    feature: bool = True


@dataclass(frozen=True, slots=True)
class SideMapping:
    """The table of users or items.

    ``label`` is the column that a person reads (name or title); ``form`` is what the mapping says
    of the text file.
    """

    file: str
    id: str
    label: str | None = None
    columns: dict[str, NamedColumn] = field(default_factory=dict)
    form: TextFormat = PLAIN


@dataclass(frozen=True, slots=True)
class InteractionMapping:
    """The table of interactions; None where there is no such column, or the scale is to be inferred.

    ``time_format`` (as in ``strptime``) and ``time_unit`` are empty where they are to be found out.
    ``unrated_value`` stands for "met, but not rated"; from ``positive_from`` on a row counts as a
    positive. ``unknown_ids`` says what becomes of rows whose user or item is in no table.
    """

    file: str
    user: str
    item: str
    time: str | None = None
    value: str | None = None
    outcome: str | None = None
    low: float | None = None
    high: float | None = None
    propensity: str | None = None
    decimal: str | None = None
    time_format: str = ""
    time_unit: str = ""
    unrated_value: float | None = None
    positive_from: float | None = None
    unknown_ids: str = "refuse"
    form: TextFormat = PLAIN


@dataclass(frozen=True, slots=True)
class Mapping:
    """Three tables; ``users`` or ``items`` is None where only the interactions tell who they are.

    ``source`` is the file it was read from, for messages.
    """

    source: str
    name: str
    users: SideMapping | None
    items: SideMapping | None
    interactions: InteractionMapping


def read_mapping(path: Path, *, name: str, file: str | None = None) -> Mapping:
    """Read a mapping file; ``name`` is what the dataset is called where the mapping does not say.

    ``file`` is the table that is meant where the mapping names none. Raises ``DataError``
    (``table.missing``, ``mapping.bad``).
    """
    if not path.is_file():
        raise DataError("table.missing", file=path.name, folder=path.parent, expected=phrase("expected.mapping"))
    try:
        data = json.loads(path.read_bytes())  # UTF-8, 16 or 32, with a byte order mark or without
    except json.JSONDecodeError as problem:
        raise _bad(path.name, "mapping.not_json_at", line=problem.lineno, column=problem.colno) from None
    except (OSError, ValueError, RecursionError):
        raise _bad(path.name, "mapping.not_json") from None
    if file and isinstance(data, dict):
        data = {key: {"file": file, **part} if isinstance(part, dict) else part for key, part in data.items()}
    return parse_mapping(data, path.name, name=name)


def parse_mapping(data: object, source: str, *, name: str) -> Mapping:
    """Check a mapping that was read from JSON. Raises ``DataError`` (``mapping.bad``)."""
    parts: Keys = {"name": _TEXT, "users": (dict,), "items": (dict,), "interactions": (dict,)}
    checked = _check_object(data, phrase("mapping.whole"), source, parts, required=("interactions",))
    sides = {side: _parse_side(checked[side], side, source) for side in ("users", "items") if side in checked}
    return Mapping(
        source,
        checked.get("name", name),
        sides.get("users"),
        sides.get("items"),
        _parse_interactions(checked["interactions"], source),
    )


def guess_mapping(tables: dict[str, Table], *, name: str, flat: bool = False) -> Mapping:
    """The mapping of tables that use the sample's column names: ``user_id``, ``item_id``, ``title``, ``name`` …

    ``flat`` takes users and items from the interactions, too.
    """
    if flat:
        tables = dict.fromkeys(("interactions", "users", "items"), tables["interactions"])
    found = tables["interactions"].columns
    interactions = {
        "file": tables["interactions"].file,
        "user": "user_id",
        "item": "item_id",
        "time": _first_named(_TIMES, found),
        "value": _first_named(_VALUES, found),
        "propensity": "propensity" if "propensity" in found else None,
    }
    labels = {"users": ("user_id", "name", ("name",)), "items": ("item_id", "title", ("title", "name"))}
    mapping: dict[str, object] = {"name": name, "interactions": {k: v for k, v in interactions.items() if v}}
    for side, (id_name, key, choices) in labels.items():
        if side in tables:
            label = next((c for c in choices if c in tables[side].columns and not (flat and c == "name")), None)
            mapping[side] = {"file": tables[side].file, "id": id_name, **({key: label} if label else {})}
    return parse_mapping(mapping, "column names", name=name)


def _first_named(names: tuple[str, ...], found: Iterable[str]) -> str | None:
    """The column that has one of these names, in any case; the earlier name wins."""
    by_name = {column.casefold(): column for column in reversed(list(found))}
    return next((by_name[name] for name in names if name in by_name), None)


def _bad(source: str, key: str, /, **values: object) -> DataError:
    return DataError("mapping.bad", file=source, reason=phrase(key, **values))


def _check_object(
    data: object, where: str | Phrase, source: str, keys: Keys, *, required: tuple[str, ...] = ()
) -> dict:
    """``data`` where it is an object with known keys of the right types; null counts as left out."""
    if not isinstance(data, dict):
        raise _bad(source, "mapping.object", where=where)
    for key, value in data.items():
        if key not in keys:
            raise _bad(source, "mapping.unknown_key", where=where, key=key[:40], known=", ".join(keys))
        right = isinstance(value, keys[key]) and (isinstance(value, bool) is (keys[key] == (bool,)))
        if value is not None and not (right and value != ""):
            raise _bad(source, "mapping.type", where=where, key=key, type=phrase(f"mapping.{keys[key][0].__name__}"))
    filled = {key: value for key, value in data.items() if value is not None}
    for key in required:
        if key not in filled:
            raise _bad(source, "mapping.must_name", where=where, key=key)
    return filled


def _parse_side(data: object, side: str, source: str) -> SideMapping:
    label = "name" if side == "users" else "title"
    keys: Keys = {"file": _TEXT, "id": _TEXT, label: _TEXT, "columns": (dict,), **_FORM}
    checked = _check_object(data, side, source, keys, required=("file", "id"))
    columns = {c: _parse_column(c, what, side, source) for c, what in checked.get("columns", {}).items()}
    file, form = _check_file(checked["file"], source), _parse_form(checked, side, source)
    return SideMapping(file, checked["id"], checked.get(label), columns, form)


def _parse_form(checked: dict, side: str, source: str) -> TextFormat:
    """What a side's part of the mapping says of its text file."""
    delimiter, encoding, escape = (checked.get(key) for key in ("delimiter", "encoding", "escape"))
    delimiter = "\t" if delimiter in ("\\t", "tab") else delimiter
    if delimiter and ('"' in delimiter or "\n" in delimiter or "\r" in delimiter):
        raise _bad(source, "mapping.delimiter", where=side)
    if encoding and not is_text_encoding(encoding):
        raise _bad(source, "mapping.encoding", where=side, value=encoding[:40])
    if escape and (len(escape) != 1 or not escape.isascii() or escape in '"\r\n ' or escape == delimiter):
        raise _bad(source, "mapping.escape", where=side, value=escape[:40])
    return TextFormat(delimiter, encoding, escape, checked.get("quotes", True))


def _parse_column(column: str, data: object, side: str, source: str) -> NamedColumn:
    where = phrase("mapping.column", side=side, column=column[:40])
    keys: Keys = {
        "kind": _TEXT,
        "sensitive": (bool,),
        "levels": (list,),
        "unit": _TEXT,
        "decimal": _TEXT,
        "feature": (bool,),
    }
    if isinstance(data, dict) and data.get("unit") == "":
        data = {key: value for key, value in data.items() if key != "unit"}
    checked = _check_object({"kind": data} if isinstance(data, str) else data, where, source, keys)
    levels = checked.get("levels", [])
    _check_choice(checked, "kind", KINDS, where, source)
    if not all(isinstance(level, str | int | float) for level in levels) or len(set(levels)) < len(levels):
        raise _bad(source, "mapping.levels", where=where)
    _check_choice(checked, "decimal", DECIMALS, where, source)
    texts = tuple(str(level) for level in levels)
    return NamedColumn(**{**checked, "levels": texts})


def _parse_interactions(data: object, source: str) -> InteractionMapping:
    columns = ("file", "user", "item", "time", "value", "outcome", "propensity")
    texts = (*columns, "decimal", "time_format", "time_unit", "unknown_ids")
    numbers = ("low", "high", "unrated_value", "positive_from")
    keys: Keys = {**dict.fromkeys(texts, _TEXT), **dict.fromkeys(numbers, _NUMBER), **_FORM}
    checked = _check_object(data, "interactions", source, keys, required=("file", "user", "item"))
    outcome, low, high = (checked.get(key) for key in ("outcome", "low", "high"))
    choices = {"outcome": OUTCOMES, "decimal": DECIMALS, "time_unit": TIME_UNITS, "unknown_ids": UNKNOWN_IDS}
    for key, allowed in choices.items():
        _check_choice(checked, key, allowed, "interactions", source)
    for key in ("positive_from", "unrated_value"):
        if key in checked and "value" not in checked:
            raise _bad(source, "mapping.needs_value_column", key=key)
    if outcome in ("rating", "click") and "value" not in checked:
        raise _bad(source, "mapping.needs_value", outcome=outcome)
    for key in numbers:
        if not math.isfinite(checked.get(key, 0)):
            raise _bad(source, "mapping.finite", key=key)
    if low is not None and high is not None and low >= high:
        raise _bad(source, "mapping.low_high")
    plain = {key: value for key, value in checked.items() if key not in _FORM}
    form = _parse_form(checked, "interactions", source)
    return InteractionMapping(**{**plain, "file": _check_file(checked["file"], source), "form": form})


def _check_choice(checked: dict, key: str, allowed: tuple[str, ...], where: str | Phrase, source: str) -> None:
    if key in checked and checked[key] not in allowed:
        value, choices = checked[key][:40], " ".join(allowed) if key == "decimal" else ", ".join(allowed)
        raise _bad(source, "mapping.choice", where=where, key=key, choices=choices, value=value)


def _check_file(file: str, source: str) -> str:
    """A mapping may come from a stranger: it names files in the source folder only."""
    path = PurePosixPath(file.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in file or ":" in file:
        raise _bad(source, "mapping.file", file=file[:80])
    return file
