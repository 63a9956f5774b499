"""How a table's columns are shown, whoever draws them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowColumn:
    """How a column is shown: its name, what it means (on hover), its side and whether its texts may break."""

    name: str
    help: str = ""
    right: bool = False
    wrap: bool = False
