"""A what-if session: who and what was asked about, the edits, and the sets of edits that were pinned."""

from __future__ import annotations

from dataclasses import dataclass

from recsys_core.results.edits import Edit


@dataclass(frozen=True, slots=True)
class Pin:
    """Edits that were put aside under a name, to be seen beside others."""

    name: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class WhatIfSession:
    """Raw ids of the user and the item that the edits start from (None: a new one), the edits, and the pins."""

    user_id: str | None
    item_id: str | None
    edits: tuple[Edit, ...] = ()
    pins: tuple[Pin, ...] = ()
