"""Treemap of where a variant's bytes are: its network by stage, its embedding tables and cached texts by reason."""

from __future__ import annotations

from dashboard.presentation.charts.plotly_chart import PlotlyChart, drawn
from dashboard.presentation.texts import numbers, plain
from dashboard.presentation.wording import feature_name
from recsys_core.compress.stored_parts import StoredPart
from recsys_core.data.dataset import Dataset
from recsys_core.player import Player

HEIGHT = 330
COLOURS = {  # white text is readable on each, and each on both backgrounds
    "tables": "#2F6DB3",
    "texts": "#3F7040",
    "adapter": "#7A5296",
    "body": "#A85012",
    "head": "#7D6A1F",
    "item_item": "#8C3B5E",
    "file": "#5A6470",
}
WHOLE = "all"


def byte_map(data: Dataset, parts: tuple[StoredPart, ...]) -> PlotlyChart:
    """Every stored part as an area: bytes on disk, the same that are summed up as the variant's size."""
    from plotly.graph_objects import Treemap

    stages = {part.stage: sum(p.n_bytes for p in parts if p.stage == part.stage) for part in parts}
    total = sum(stages.values())
    rows = [(WHOLE, "", plain("compress.bytes.all"), total, "rgba(0, 0, 0, 0)")]
    rows += [(s, WHOLE, _stage(s), n, COLOURS[s]) for s, n in stages.items()]
    rows += [(f"{p.stage}/{p.name}", p.stage, _name(data, p), p.n_bytes, COLOURS[p.stage]) for p in parts]
    ids, parents, labels, values, colours = zip(*rows, strict=True)
    trace = Treemap(
        ids=ids,
        parents=parents,
        labels=labels,
        values=values,
        marker={"colors": colours, "cornerradius": 3},
        branchvalues="total",
        text=[f"{numbers.size(n)} · {numbers.percent(n / total)}" for n in values],
        textinfo="label+text",
        hoverinfo="label+text",
        textfont={"color": "#FFFFFF"},
        pathbar={"visible": False},
        tiling={"pad": 2},
    )
    return drawn(trace, plain("compress.bytes.alt"), height=HEIGHT, uniformtext={"minsize": 10, "mode": "hide"})


def _stage(stage: str) -> str:
    return plain(f"compress.bytes.{stage}" if stage in ("tables", "texts", "file") else f"stage.{stage}")


def _name(data: Dataset, part: StoredPart) -> str:
    """The reason whose table it is, or the layer."""
    if part.stage in ("tables", "texts"):
        return feature_name(data, Player.parse(part.name))
    return plain(f"compress.bytes.layer.{part.name}")
