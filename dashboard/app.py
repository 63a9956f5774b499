"""RecLens: every page in its order. Run with ``python -m streamlit run dashboard/app.py``."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import frame, registry, state, warm
from dashboard.presentation import texts
from dashboard.presentation.texts import t

ICON = Path(__file__).resolve().parent / "assets" / "reclens.png"

st.set_page_config(page_title="RecLens", page_icon=str(ICON), layout="wide")
warm.warm_up()
state.bar().draw()
texts.use_language(state.language())
files = registry.pages()
first = next(iter(files))  # lives at the bare address
pages = {
    name: st.Page(
        file,
        title=t(f"nav.{name}"),
        help=t(f"nav.{name}.help"),
        url_path="" if name == first else name,  # None would reserve the file's name, which the address may hold
        default=name == first,
    )
    for name, file in files.items()
}
state.remember("pages", pages)
other = state.other_page()
others = [st.Page(files[first], url_path=other, visibility="hidden")] if other else []
frame.run(st.navigation([*pages.values(), *others], position="top"))
