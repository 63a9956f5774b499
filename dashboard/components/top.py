"""What moves between pages: each opens at its top, and a narrow window names them all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

ASSETS = Path(__file__).resolve().parents[1] / "assets"
WIDE = 768  # px; below, Streamlit hides its own links to the pages in the closed sidebar
_HIDDEN, _LINKS = "opened_page", "page_links"
_draw = st.components.v2.component("reclens_top", js=(ASSETS / "top.js").read_text(encoding="utf-8"))


def open_at_top(page: str) -> None:
    """Show the page from its beginning when it is another one than before."""
    with st.container(key=_HIDDEN):
        where = f'.st-key-{_HIDDEN}, [data-testid="stLayoutWrapper"]:has(> .st-key-{_HIDDEN})'
        st.html(f"<style>{where} {{ display: none; }}</style>")
        _draw(key="opens_at_top", data={"page": page})


def page_links(pages: Iterable[StreamlitPage]) -> None:
    """Links to all pages above the title, in a narrow window only."""
    with st.container(key=_LINKS, horizontal=True, gap="xsmall"):
        where = f'.st-key-{_LINKS}, [data-testid="stLayoutWrapper"]:has(> .st-key-{_LINKS})'
        st.html(f"<style>@media (min-width: {WIDE}px) {{ {where} {{ display: none; }} }}</style>")
        for page in pages:
            st.page_link(page)
