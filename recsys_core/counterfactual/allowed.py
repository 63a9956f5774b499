"""Allowed: which columns of a user and an item may change, within which values, and what counts as far."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from urllib.parse import quote, unquote

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import FeatureGroup, Features
from recsys_core.data.schema import Column
from recsys_core.errors import SettingError
from recsys_core.player import Player
from recsys_core.results.edits import Cell, cell_text
from recsys_core.what_if.edits import column_edit

PLAIN = " !$'()*+,/:;=?@<>\"#&"  # signs that stand for themselves inside a value
BETWEEN = 2  # values tried between two neighbouring knots of a number
FINEST = 1000  # a number moves in steps of about its range over this
MOST_DECIMALS = 6
MOST_SETS = 2000  # with two members changed


@dataclass(frozen=True, slots=True)
class AllowedColumn:
    """A column that may change: a number within ``low`` and ``high``, others to one of ``values`` (none said: to any).

    Of a set, ``values`` are the members that may be added or taken out.
    """

    player: Player
    low: float = -math.inf
    high: float = math.inf
    values: tuple[str, ...] = ()


def changeable(dataset: Dataset, features: Features) -> tuple[Player, ...]:
    """Columns that may change where nobody says which: all that the model reads, less texts, ids and sensitive ones.

    What a person cannot change is no advice (Ustun, Spangher and Liu 2019, "Actionable recourse"); whoever wants to
    know names the column.
    """
    return tuple(
        g.player
        for g in features.groups
        if not g.player.is_id and g.kind != "text" and not column_of(dataset, g.player).sensitive
    )


def allowed_columns(text: str, dataset: Dataset, features: Features) -> tuple[AllowedColumn, ...]:
    """What ``item.price=5:20,user.region=north|south`` allows; nothing said is `changeable`. A line of CSV.

    Raises ``SettingError``: as `recsys_core.what_if.edits.column_edit`, ``change.form``, ``change.range``,
    ``change.text`` (words are no values to be tried), ``change.twice``, ``change.no_columns``.
    """
    try:
        parts = next(csv.reader([text], skipinitialspace=True), [])
    except csv.Error:
        parts = [text]
    allowed = [_allowed(part.strip(), dataset, features) for part in parts if part.strip()]
    if text.strip() and not allowed:
        raise SettingError("change.form", text=text)
    return check_allowed(allowed or [AllowedColumn(p) for p in changeable(dataset, features)], dataset, features)


def allowed_text(allowed: Iterable[AllowedColumn]) -> str:
    """The columns as `allowed_columns` reads them; ``|`` inside a value is escaped as in addresses.

    >>> allowed_text([AllowedColumn(Player("item", "price"), low=5.0), AllowedColumn(Player("user", "a,b"))])
    'item.price=5:,"user.a,b"'
    >>> allowed_text([AllowedColumn(Player("item", "kind"), values=("a|b", "50 %"))])
    'item.kind=a%7Cb|50 %'
    """
    parts = []
    for column in allowed:
        said = "|".join(quote(v, safe=PLAIN) if "|" in v or unquote(v) != v else v for v in column.values)
        if not said and math.isfinite(column.low) | math.isfinite(column.high):
            said = ":".join(cell_text(end) if math.isfinite(end) else "" for end in (column.low, column.high))
        parts.append(column.player.key + (f"={said}" if said else ""))
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(parts)
    return written.getvalue()


def check_allowed(allowed: Iterable[AllowedColumn], dataset: Dataset, features: Features) -> tuple[AllowedColumn, ...]:
    """The same columns. Raises ``SettingError``, see `allowed_columns`."""
    checked = tuple(allowed)
    if not checked:
        raise SettingError("change.no_columns")
    names = [column.player.key for column in checked]
    for column in checked:
        column_edit(column.player, None, dataset, features)  # unknown, or nothing that the model reads
        group = group_of(features, column.player)
        if group.kind == "text":
            raise SettingError("change.text", column=group.key)
        if names.count(group.key) > 1:
            raise SettingError("change.twice", column=group.key)
        if group.kind == "number" and (math.isnan(column.low) or math.isnan(column.high) or column.low > column.high):
            raise SettingError("change.range", column=group.key, low=f"{column.low:g}", high=f"{column.high:g}")
        for value in column.values:
            column_edit(column.player, value, dataset, features)
    return checked


def _allowed(text: str, dataset: Dataset, features: Features) -> AllowedColumn:
    side, _, rest = text.strip().partition(".")
    if side not in ("user", "item") or not rest:
        raise SettingError("change.form", text=text)
    names = [g.player.column for g in features.side(side) if g.player.column]
    known = [name for name in names if rest == name or rest.startswith(f"{name}=")]
    column = max(known, key=len, default=rest.partition("=")[0].strip())  # a name may hold the sign itself
    if not column:
        raise SettingError("change.form", text=text)
    player = Player.parse(f"{side}.{column}")
    column_edit(player, None, dataset, features)
    _, sign, said = (rest[len(column) :] if known else rest).partition("=")
    if not sign:
        return AllowedColumn(player)
    group = group_of(features, player)
    if group.kind != "number":
        values = (value.strip() for value in said.split("|") if value.strip())
        return AllowedColumn(player, values=tuple(u if (u := unquote(v)) in group.values else v for v in values))
    ends = [_end(part, text) for part in said.split(":")]
    if len(ends) != 2:
        raise SettingError("change.form", text=text)
    low, high = (end if end is not None else far for end, far in zip(ends, (-math.inf, math.inf), strict=True))
    return AllowedColumn(player, low, high)


def _end(text: str, whole: str) -> float | None:
    """An end of a range; None where it is left open."""
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise SettingError("change.form", text=whole) from None


def group_of(features: Features, player: Player) -> FeatureGroup:
    """The group of a column that the model reads."""
    return next(group for group in features.groups if group.player == player)


def column_of(dataset: Dataset, player: Player) -> Column:
    columns = dataset.schema.users if player.side == "user" else dataset.schema.items
    return next(column for column in columns if column.name == player.column)


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """The values that one column may take, and how far each lies from its own.

    Attributes
    ----------
    own
        What the row holds; None where the cell is empty.
    values
        Values to try, the nearest first.
    step
        Of a number: values between two of ``values`` are whole multiples of it; 0 where there are none.
    cells
        Of a number all that the table holds, ascending.
    levels
        Of an ordered column, lowest first.
    """

    player: Player
    kind: str
    own: Cell
    values: tuple[Cell, ...]
    step: float = 0.0
    cells: np.ndarray | None = None
    levels: tuple[str, ...] = ()

    def share(self, value: Cell) -> float:
        """How far a value lies from the own one, see `recsys_core.results.counterfactual.ChangedColumn`."""
        if value == self.own:
            return 0.0
        if self.own is None or value is None:
            return 1.0
        if self.kind == "number":
            return abs(self._rank(float(value)) - self._rank(float(self.own)))
        if self.kind == "set":
            before, after = set(str(self.own).split("|")), set(str(value).split("|"))
            return 1 - len(before & after) / len(before | after)
        if len(self.levels) > 1 and self.own in self.levels:
            return abs(self.levels.index(str(value)) - self.levels.index(str(self.own))) / (len(self.levels) - 1)
        return 1.0

    def distance(self, value: Cell) -> tuple[float, float]:
        """What orders values, the nearest first: the share, and of numbers of equal share the difference."""
        is_number = isinstance(value, float) and isinstance(self.own, float)
        return self.share(value), abs(value - self.own) if is_number else 0.0  # type: ignore[operator]

    def _rank(self, value: float) -> float:
        """Share of the table's cells below a value, equal ones by halves."""
        cells = np.zeros(1) if self.cells is None else self.cells
        return float(np.searchsorted(cells, value, "left") + np.searchsorted(cells, value, "right")) / (2 * len(cells))

    def between(self, near: float, far: float, most: int) -> list[float]:
        """At most ``most`` values after ``near`` and before ``far``, multiples of ``step``, in that order."""
        if not self.step:
            return []
        low, high = sorted((near, far))
        first, last = math.floor(low / self.step) + 1, math.ceil(high / self.step) - 1
        if last < first:
            return []
        at = np.unique(np.linspace(first, last, min(most, last - first + 1)).round())
        found = [round(float(i * self.step), MOST_DECIMALS) for i in at]
        found = [value for value in found if low < value < high]
        return found if near < far else found[::-1]


def choices(
    allowed: AllowedColumn, features: Features, dataset: Dataset, row: int, *, edited: Mapping[Player, Cell]
) -> Choices:
    """What a column may become for one user or item; ``edited`` are values that stand in place of the table's."""
    player, group = allowed.player, group_of(features, allowed.player)
    column = column_of(dataset, player)
    cells = (dataset.users if player.side == "user" else dataset.items)[column.stored]
    own = edited[player] if player in edited else _cell(cells, row)
    if group.kind == "number":
        return _numbers(allowed, group, cells, own)
    asked = allowed.values or group.values
    if group.kind == "set":
        return Choices(player, "set", own, tuple(_sets(own, asked)))
    values = tuple(value for value in asked if value != own)
    found = Choices(player, "category", own, values, levels=column.levels if column.kind == "ordered" else ())
    return Choices(player, "category", own, tuple(sorted(values, key=found.distance)), levels=found.levels)


def _cell(cells: pd.Series, row: int) -> Cell:
    """A cell of the table; None where it is empty or the row is not in the table."""
    value = cells.iloc[row] if row < len(cells) else None
    return None if value is None or value != value else value


def _numbers(allowed: AllowedColumn, group: FeatureGroup, cells: pd.Series, own: Cell) -> Choices:
    """Knots and values between them, within the range; beyond the outermost knots a model knows no difference."""
    numbers = np.sort(pd.to_numeric(cells, errors="coerce").dropna().to_numpy(float))
    own = None if own is None else float(own)
    step = _step(numbers, group.knots)
    ends = [group.knots[0], group.knots[-1]]
    within = [value for value in ends if allowed.low <= value <= allowed.high]
    within += [value for value in (allowed.low, allowed.high) if math.isfinite(value)]
    for left, right in zip(group.knots, group.knots[1:], strict=False):
        inner = np.linspace(left, right, BETWEEN + 2)[:-1]
        within += [v for v in (round(round(x / step) * step, MOST_DECIMALS) for x in inner) if ends[0] <= v <= ends[1]]
    values = {v for v in within if allowed.low <= v <= allowed.high and v != own}
    found = Choices(group.player, "number", own, (), step, numbers)
    return Choices(group.player, "number", own, tuple(sorted(values, key=found.distance)), step, numbers)


def _step(numbers: np.ndarray, knots: Sequence[float]) -> float:
    """A round step of about the range over `FINEST`, no finer than the table's own decimals.

    >>> _step(np.array([18.0, 30.0, 78.0]), (18, 78)), _step(np.array([0.5, 2000.0]), (0.5, 2000))
    (1.0, 1.0)
    """
    rough = 10.0 ** math.floor(math.log10(max((knots[-1] - knots[0]) / FINEST, 10.0**-MOST_DECIMALS)))
    for decimals in range(MOST_DECIMALS):
        if np.allclose(numbers, numbers.round(decimals), rtol=0, atol=1e-9):
            return max(rough, 10.0**-decimals)
    return rough


def _sets(own: Cell, members: Sequence[str]) -> list[str]:
    """The own set with one or two members changed (put in or taken out), the nearest first; never an empty one.

    >>> _sets("a|b", ["b", "c"])
    ['a|b|c', 'a', 'a|c']
    """
    held = [] if own is None else [member for member in str(own).split("|") if member]
    found: dict[str, float] = {}
    for changed in (*combinations(members, 1), *islice(combinations(members, 2), MOST_SETS)):
        after = [m for m in held if m not in changed] + [m for m in changed if m not in held]
        if after:
            found["|".join(after)] = 1 - len(set(held) & set(after)) / len(set(held) | set(after))
    return sorted(found, key=lambda cell: found[cell])
