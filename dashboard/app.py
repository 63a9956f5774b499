"""RecLens: the page registry. Run with ``python -m streamlit run dashboard/app.py``."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import frame, state, warm
from dashboard.presentation import texts
from dashboard.presentation.texts import t

ROOT = Path(__file__).resolve().parents[1]
ICON = Path(__file__).resolve().parent / "assets" / "reclens.png"
PAGES = {  # address: file; a page whose file is not there is not offered
    "overview": "overview.py",
    "explain": "explain.py",
    "global": "global_view.py",
    "compress": "compress.py",
    "fairness": "fairness.py",
}
FIRST = "overview"  # lives at the bare address

st.set_page_config(page_title="RecLens", page_icon=str(ICON), layout="wide")
warm.warm_up()
state.read_address()
texts.use_language(state.language())
pages = {
    name: st.Page(
        f"../pages/{file}",
        title=t(f"nav.{name}"),
        help=t(f"nav.{name}.help"),
        url_path="" if name == FIRST else name,  # None would reserve the file's name, which the address may hold
        default=name == FIRST,
    )
    for name, file in PAGES.items()
    if (ROOT / "pages" / file).is_file()
}
state.remember("pages", pages)
other = state.other_page()
others = [st.Page(f"../pages/{PAGES[FIRST]}", url_path=other, visibility="hidden")] if other else []
frame.run(st.navigation([*pages.values(), *others], position="top"))
