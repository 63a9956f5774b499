"""Part of the Global page: the chosen segment beside another one, or beside everyone."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from dashboard import components
from dashboard.cached import explain as cached_explain
from dashboard.cached import segments as cached_segments
from dashboard.parameters import Parameter
from dashboard.presentation.charts import overall as charts
from dashboard.presentation.sentences import global_parts as sentences
from dashboard.presentation.tables import segments as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.global_parts.part import GlobalPart, Overall
from dashboard.sections.global_parts.small import is_too_small
from recsys_core.explain.size_differences import size_differences


def beside(shown: Overall) -> dict | None:
    """Sizes of both, side by side, and where they differ beyond noise."""
    others = {segment.name: segment for segment in cached_segments.usable(shown.ref) if segment != shown.segment}
    everyone = {} if shown.segment is None else {"": plain("segment.everyone")}
    if not everyone and not others:
        st.markdown(t("global.beside.none"))
        return None
    chosen = shown.page.pick("beside", everyone | {name: name for name in others})
    other = others.get(chosen)
    if is_too_small(shown.ref, other):
        return None
    ref, variant, n, _, units = shown.explained
    job = cached_explain.overall(ref, variant, n, other, units=units)
    what = t("global.working.all", n=n, background=cached_explain.OVERALL_BACKGROUND)
    if not components.finished(job, what, key="beside_working"):
        return None
    found = job.result
    names = tuple(plain("segment.everyone") if s is None else s.name for s in (shown.segment, other))
    differences = size_differences(shown.found, found)
    st.markdown(sentences.differences(differences, shown.names, names, units))
    with components.grid(2, min_width=380):
        for at, (name, of) in enumerate(zip(names, (shown.found, found), strict=True)):
            with st.container():
                st.markdown(t("global.beside.head", name=name, n=of.n_pairs))
                components.draw(charts.mean_sizes(of, shown.names), key=f"beside_{at}")
    rows = tables.differences(differences, shown.names, names, units)
    components.table(rows, key="beside_table", alt=plain("global.beside.alt"))
    components.caveats([t("global.beside.interval"), t("global.caveat.seed", seed=found.seed)])
    raw = [asdict(d) | {"player": d.player.key} for d in differences]
    return {"first": names[0], "second": names[1], "units": units, "differences": raw}


BESIDE = GlobalPart("side_by_side", beside, (Parameter("beside", "global.beside"),))
