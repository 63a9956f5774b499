"""A text with a button that copies it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.presentation.texts import plain

ASSETS = Path(__file__).resolve().parents[1] / "assets"
_draw = st.components.v2.component(
    "reclens_copy",
    css=(ASSETS / "copy.css").read_text(encoding="utf-8"),
    js=(ASSETS / "copy.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def copyable(text: str, *, label: str, key: str, lines: int = 0) -> None:
    """Show ``text``, to be copied with a click; ``label`` says what it is.

    In one line, or as a paragraph at least ``lines`` lines high.
    """
    words = {"label": label, "copy": plain("action.copy"), "copied": plain("action.copied")}
    _draw(key=key, data={"text": text, "lines": lines, **words})
