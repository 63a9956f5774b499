"""What to call users and items: "Anna Keller, 34, nurse (user 17)", "user 1003134, 25–34"."""

from __future__ import annotations

import re
from collections import Counter

from dashboard.presentation.texts import has, translate
from recsys_core.data.conditions import DESCRIBED_BY, cell_texts
from recsys_core.data.dataset import Dataset

_RANGE = re.compile(r"(?<=\d)-(?=\d)")  # 25-34


def user_names(dataset: Dataset, language: str) -> dict[str, str]:
    """Names by raw id: "Anna Keller, 34, nurse (user 17)"; where nobody has a name, "user 17, 34, nurse"."""
    named = dataset.schema.user_name if dataset.schema.user_name in dataset.users.columns else None
    columns = [c for c in (named, *DESCRIBED_BY) if c and c in dataset.users.columns]
    cells = [[_word(text, language) if c != named else text for text in cell_texts(dataset.users[c])] for c in columns]
    join = translate(language, "person.join")
    found = {}
    for row, user_id in enumerate(dataset.users["user_id"]):
        known = [text[row] for text in cells]
        parts = join.join(_RANGE.sub("–", text) for text in known if text)
        has_name = named is not None and bool(known[0])
        key = "person.full" if has_name else "person.nameless" if parts else "person.bare"
        found[user_id] = translate(language, key, parts=parts, id=user_id)
    return found


def _word(text: str, language: str) -> str:
    """The dashboard's word for a value that it knows ("retired", "nurse"), else the value itself."""
    return translate(language, f"value.is.{text}") if has(f"value.is.{text}") else text


def item_titles(dataset: Dataset, language: str) -> dict[str, str]:
    """Titles by raw id; a title that several items share carries the id."""
    titles = [" ".join(str(x).split()) or i for x, i in zip(dataset.titles, dataset.items["item_id"], strict=True)]
    times = Counter(titles)
    return {
        i: x if times[x] == 1 else translate(language, "item.same_title", title=x, id=i)
        for i, x in zip(dataset.items["item_id"], titles, strict=True)
    }
