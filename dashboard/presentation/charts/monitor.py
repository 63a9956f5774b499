"""Charts of the Monitor page: quality and gap over time, scores beside the held-out ones, traffic, feedback."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

import altair as alt
import pandas as pd

from dashboard.presentation.charts.chart import (
    AGAINST,
    FOR,
    IN_ORDER,
    NEUTRAL,
    Chart,
    meaning,
    one,
    specification,
    tooltip,
)
from dashboard.presentation.texts import numbers, plain
from recsys_core.results import Group
from recsys_core.results.monitoring import (
    FeedbackPoint,
    GroupQuality,
    QualityPoint,
    ScoreDrift,
    ServedGap,
    TrafficPoint,
)

HEIGHT, SMALL = 260, 170
MOST_LINES = 6  # colours of the theme
BAND = 0.16  # opacity
CLOCK = {"year": "%Y-%m-%d", "month": "%m-%d", "week": "%m-%d", "date": "%m-%d"} | {
    "hours": "%H:%M", "minutes": "%H:%M", "seconds": "%H:%M:%S", "milliseconds": "%H:%M:%S",
}  # fmt: skip


def quality(
    points: Iterable[QualityPoint],
    measure: str,
    groups: list[Group],
    name: Callable[[Group], str],
    words: tuple[str, str],
) -> Chart:
    """A line with its band a group over the bins of the window, everyone dashed; ``words``: measure and column.

    Where a bin has no figure of a group its line is broken.
    """
    everyone = {"label": plain("group.all"), "everyone": True}
    told = {group: {"label": name(group), "everyone": False} for group in groups[:MOST_LINES]}
    rows = [
        told.get(found.group, everyone) | _moment(point.start, point.end) | _figure(found, measure)
        for point in points
        for found in point.groups
        if found.group.kind == "all" or found.group in told
    ]
    alt_text = plain("monitor.quality.alt", measure=words[0], column=words[1])
    return Chart(pd.DataFrame(rows), _over_time(words[0]), alt_text)


def _moment(start: float, end: float) -> dict:
    """Where a bin stands on an axis of time, in milliseconds, and what it is called."""
    return {"at": 500 * (start + end), "start": 1000 * start, "end": 1000 * end, "when": moment(start, end)}


def moment(start: float, end: float) -> str:
    """A bin of time: "24 Nov 12:00 – 12:30"."""
    first, last = pd.Timestamp(start, unit="s"), pd.Timestamp(end, unit="s")
    form = "%H:%M:%S" if end - start < 60 else "%H:%M"
    left = f"{first:%Y-%m-%d {form}}"
    return f"{left} – {last:{form}}" if first.date() == last.date() else f"{left} – {last:%Y-%m-%d {form}}"


def _figure(found: GroupQuality, measure: str) -> dict:
    estimate = found.measures[measure]
    return _with_ends(estimate.value, estimate.low, estimate.high) | {"n": numbers.count(estimate.n)}


def _with_ends(value: float | None, low: float | None, high: float | None) -> dict:
    text = numbers.fixed(value, 3)
    if low is not None and high is not None:
        text = plain("monitor.interval", value=text, low=numbers.fixed(low, 3), high=numbers.fixed(high, 3))
    return {"value": value, "low": low, "high": high, "text": text}


def _time(field: str = "at") -> alt.X:
    """An axis of time in UTC, as all times on the page."""
    return alt.X(field, type="temporal", title=None).axis(grid=False, tickCount=6, format=CLOCK).scale(type="utc")


@specification
def _over_time(measure: str) -> alt.LayerChart:
    hover = tooltip(
        label=plain("monitor.groups.group"), when=plain("monitor.time"), text=measure, n=plain("monitor.groups.users")
    )
    value = alt.Y("value", type="quantitative", title=measure).axis(tickCount=5, domain=False).scale(zero=False)
    legend = alt.Legend(title=None, orient="top", labelLimit=150, columns=3)
    line = alt.Chart().mark_line(point={"size": 34, "filled": True}, strokeWidth=2).transform_filter("!datum.everyone")
    every = alt.Chart().mark_line(strokeDash=[4, 4], strokeWidth=1.5).transform_filter("datum.everyone")
    band = alt.Chart().mark_area(opacity=BAND, tooltip=None).transform_filter("!datum.everyone")
    return (
        alt.layer(
            band.encode(x=_time(), y=_value("low"), y2=alt.Y2("high"), color=_by_group(None)),
            every.encode(x=_time(), y=value, color=one(NEUTRAL), tooltip=hover),
            line.encode(x=_time(), y=value, color=_by_group(legend), tooltip=hover),
        )
        .resolve_scale(color="independent")
        .properties(height=HEIGHT)
    )


def _by_group(legend: alt.Legend | None) -> alt.Color:
    return alt.Color("label", type="nominal", sort=IN_ORDER, legend=legend).scale(range="category")


def _value(field: str) -> alt.Y:
    return alt.Y(field, type="quantitative")


def gap(points: Iterable[QualityPoint], measure: str, name: Callable[[Group], str], short: str) -> Chart:
    """The gap between the worst and the best served group over the bins, with its band and a line at none."""
    found = [(point, one_gap) for point in points for one_gap in point.gaps if one_gap.measure == measure]
    rows = [_moment(point.start, point.end) | _gap(of, name) | {"zero": 0.0} for point, of in found]
    return Chart(pd.DataFrame(rows), _gap_over_time(short), plain("monitor.gap.alt", measure=short))


def _gap(found: ServedGap, name: Callable[[Group], str]) -> dict:
    groups = {"worst": name(found.worst), "best": name(found.best)}
    return _with_ends(found.difference, found.low, found.high) | groups


@specification
def _gap_over_time(measure: str) -> alt.LayerChart:
    hover = tooltip(
        when=plain("monitor.time"), text=measure, worst=plain("monitor.gap.worst"), best=plain("monitor.gap.best")
    )
    axis = alt.Y("value", type="quantitative", title=measure).axis(tickCount=5, domain=False)
    none = alt.Chart().mark_rule(strokeDash=[4, 4], strokeWidth=1.5, tooltip=None)
    return alt.layer(
        alt.Chart()
        .mark_area(opacity=BAND, tooltip=None)
        .encode(x=_time(), y=_value("low"), y2=alt.Y2("high"), color=one(AGAINST)),
        none.encode(y=alt.Y("mean(zero)", type="quantitative"), color=one(NEUTRAL)),
        alt.Chart()
        .mark_line(point={"size": 34, "filled": True}, strokeWidth=2)
        .encode(x=_time(), y=axis, color=one(AGAINST), tooltip=hover),
    ).properties(height=SMALL)


def scores(found: ScoreDrift) -> Chart:
    """Share of served scores in each tenth of the held-out ones, with these as a tick."""
    names = _tenths(found.edges)
    rows = [
        {
            "label": label,
            "now": now,
            "reference": reference,
            "text": numbers.percent(now),
            "held_out": numbers.percent(reference),
        }
        for label, now, reference in zip(names, found.now, found.reference, strict=True)
    ]
    return Chart(pd.DataFrame(rows), _scores(), plain("monitor.scores.alt"))


def _tenths(edges: tuple[float, ...]) -> list[str]:
    """Bins between edges in words: below the first, between two, above the last."""
    said = [numbers.fixed(edge, 2) for edge in edges]
    between = [plain("monitor.scores.between", low=a, high=b) for a, b in itertools.pairwise(said)]
    return [plain("monitor.scores.below", high=said[0]), *between, plain("monitor.scores.above", low=said[-1])]


@specification
def _scores() -> alt.LayerChart:
    hover = tooltip(
        label=plain("monitor.scores.axis"), text=plain("monitor.scores.y"), held_out=plain("monitor.scores.held_out")
    )
    bins = alt.X("label", type="nominal", sort=IN_ORDER, title=plain("monitor.scores.axis"))
    x = bins.axis(labelAngle=-35, ticks=False, domain=False).scale(paddingInner=0.25)
    y = alt.Y("now", type="quantitative", title=plain("monitor.scores.y")).axis(format="%", tickCount=4, domain=False)
    return alt.layer(
        alt.Chart().mark_bar(cornerRadiusEnd=3).encode(x=x, y=y, color=one(FOR), tooltip=hover),
        alt.Chart().mark_tick(thickness=3, tooltip=None).encode(x=x, y=_value("reference"), color=one("yellow")),
    ).properties(height=HEIGHT)


def traffic(points: Iterable[TrafficPoint]) -> Chart:
    """Requests a second over the bins, those that failed on top."""
    rows = [
        row | _moment(point.start, point.end)
        for point in points
        for row in _two_parts(
            ("monitor.traffic.answered", (point.requests - point.errors) / (point.end - point.start)),
            ("monitor.traffic.failed", point.errors / (point.end - point.start)),
        )
    ]
    return Chart(pd.DataFrame(rows), _stacked(plain("monitor.traffic"), AGAINST), plain("monitor.traffic.alt"))


def feedback(points: Iterable[FeedbackPoint]) -> Chart:
    """Events over the bins, positive ones first."""
    rows = [
        row | _moment(point.start, point.end)
        for point in points
        for row in _two_parts(
            ("monitor.feedback.positive", point.n_positive), ("monitor.feedback.other", point.n - point.n_positive)
        )
    ]
    return Chart(pd.DataFrame(rows), _stacked(plain("monitor.feedback.axis"), NEUTRAL), plain("monitor.feedback.alt"))


def _two_parts(*parts: tuple[str, float]) -> list[dict]:
    """Parts of one bar from the axis on, the first one first."""
    rows, base = [], 0.0
    for at, (key, value) in enumerate(parts):
        rows.append(
            {"what": plain(key), "second": at > 0, "base": base, "top": base + value, "text": numbers.number(value)}
        )
        base += value
    return rows


@specification
def _stacked(axis: str, second: str) -> alt.LayerChart:
    hover = tooltip(when=plain("monitor.time"), what=plain("monitor.what"), text=axis)
    y = alt.Y("base", type="quantitative", title=axis).axis(tickCount=4, domain=False)
    x = _time("start")
    parts = [
        alt.Chart()
        .mark_rect()
        .transform_filter(f"datum.second === {is_second}")
        .encode(x=x, x2=alt.X2("end"), y=y, y2=alt.Y2("top"), color=one(colour), tooltip=hover)
        for is_second, colour in (("false", FOR), ("true", second))
    ]
    return alt.layer(*parts).properties(height=SMALL)


def latency(points: Iterable[TrafficPoint]) -> Chart:
    """Within how many milliseconds half and 95 % of the requests were answered, over the bins."""
    rows = [
        _moment(point.start, point.end) | {"what": what, "meaning": colour, **_milliseconds(seconds)}
        for point in points
        for what, colour, seconds in (("p50", FOR, point.p50), ("p95", AGAINST, point.p95))
    ]
    return Chart(pd.DataFrame(rows), _latency(), plain("monitor.latency.alt"))


def _milliseconds(seconds: float | None) -> dict:
    """A time to answer; nothing where nobody asked, so that the line is broken."""
    if seconds is None:
        return {"ms": None, "text": numbers.UNKNOWN}
    return {"ms": 1000 * seconds, "text": numbers.duration(seconds)}


@specification
def _latency() -> alt.Chart:
    y = alt.Y("ms", type="quantitative", title=plain("monitor.latency.axis")).axis(tickCount=4, domain=False)
    hover = tooltip(when=plain("monitor.time"), what=plain("monitor.what"), text=plain("monitor.latency"))
    return (
        alt.Chart(height=SMALL)
        .mark_line(point={"size": 24, "filled": True}, strokeWidth=2)
        .encode(x=_time(), y=y, color=meaning(), tooltip=hover)
    )
