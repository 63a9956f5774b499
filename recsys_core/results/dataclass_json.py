"""Results as plain JSON and back, for any frozen dataclass of them: the one place that knows both forms.

A field stands under its own name, or that of its metadata ``named("ndcg@10")``; the fields of an ``INLINED``
part stand beside its neighbours. What is None (not measured) is null, and so is NaN (without a meaning), which
JSON does not have.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Part = TypeVar("Part")
INLINED = {"inlined": True}


def named(key: str) -> dict[str, str]:
    """Metadata of a dataclass field whose JSON key is ``key``."""
    return {"key": key}


def to_json(value: object) -> Any:
    """Dictionaries, lists, texts and numbers that say the same.

    >>> to_json((0.5, math.nan, {"a": None}))
    [0.5, None, {'a': None}]
    """
    if is_dataclass(value) and not isinstance(value, type):
        written: dict[str, Any] = {}
        for about in fields(value):
            part = to_json(getattr(value, about.name))
            written |= (part or {}) if about.metadata.get("inlined") else {_key(about): part}
        return written
    if isinstance(value, Mapping):
        return {str(key): to_json(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def from_json(kind: type[Part], data: Mapping[str, Any], **given: Any) -> Part:
    """The dataclass that ``to_json`` wrote; keys that it does not know are left alone, ``given`` fields not read.

    Raises
    ------
    KeyError, TypeError
        Where a key is missing, or a value is not of the field's type.
    """
    return _read_dataclass(kind, data, given)


def _read(kind: Any, data: Any) -> Any:
    if kind is Any:
        return data
    if is_dataclass(kind):
        return _read_dataclass(kind, data, {})
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if data is None else _read(next(part for part in parts if part is not NoneType), data)
    if origin is tuple:
        values = _of_type(data, list)
        kinds = [parts[0]] * len(values) if parts[-1] is Ellipsis else parts
        return tuple(_read(part, value) for part, value in zip(kinds, values, strict=True))
    if origin is not None:  # a mapping by text
        return {key: _read(parts[1], value) for key, value in _of_type(data, dict).items()}
    if kind is float and type(data) is int:
        return float(data)
    return _of_type(data, kind)


def _of_type(data: Any, kind: type) -> Any:
    if type(data) is not kind:
        raise TypeError(f"expected {kind.__name__}, found {type(data).__name__}")
    return data


def _read_dataclass(kind: Any, data: Any, given: Mapping[str, Any]) -> Any:
    known, types, values = _of_type(data, dict), _types(kind), dict(given)
    for about in (about for about in fields(kind) if about.name not in given):
        expected = types[about.name]
        if about.metadata.get("inlined"):
            values[about.name] = _read_inlined(expected, known)
        else:
            values[about.name] = _read(expected, known[_key(about)])
    return kind(**values)


def _read_inlined(expected: Any, data: dict[str, Any]) -> Any:
    """An optional part is there where its first key is."""
    part = next((p for p in get_args(expected) if p is not NoneType), expected)
    is_there = part is expected or _key(fields(part)[0]) in data
    return _read_dataclass(part, data, {}) if is_there else None


def _key(about: Field) -> str:
    return about.metadata.get("key", about.name)


@cache
def _types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
