"""What the page tests share: the pages' files, and every text that a person reads."""

from __future__ import annotations

import json

import pandas as pd
from streamlit.testing.v1 import AppTest

from dashboard import registry

PAGES = {name: file.name for name, file in registry.pages().items()}


def texts_of(app: AppTest) -> list[str]:
    """Every text that a person reads, without the escapes of Markdown."""
    kinds = ("title", "markdown", "caption", "warning", "error", "info", "button", "selectbox", "metric")
    found = []
    for kind in kinds:
        for element in getattr(app, kind):
            names = ("label",) if kind == "selectbox" else ("value", "label")  # a selectbox's value is raw
            found += [str(getattr(element, name, "") or "") for name in names]
    return [text.replace("\\", "").replace("\u2060", "") for text in found]


def tables_of(app: AppTest) -> dict[str, pd.DataFrame]:
    """Tables of clickable rows by key, their columns named as a person reads them."""
    found = {}
    for element in app.get("bidi_component"):
        data = json.loads(element.proto.json)
        if "columns" not in data:  # not a table
            continue
        names = [column["name"] for column in data["columns"]]
        found[element.proto.id.rsplit("-", 1)[-1]] = pd.DataFrame(data["rows"], columns=names)
    return found
