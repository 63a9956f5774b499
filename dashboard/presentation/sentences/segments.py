"""What a segment is: its conditions and its size, in words."""

from __future__ import annotations

from dashboard.presentation.texts import has, numbers, plain, t, word
from dashboard.presentation.texts.markdown import Markdown, escape
from dashboard.presentation.wording import amount, known, with_its_unit
from recsys_core.data.conditions import ACTIVITY, Condition
from recsys_core.data.dataset import Dataset
from recsys_core.data.segments import Segment


def conditions(data: Dataset, segment: Segment) -> str:
    """What its users have in common: "age 25 to 35, region north or south"; plain text."""
    if segment.users is not None:
        return plain("segment.picked")
    return plain("list.join").join(_condition(data, column, x) for column, x in segment.conditions.items())


def _condition(data: Dataset, column: str, condition: Condition) -> str:
    name = plain(ACTIVITY) if column == ACTIVITY else word("column", column)
    if all(isinstance(value, str) for value in condition):
        values = plain("segment.or").join(known(str(value)) for value in condition)
        return plain("segment.values", column=name, values=values)
    about = data.schema.user_column(column)
    low, high = (float(end) for end in condition)
    shown = with_its_unit(high, about.unit if about is not None and column != "age" else "")
    return plain("segment.range", column=name, low=amount(low), high=shown)


def size(segment: Segment, n_users: int, data: Dataset) -> Markdown:
    """Its name, how many users it has of how many, and what they have in common."""
    if not n_users:
        return t("segment.empty", name=segment.name, what=conditions(data, segment))
    values = {"n": numbers.count(n_users), "of": data.n_users, "what": conditions(data, segment)}
    return t("segment.size", name=segment.name, **values)


def on_page(page: str, segment: Segment, n_users: int, data: Dataset) -> Markdown:
    """The segment with its size, and what it does on a page."""
    said = size(segment, n_users, data)
    key = f"segment.on.{page}" if has(f"segment.on.{page}") else "segment.on.other"
    return Markdown(f"{said} {t(key)}") if n_users else said


def too_small(name: str, n_users: int, least: int) -> Markdown:
    """That a segment has too few users for figures of its own."""
    return t("segment.too_small", name=escape(name), n=n_users, least=least)
