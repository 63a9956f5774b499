"""Grafana's boards of RecLens, written as the JSON that Grafana reads at its start.

``python deploy/grafana/make_boards.py`` writes ``boards/*.json`` beside this file; what is on each is in
``board_panels.py``. Needs grafana-foundation-sdk (requirements-dev.txt); Grafana itself needs the JSON alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from board_panels import BOARDS
from board_parts import SOURCE, Board, Kind, Panel, Query
from grafana_foundation_sdk.builders import dashboard, heatmap, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.builders.common import LineStyle, ReduceDataOptions
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import BigValueTextMode, VisibilityMode
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    DynamicConfigValue,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

OUT = Path(__file__).resolve().parent / "boards"
PROMETHEUS = DataSourceRef(type_val="prometheus", uid=SOURCE)
HEIGHT = {Kind.NUMBER: 4, Kind.LINES: 8, Kind.HEAT: 8, Kind.STATES: 5}


def board_json(board: Board) -> dict[str, Any]:
    """What Grafana reads for one board: JSON-ready, without the keys that the builders leave empty."""
    built = (
        dashboard.Dashboard(f"RecLens: {board.name}")
        .uid(f"reclens-{board.name}")
        .description(board.about)
        .tags(["reclens"])
        .timezone("browser")
        .time("now-1h", "now")
        .refresh("10s")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("RecLens boards")
            .type(DashboardLinkType.DASHBOARDS)
            .tags(["reclens"])
            .keep_time(True)
            .include_vars(True)
        )
        .annotation(_new_version())
        .with_variable(_choice("instance", 'label_values(up{job="reclens"}, instance)'))
    )
    if any(panel.repeat for panel in board.panels):
        built = built.with_variable(_choice("group", "label_values(reclens_hit_rate, user_group)"))
    for number, panel in enumerate(board.panels, start=1):
        built = built.with_panel(_panel(panel).id(number))
    written = _without_nothing(json.loads(JSONEncoder().encode(built.build())))
    del written["style"]  # light or dark is the reader's choice
    return written


def main() -> int:
    """Write every board; what is in the folder and no board any more goes."""
    OUT.mkdir(exist_ok=True)
    written = {OUT / f"{board.name}.json": board_json(board) for board in BOARDS}
    for old in set(OUT.glob("*.json")) - set(written):
        old.unlink()
    for path, content in written.items():
        path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 0


def _panel(panel: Panel) -> Any:
    """The builder of a panel: its queries are named A, B, … in their order."""
    built = {
        Kind.NUMBER: _number,
        Kind.LINES: _lines,
        Kind.HEAT: heatmap.Panel,
        Kind.STATES: statetimeline.Panel,
    }[panel.kind]()
    built = (
        built.title(panel.title)
        .description(panel.about)
        .datasource(PROMETHEUS)
        .unit(panel.unit)
        .height(HEIGHT[panel.kind])
        .span(panel.width)
        .no_value("none yet")
    )
    if panel.repeat:
        built = built.repeat(panel.repeat).repeat_direction("h")
    for name, query in zip("ABCDEFGH", panel.queries, strict=False):
        built = built.with_target(_target(query, panel.kind).ref_id(name))
    return built


def _number() -> Any:
    return stat.Panel().text_mode(BigValueTextMode.AUTO).reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))


def _lines() -> Any:
    """Lines over time; the ends of an interval are thin, dashed, and belong to the line that lies between them."""
    ends = [
        DynamicConfigValue(id_val="custom.lineWidth", value=1),
        DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [4, 4]}),
    ]
    band = [*ends, DynamicConfigValue(id_val="custom.fillBelowTo", value="low")]
    return (
        timeseries.Panel()
        .line_width(2)
        .show_points(VisibilityMode.NEVER)
        .line_style(LineStyle().fill("solid"))
        .override_by_regexp("/(low|limit|threshold)$/", ends)
        .override_by_regexp("/ high$/", ends)
        .override_by_name("high", band)
    )


def _target(query: Query, kind: Kind) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).datasource(PROMETHEUS)
    if kind is Kind.HEAT:
        target = target.format(PromQueryFormat.HEATMAP)
    return target.instant() if kind is Kind.NUMBER else target.range()


def _choice(name: str, query: str) -> dashboard.QueryVariable:
    """A variable that holds everything unless somebody picks."""
    return (
        dashboard.QueryVariable(name)
        .query(query)
        .datasource(PROMETHEUS)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )


def _new_version() -> dashboard.AnnotationQuery:
    """A mark on every chart where a version is served that was not served a minute before."""
    return (
        dashboard.AnnotationQuery()
        .name("New version")
        .datasource(PROMETHEUS)
        .enable(True)
        .icon_color("purple")
        .expr("count by (version) (reclens_version_info) unless count by (version) (reclens_version_info offset 1m)")
    )


def _without_nothing(value: Any) -> Any:
    """The same JSON without keys that hold null: Grafana takes its own default for what is missing."""
    if isinstance(value, dict):
        return {key: _without_nothing(part) for key, part in value.items() if part is not None}
    return [_without_nothing(part) for part in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
