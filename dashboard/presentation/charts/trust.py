"""Chart of the trust card: the score as reasons are taken away or put in."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.presentation import units as written_in
from dashboard.presentation.charts.chart import MEANINGS, NEUTRAL, Chart, specification, tooltip
from dashboard.presentation.texts import plain
from recsys_core.results.trust import RemovalCurves
from recsys_core.results.units import Units

HEIGHT = 300
LINES = {"deletion": "purple", "insertion": "green", "random_deletion": NEUTRAL, "random_insertion": NEUTRAL}


def removal(curves: RemovalCurves, units: Units) -> Chart:
    """Deletion and insertion by the explanation's order, and the same in random order, dashed."""
    names = {line: plain(f"lab.trust.curve.{line}") for line in LINES}
    rows = [
        {
            "n": n,
            "value": written_in.on_axis(value, units),
            "what": names[line],
            "meaning": colour,
            "is_random": line.startswith("random"),
            "text": written_in.score(value, units),
        }
        for line, colour in LINES.items()
        for n, value in enumerate(getattr(curves, line).tolist())
    ]
    return Chart(pd.DataFrame(rows), _removal(units), plain("lab.trust.curve.alt"))


@specification
def _removal(units: Units) -> alt.Chart:
    names = {LINES[line]: plain(f"lab.trust.legend.{line}") for line in ("deletion", "insertion", "random_deletion")}
    axis = plain("lab.trust.curve.x")
    said = " : ".join(f"datum.value === '{colour}' ? '{name}'" for colour, name in names.items())
    legend = alt.Legend(title=None, orient="top", values=list(names), labelExpr=f"{said} : ''", labelLimit=0, columns=2)
    return (
        alt.Chart(height=HEIGHT)
        .mark_line(point={"size": 30}, strokeWidth=2)
        .encode(
            x=alt.X("n", type="quantitative", title=axis).axis(grid=False, tickMinStep=1),
            y=alt.Y("value", type="quantitative", title=written_in.titled("lab.trust.curve.y", units))
            .scale(zero=False, nice=True)
            .axis(tickCount=5, domain=False),
            color=alt.Color("meaning", type="nominal", legend=legend).scale(domain=MEANINGS, range="category"),
            strokeDash=alt.StrokeDash("is_random", type="nominal", legend=None).scale(
                domain=[False, True], range=[[1, 0], [4, 4]]
            ),
            detail=alt.Detail("what", type="nominal"),
            tooltip=tooltip(what=plain("lab.trust.curve.what"), n=axis, text=plain("explain.score")),
        )
    )
