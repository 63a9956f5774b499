"""What moves between pages: each opens at its top, and a narrow window names them all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

ASSETS = Path(__file__).resolve().parents[1] / "assets"
STYLE = (ASSETS / "frame.css").read_text(encoding="utf-8")
_draw = st.components.v2.component("reclens_top", js=(ASSETS / "top.js").read_text(encoding="utf-8"))


def open_at_top(page: str) -> None:
    """Show the page from its beginning when it is another one than before; also brings the frame's style."""
    with st.container(key="opened_page"):
        st.html(f"<style>{STYLE}</style>")
        _draw(key="opens_at_top", data={"page": page})


def page_links(pages: Iterable[StreamlitPage]) -> None:
    """Links to all pages above the title, in a narrow window only."""
    with st.container(key="page_links", horizontal=True, gap="xsmall"):
        for page in pages:
            st.page_link(page)
