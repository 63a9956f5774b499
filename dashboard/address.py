"""The browser's address: what it names, and addresses of other views that work where this one does."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


def address(page: str, values: dict[str, object]) -> str:
    """The full address of a page with these values; from the address that the browser used."""
    root, _ = root_and_page()
    return f"{root}/{page}?{urlencode({k: v for k, v in values.items() if v not in (None, '')})}"


def is_local() -> bool:
    """Whether the browser reached the app under a name that only this machine understands."""
    return urlsplit(root_and_page()[0]).hostname in ("localhost", "127.0.0.1", "::1")


def root_and_page() -> tuple[str, str]:
    """The browser's address up to the page's name, and that name; empty for the page without one.

    ``st.context.url`` would name the page that is shown instead of an unknown one.
    """
    context = get_script_run_ctx()
    base = (context.context_info.url if context and context.context_info else "").split("?")[0].rstrip("/")
    path = urlsplit(base).path.strip("/")
    if path in ("", (st.get_option("server.baseUrlPath") or "").strip("/")):
        return base, ""
    return tuple(base.rsplit("/", 1))
