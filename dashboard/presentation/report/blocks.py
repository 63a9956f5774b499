"""What a report is made of: sections of sentences, notes, tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pandas as pd

from dashboard.presentation.texts.markdown import Markdown


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A sentence or paragraph, as pages say it; ``leads`` where it is the section's finding."""

    text: Markdown
    leads: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Notes:
    """What the figures rest on: short lines in small type."""

    lines: Sequence[Markdown | str]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Cells as they are read: plain text. Columns after the first ``n_texts`` stand at the right."""

    rows: pd.DataFrame
    caption: str = ""
    n_texts: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An SVG that says in itself what there is to see."""

    svg: str


Block: TypeAlias = Said | Notes | Table | Picture


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A part of the report under its own heading.

    ``data`` is the same for machines, JSON-ready under ``key``; parts of a section that is empty are left out.
    """

    key: str
    title: str
    blocks: tuple[Block, ...]
    data: Any = None
    parts: tuple[Section, ...] = field(default=())

    def to_json(self) -> Any:
        """Its data and those of its parts, by key."""
        inside = {part.key: part.to_json() for part in self.parts}
        if not inside:
            return self.data
        return (self.data if isinstance(self.data, dict) else {}) | inside
