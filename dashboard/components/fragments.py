"""Parts of a page that are drawn alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import streamlit as st

from dashboard import state
from dashboard.presentation import texts


def fragment(*, key: str | None = None, run_every: float | None = None) -> Callable[[Callable], Callable]:
    """``st.fragment`` in the session's language: drawn alone it runs in a thread where nobody has chosen one yet."""

    def decorated(draw: Callable) -> Callable:
        @wraps(draw)
        def in_language(*args: object, **kwargs: object) -> object:
            texts.use_language(state.language())
            return draw(*args, **kwargs)

        return st.fragment(in_language, key=key, run_every=run_every)

    return decorated
