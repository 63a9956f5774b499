"""Chart of designs: quality against gap, with intervals over seeds and every seed as a small dot."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.presentation.charts.chart import (
    FOR,
    NEUTRAL,
    Chart,
    meaning,
    specification,
    tooltip,
)
from dashboard.presentation.sentences.architectures import design_name
from dashboard.presentation.texts import numbers, plain
from recsys_core.results.architectures import ArchitectureReport, DesignFigures

HEIGHT = 320


def designs(report: ArchitectureReport) -> Chart:
    """A dot a design; the app's own is marked."""
    rows = [_row(figures, report) for figures in report.designs]
    seeds = [
        {"gap": gap, "ndcg": ndcg, "meaning": row["meaning"], "name": row["name"], "of_seed": True}
        for row, figures in zip(rows, report.designs, strict=True)
        for gap, ndcg in zip(figures.gap.values, figures.ndcg.values, strict=True)
    ]
    return Chart(pd.DataFrame(rows + seeds), _designs(), plain("designs.chart.alt"))


def _row(figures: DesignFigures, report: ArchitectureReport) -> dict[str, object]:
    gap, ndcg = figures.gap, figures.ndcg
    return {
        "gap": gap.mean,
        "gap_low": gap.mean if gap.low is None else gap.low,
        "gap_high": gap.mean if gap.high is None else gap.high,
        "ndcg": ndcg.mean,
        "ndcg_low": ndcg.mean if ndcg.low is None else ndcg.low,
        "ndcg_high": ndcg.mean if ndcg.high is None else ndcg.high,
        "meaning": FOR if figures.design == report.app else NEUTRAL,
        "name": design_name(figures.design),
        "kind": figures.design.kind,
        "text": numbers.number(gap.mean),
        "of_seed": False,
    }


@specification
def _designs() -> alt.LayerChart:
    hover = tooltip(
        {"ndcg": ".4f"},
        name=plain("designs.table.design"),
        ndcg=plain("designs.chart.y"),
        text=plain("designs.table.gap"),
    )
    base = alt.Chart()
    of_design, of_seed = "!datum.of_seed", "datum.of_seed"
    across = base.mark_rule(opacity=0.45, tooltip=None).transform_filter(of_design)
    up = base.mark_rule(opacity=0.45, tooltip=None).transform_filter(of_design)
    seeds = base.mark_point(filled=True, size=14, opacity=0.5, tooltip=None).transform_filter(of_seed)
    dots = base.mark_point(filled=True, size=85, opacity=0.95).transform_filter(of_design)
    x = alt.X("gap", type="quantitative", title=plain("designs.chart.x")).axis(tickCount=6, format=".3~f", grid=False)
    y = alt.Y("ndcg", type="quantitative", title=plain("designs.chart.y")).axis(tickCount=5, domain=False)
    x, y = x.scale(zero=True, nice=True, clamp=True), y.scale(zero=False, nice=True, padding=8)
    return alt.layer(
        across.encode(x=alt.X("gap_low", type="quantitative"), x2=alt.X2(field="gap_high"), y=y, color=meaning()),
        up.encode(x=x, y=alt.Y("ndcg_low", type="quantitative"), y2=alt.Y2(field="ndcg_high"), color=meaning()),
        seeds.encode(x=x, y=y, color=meaning()),
        dots.encode(x=x, y=y, color=meaning(), tooltip=hover),
        height=HEIGHT,
    )
