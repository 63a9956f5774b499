"""A text whose words are marked by what they add; nothing in it is read as HTML or Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import streamlit as st

from dashboard.presentation.tables.words import MarkedPart

ASSETS = Path(__file__).resolve().parents[1] / "assets"
_draw = st.components.v2.component(
    "reclens_marked_text",
    css=(ASSETS / "marked_text.css").read_text(encoding="utf-8"),
    js=(ASSETS / "marked_text.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def marked_text(parts: Sequence[MarkedPart], *, key: str, alt: str) -> None:
    """Show the parts one after another; ``alt`` says what the marks mean and what they say."""
    _draw(key=key, data={"alt": alt, "parts": [asdict(part) for part in parts]})
