"""Reasons in words: what to call a feature group and what it holds, in the session's language."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.texts import plain, word
from recsys_core.data.dataset import Dataset
from recsys_core.data.features import HISTORY
from recsys_core.data.schema import Column
from recsys_core.explain.values import UNKNOWN
from recsys_core.results import Explanation

LONGEST = 30
MOST_SHOWN = 8
LEAST_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of a waterfall. ``n_joined`` counts the reasons that it stands for (1 unless joined)."""

    label: str
    value: str
    contribution: float
    feature: str = ""
    n_joined: int = 1
    standard_error: float | None = None


def feature_name(data: Dataset, feature: str) -> str:
    """Name of a reason without its value: "price", "the title's text", "taste (user id)"."""
    if feature == HISTORY:
        return plain("reason.history")
    if feature.startswith(f"{HISTORY}:"):
        return plain("reason.history.item")
    side, name = feature.split(".", 1)
    if name == "id":
        return plain(f"reason.{side}.id")
    column = _column(data, feature)
    if column is not None and column.kind == "text":
        return plain("reason.text", column=word("column", name))
    shared = data.schema.user_column(name) and data.schema.item_column(name)
    return plain(f"reason.shared.{side}", column=word("column", name)) if shared else word("column", name)


def feature_label(data: Dataset, feature: str, value: str) -> str:
    """Name and value, short enough for an axis: "age 34", "category: shoes", "history (12 items)"."""
    name = feature_name(data, feature)
    if feature == HISTORY:
        return plain("reason.history.n", n=int(value.split()[0]))
    if feature.startswith(f"{HISTORY}:"):
        return plain("reason.with_value", name=name, value=shorten(value))
    column = _column(data, feature)
    if feature.endswith(".id") or (column is not None and column.kind == "text"):
        return name
    if column is not None and column.kind in ("number", "ordered"):
        return plain("reason.with_number", name=name, value=shown_value(feature, value, column))
    return plain("reason.with_value", name=name, value=shorten(shown_value(feature, value, column)))


def shown_value(feature: str, value: str, column: Column | None = None) -> str:
    """A value as a person would say it; units that are words are translated, years of age go without."""
    if value == UNKNOWN:
        return plain("value.unknown")
    if feature == HISTORY:
        return plain("reason.n_items", n=int(value.split()[0]))
    if column is None or not column.unit:
        return value
    bare = value.removesuffix(f" {column.unit}")
    if feature == "user.age":
        return bare
    return f"{bare} {word('unit', column.unit)}"


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
            feature_label(data, c.feature, c.value),
            shown_value(c.feature, c.value, _column(data, c.feature)),
            c.contribution,
            c.feature,
            standard_error=c.standard_error,
        )
        for c in explanation.contributions
    ]
    return sorted(found, key=lambda r: -abs(r.contribution))


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
    others = Reason(plain("reason.others", n=len(rest)), "", sum(r.contribution for r in rest), n_joined=len(rest))
    at = sum(r.contribution > 0 for r in ordered)  # between what speaks for and what speaks against
    return [*ordered[:at], others, *ordered[at:]]


def _column(data: Dataset, feature: str) -> Column | None:
    side, _, name = feature.partition(".")
    if side not in ("user", "item"):
        return None
    schema = data.schema
    return schema.user_column(name) if side == "user" else schema.item_column(name)
