"""Compress: ranges marked on the axes of the parallel coordinates narrow the table, and no slider draws them again."""

from __future__ import annotations

from playwright.sync_api import Page

CHART = ".st-key-space .js-plotly-plot"
SIZE = 2  # which axis it is


def n_rows(page: Page) -> int:
    return page.locator(".st-key-space_rows tbody tr").count()


def drag_along(page: Page, axis: int, start: float, end: float) -> None:
    """Drag the mouse along an axis, from one share of its height to another."""
    page.locator(CHART).scroll_into_view_if_needed()
    box = page.locator(f"{CHART} .axis-brush").nth(axis).bounding_box()
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + start * box["height"])
    page.mouse.down()
    page.mouse.move(x, box["y"] + end * box["height"], steps=8)
    page.mouse.up()


def keeps_its_charts(visit) -> bool:
    """Whether the slider, moved to the full model, leaves both charts as they stand."""
    charts = visit.page.locator(".js-plotly-plot")
    marks = [charts.nth(at).evaluate("chart => { chart.kept = true; return true }") for at in range(2)]
    visit.page.get_by_role("slider", name="Sparsity").press("Home")
    visit.settle()
    return [charts.nth(at).evaluate("chart => chart.kept === true") for at in range(2)] == marks


def test_a_range_marked_on_an_axis_narrows_the_table_and_a_slider_draws_nothing_of_it_again(visit):
    page = visit.open("compress", sparsity="50").page
    page.wait_for_selector(f"{CHART} .axis-brush")
    assert keeps_its_charts(visit)
    n = n_rows(page)
    drag_along(page, SIZE, 0.95, 0.5)  # the smaller half
    page.wait_for_function("() => location.search.includes('within=size')")
    visit.settle()
    assert 0 < n_rows(page) < n
    assert f"{n_rows(page)} of {n} measured levels within Size KB" in visit.text()
    page.wait_for_selector(f"{CHART} .axis-brush")
    page.get_by_text("Show all levels again").click()
    visit.settle()
    assert n_rows(page) == n
