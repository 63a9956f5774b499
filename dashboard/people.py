"""What to call users and items: "Anna Keller, 34, nurse (user 17)"."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from dashboard.texts import speak
from recsys_core.data.dataset import Dataset
from recsys_core.explain.values import raw_value

DESCRIBED_BY = ("age", "occupation")


def user_names(dataset: Dataset, language: str) -> dict[str, str]:
    """Names by raw id: the name where there is one, age, occupation, and always the id."""
    columns = [c for c in (dataset.schema.user_name, *DESCRIBED_BY) if c and c in dataset.users.columns]
    cells = [cell_texts(dataset.users[c]) for c in columns]
    join = speak(language, "person.join")
    found = {}
    for row, user_id in enumerate(dataset.users["user_id"]):
        parts = join.join(text for c in cells if (text := c[row]))
        key = "person.full" if parts else "person.bare"
        found[user_id] = speak(language, key, parts=parts, id=user_id)
    return found


def item_titles(dataset: Dataset, language: str) -> dict[str, str]:
    """Titles by raw id; a title that several items share carries the id."""
    titles = [" ".join(str(x).split()) or i for x, i in zip(dataset.titles, dataset.items["item_id"], strict=True)]
    times = Counter(titles)
    return {
        i: x if times[x] == 1 else speak(language, "item.same_title", title=x, id=i)
        for i, x in zip(dataset.items["item_id"], titles, strict=True)
    }


def cell_texts(cells: pd.Series) -> list[str]:
    """Cells as text, whole numbers without a point; empty where the cell is."""
    whole = (int(c) if isinstance(c, float) and c == c and c == int(c) else c for c in cells.tolist())
    return [" ".join(str(raw_value(c) or "").split()) for c in whole]
