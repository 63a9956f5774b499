"""Schema: what each column of the three tables is, so that every later step knows how to read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

KINDS = ("category", "ordered", "number", "set", "text", "ignored")
ID_COLUMNS = ("user_id", "item_id")
OUTCOMES = ("rating", "click", "taken")


@dataclass(frozen=True, slots=True)
class Column:
    """One attribute of users or items.

    Parameters
    ----------
    name
        Column name in the table.
    kind
        ``category`` (unordered values), ``ordered`` (values in the order of ``levels``),
        ``number``, ``set`` (several values joined by ``|``), ``text`` (goes to the encoder),
        ``ignored`` (kept, never a feature: names, addresses).
    sensitive
        A protected attribute: offered first on the Fairness page.
    levels
        Order of an ``ordered`` column's values, lowest first.
    unit
        For display: ``€``, ``years``; empty where there is none.
    feature
        False where the model may not read it: for audits and filters only.
    """

    name: str
    kind: str
    sensitive: bool = False
    levels: tuple[str, ...] = ()
    unit: str = ""
    feature: bool = True

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"column {self.name!r}: kind must be one of {KINDS}, got {self.kind!r}")

    @property
    def stored(self) -> str:
        """Its name in the table of a Dataset; see `stored_name`."""
        return stored_name(self.name)

    @property
    def is_feature(self) -> bool:
        """Whether it can be a reason."""
        return self.feature and self.kind != "ignored"


def stored_name(column: str) -> str:
    """Name of a data column in a Dataset's tables: its own, unless that stands for the ids there.

    Names are read without blanks around them, so no other column can have this one.

    >>> stored_name("price"), stored_name("user_id")
    ('price', 'user_id ')
    """
    return f"{column} " if column in ID_COLUMNS else column


@dataclass(frozen=True, slots=True)
class Schema:
    """What the columns of users, items and interactions mean.

    ``outcome`` says what an interaction's ``value`` is: ``rating`` (a scale from ``low`` to
    ``high``), ``click`` (logged impressions, 1 taken and 0 not taken) or ``taken`` (only
    taken ones are logged, value 1). ``user_name`` and ``item_title`` name the columns a
    person reads; ``has_time`` tells whether interactions carry a time. From ``positive_from`` on
    a rating is a positive; None: by its stars (see `recsys_core.data.split.label_interactions`).
    """

    users: tuple[Column, ...]
    items: tuple[Column, ...]
    outcome: str = "taken"
    low: float = 1.0
    high: float = 5.0
    has_time: bool = True
    user_name: str | None = None
    item_title: str = "title"
    positive_from: float | None = None

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"outcome must be one of {OUTCOMES}, got {self.outcome!r}")

    def user_column(self, name: str) -> Column | None:
        return _find(self.users, name)

    def item_column(self, name: str) -> Column | None:
        return _find(self.items, name)

    def to_json(self) -> dict:
        """Plain JSON; what is as usual is left out, so that a dataset's fingerprint depends on what it says alone."""
        data = asdict(self)
        for side in ("users", "items"):
            data[side] = [{k: v for k, v in c.items() if (k, v) != ("feature", True)} for c in data[side]]
        return {k: v for k, v in data.items() if (k, v) != ("positive_from", None)}

    @classmethod
    def from_json(cls, data: dict) -> Schema:
        columns = {side: tuple(_column(c) for c in data[side]) for side in ("users", "items")}
        return cls(**{**data, **columns})


def _column(data: dict) -> Column:
    return Column(**{**data, "levels": tuple(data.get("levels", ()))})


def _find(columns: Iterable[Column], name: str) -> Column | None:
    return next((c for c in columns if c.name == name), None)
