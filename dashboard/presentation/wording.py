"""Reasons in words: what to call a feature group and what it holds, in the session's language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dashboard.presentation.texts import has, language, numbers, plain, word
from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column
from recsys_core.explain.player_values import Value, player_column
from recsys_core.player import Player
from recsys_core.results import Explanation

NUMBER = re.compile(r"\d+(\.\d+)?")
LONGEST = 30
MOST_DECIMALS = 2
MOST_SHOWN = 8
LEAST_SHARE = 0.03
AGE = Player("user", "age")


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of a waterfall. ``n_joined`` counts the reasons that it stands for (1 unless joined).

    ``probability_without`` and ``logit_without`` are None for joined reasons: they are worked out for each one alone.
    """

    label: str
    value: str
    contribution: float
    feature: str = ""
    n_joined: int = 1
    standard_error: float | None = None
    probability_without: float | None = None
    logit_without: float | None = None


def feature_name(data: Dataset, player: Player) -> str:
    """Name of a reason without its value: "price", "the title's text", "taste (user id)"."""
    if player.is_history:
        return plain("reason.history")
    if player.is_history_item:
        return plain("reason.history.item")
    if player.is_earlier:
        return plain("reason.history.earlier")
    side, name = player.side, player.column
    if name is None:
        return plain(f"reason.{side}_id")
    column = player_column(data, player)
    if column is not None and column.kind == "text":
        return plain("reason.text", column=word("column", name))
    shared = data.schema.user_column(name) and data.schema.item_column(name)
    return plain(f"reason.shared.{side}", column=word("column", name)) if shared else word("column", name)


def feature_label(data: Dataset, player: Player, value: Value) -> str:
    """Name and value, short enough for an axis: "age 34", "category: shoes", "history (12 items)".

    Of a history shared out, what attention does not read is one reason: "216 earlier items".
    """
    name = feature_name(data, player)
    if player.is_history:
        return plain("reason.history.n", n=value)
    if player.is_history_item:
        return plain("reason.with_value", name=name, value=shorten(said(value)))
    if player.is_earlier:
        return plain("reason.history.earlier.n", n=value)
    column = player_column(data, player)
    if player.is_id or (column is not None and column.kind == "text"):
        return name
    if column is not None and column.kind in ("number", "ordered"):
        return plain("reason.with_number", name=name, value=shown_value(player, value, column))
    return plain("reason.with_value", name=name, value=shorten(shown_value(player, value, column)))


def shown_value(player: Player, value: Value, column: Column | None = None) -> str:
    """A raw value as a person would say it, in the session's language; years of age go without their unit."""
    if player.is_history or player.is_earlier:
        return plain("reason.n_items", n=value)
    return said(value, column, with_unit=player != AGE)


def in_words(data: Dataset, player: Player, value: Value) -> str:
    """What a reason holds, as a person would say it."""
    return shown_value(player, value, player_column(data, player))


def said(value: Value, column: Column | None = None, *, with_unit: bool = True) -> str:
    """A raw value in words: "89.9 €", "Comedy, Drama", "islands" where the dashboard has a word for it, "unknown"."""
    if value is None:
        return plain("value.unknown")
    kind = column.kind if column is not None else ""
    if kind == "number" and isinstance(value, int | float):
        unit = column.unit if column is not None and with_unit else ""
        return with_its_unit(value, unit)
    if kind == "set":
        return plain("list.join").join(known(part) for part in str(value).split("|") if part) or plain("value.unknown")
    if kind in ("category", "ordered"):
        return known(str(value))
    if isinstance(value, int | float):
        return amount(value)
    return known(value) if kind == "ignored" else value  # a column that is shown only, as an occupation


def with_its_unit(value: float, unit: str) -> str:
    """A number with its unit in words; Chinese counts in ten thousands: 31 thousand € are 3.1 万欧元."""
    if (language(), unit) == ("zh", "thousand €"):
        value, unit = value / 10, "ten thousand €"
    return f"{amount(value)} {word('unit', unit) if unit else ''}".rstrip()


def range_with_its_unit(ends: str, unit: str) -> str:
    """A range in words ("21–28.9") with its unit, as `with_its_unit` says it."""
    if (language(), unit) == ("zh", "thousand €"):
        ends, unit = NUMBER.sub(lambda found: amount(float(found[0]) / 10), ends), "ten thousand €"
    return f"{ends} {word('unit', unit) if unit else ''}".rstrip()


def known(value: str) -> str:
    """The dashboard's word for a value of a known data set (a region, a genre), else the value itself."""
    return plain(f"value.is.{value}") if has(f"value.is.{value}") else value


def amount(number: float) -> str:
    """Up to two decimals (two digits where they would read 0), no trailing zeros.

    >>> amount(34.0), amount(89.9), amount(0.004), amount(2000)
    ('34', '89.9', '0.004', '2000')
    """
    if 0 < abs(number) < 10**-MOST_DECIMALS:
        return f"{number:.2g}".replace("-", numbers.MINUS)
    return f"{number:.{MOST_DECIMALS}f}".rstrip("0").rstrip(".").replace("-", numbers.MINUS)


def shorten(text: str, longest: int = LONGEST) -> str:
    """Cut at a word with an ellipsis.

    >>> shorten("Waterproof trail running shoes for men", 30)
    'Waterproof trail running…'
    """
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip() + "…"


def reasons(data: Dataset, explanation: Explanation) -> list[Reason]:
    """All reasons of an explanation, largest size first."""
    found = [
        Reason(
            feature_label(data, c.player, c.value),
            in_words(data, c.player, c.value),
            c.contribution,
            c.feature,
            standard_error=c.standard_error,
            probability_without=c.probability_without,
            logit_without=c.logit_without,
        )
        for c in explanation.contributions
    ]
    return sorted(found, key=lambda r: -abs(r.contribution))


def alike(found: list[Reason], shown: list[Reason]) -> list[Reason]:
    """Reasons of another explanation of the same score in the lines of this one: the same alone, the same joined."""
    alone = {r.feature: r for r in found}
    rest = [r for r in found if r.feature not in {s.feature for s in shown}]
    return [alone[s.feature] if s.n_joined == 1 else _others(rest) for s in shown]


def _others(rest: list[Reason]) -> Reason:
    return Reason(plain("reason.others", n=len(rest)), "", sum(r.contribution for r in rest), n_joined=len(rest))


def joined(found: list[Reason], *, most: int = MOST_SHOWN) -> list[Reason]:
    """The largest reasons, most supporting first, and the small ones as one line "n others" at their end.

    At most ``most`` lines stand alone, and none below 3 % of the summed sizes.
    """
    total = sum(abs(r.contribution) for r in found)
    alone = [r for r in found[:most] if abs(r.contribution) >= LEAST_SHARE * total]
    rest = found[len(alone) :]
    if len(rest) == 1:
        alone, rest = found, []
    ordered = sorted(alone, key=lambda r: -r.contribution)
    if not rest:
        return ordered
    others = _others(rest)
    at = sum(r.contribution > 0 for r in ordered)  # between what speaks for and what speaks against
    return [*ordered[:at], others, *ordered[at:]]
