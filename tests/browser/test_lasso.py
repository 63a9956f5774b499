"""Global: dots drawn around with the mouse become users, the users a segment, and the page is theirs."""

from __future__ import annotations

from pathlib import Path

from recsys_core.data.segments import SegmentStore

CHART = ".st-key-lasso_chart .js-plotly-plot"


def test_dots_drawn_around_become_a_segment(visit, workspace_folder: Path):
    store = SegmentStore(workspace_folder / "tiny")
    visit.open("global", pairs="100", lasso="true")
    page = visit.page
    page.wait_for_selector(f"{CHART} .scatterlayer .point", state="attached")
    page.locator(CHART).scroll_into_view_if_needed()
    box = page.locator(f"{CHART} .nsewdrag").first.bounding_box()
    left, top, right, bottom = box["x"] + 4, box["y"] + 4, box["x"] + box["width"] - 4, box["y"] + box["height"] / 2
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 2)):
        page.mouse.move(x, y, steps=6)
    page.mouse.up()
    page.wait_for_selector("text=users inside")
    visit.settle()
    n = int(page.locator("text=users inside").inner_text().split(" of ")[1].split()[0])
    try:
        page.get_by_label("Name of the segment").fill("drawn")
        page.get_by_role("button", name="Save as a segment").click()
        page.wait_for_url("**segment=drawn**")
        visit.settle()
        assert len(store.get("drawn").users) == n
        assert f"“drawn”: {n} of 60 users (picked one by one)." in visit.text()
    finally:
        if store.list():
            store.remove("drawn")
