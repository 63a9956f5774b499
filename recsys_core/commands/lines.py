"""What a command found, as a person reads it in a terminal."""

from __future__ import annotations

from typing import Any

VALUES = ("value", "value_against")  # of a row, in its unit


def lines_of(found: dict[str, Any], indent: str = "") -> list[str]:
    """Lines that say a command's object: a figure a line, what lies inside indented."""
    out = []
    for key, value in found.items():
        if key == "understood":
            from recsys_core.data.understood import table_lines

            out += [f"{indent}{key}:", *(f"{indent}  {line}" for line in table_lines(value))]
        elif key == "warnings" and value:
            out += [f"{indent}{key}:", *(f"{indent}  {warning}" for warning in value)]
        elif isinstance(value, dict):
            out += [f"{indent}{key}:", *lines_of(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            out.append(f"{indent}{key}:")
            out += [indent + "  " + "  ".join(f"{k}={_cell(v)}" for k, v in _in_words(row).items()) for row in value]
        else:
            out.append(f"{indent}{key}: {_cell(value)}")
    return out


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A row's value with its unit in words, where it has one: "12 items", "1 item", "89.9 €", "unknown".

    >>> _in_words({"value": 1, "unit": "items"}), _in_words({"value": None, "unit": ""}), _in_words({"k": 1})
    ({'value': '1 item'}, {'value': 'unknown'}, {'k': 1})
    """
    if "unit" not in row:
        return row
    said = {k: _with_unit(v, row["unit"]) if k in VALUES else v for k, v in row.items()}
    return {k: v for k, v in said.items() if k != "unit"}


def _with_unit(value: object, unit: str) -> str:
    if value is None:
        return "unknown"
    said = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f"{said} {'item' if (value, unit) == (1, 'items') else unit}".rstrip()


def _cell(value: object) -> str:
    """A cell of the text for a person, four digits of a number.

    >>> _cell(0.123456), _cell(None), _cell("None")
    ('0.1235', 'none', 'None')
    >>> _cell([0.123456, None, "a"]), _cell({"auc": 0.6543219}), _cell([])
    ('0.1235, none, a', 'auc 0.6543', 'none')
    """
    if isinstance(value, dict):
        value = [f"{key} {_cell(inside)}" for key, inside in value.items()]
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value)) or "none"
    if value is None:  # the JSON's null in words: Python's are nobody's
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
