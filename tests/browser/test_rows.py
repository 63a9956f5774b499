"""The table of clickable rows: what it draws from its data, alone in an empty page."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "dashboard" / "assets" / "rows.js"
DRAW = """async ([address, data]) => {
  const draw = (await import(address)).default
  window.picked = window.picked ?? []
  draw({ data, parentElement: document.body, setTriggerValue: (name, value) => window.picked.push([name, value]) })
}"""


@pytest.fixture
def draw(browser):
    """A page, and a function that draws data into it."""
    page = browser.new_page()
    page.goto("about:blank")
    address = "data:text/javascript;base64," + base64.b64encode(SCRIPT.read_bytes()).decode()
    yield page, lambda **data: page.evaluate(DRAW, [address, table(**data)])
    page.close()


def table(rows, *, pick=None, selected=None, height=None, names=("#", "Item"), labels=()):
    columns = [{"name": name, "help": "", "right": name == "#", "wrap": False} for name in names]
    data = {"alt": "list", "columns": columns, "rows": rows, "titles": [None] * len(rows)}
    data["labels"] = list(labels)
    return data | {"pick": pick, "selected": selected, "height": height}


def cells(page):
    return page.evaluate("[...document.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.textContent))")


def test_texts_are_texts(draw):
    page, show = draw
    title = "<img src=x onerror='window.hit=1'><b>bold</b>"
    for pick in (None, 1):
        show(rows=[["1", title]], pick=pick)
        assert cells(page) == [["1", title]]
        assert page.evaluate("document.querySelectorAll('img, b').length") == 0
        assert page.evaluate("window.hit") is None


def test_what_differs_is_changed_in_place(draw):
    page, show = draw
    show(rows=[["1", "a"], ["2", "b"], ["3", "c"]], pick=1, selected=0)
    page.evaluate("window.first = document.querySelector('tbody tr')")
    show(rows=[["1", "b"], ["2", "a"]], pick=1, selected=1)
    assert cells(page) == [["1", "b"], ["2", "a"]]
    assert page.evaluate("window.first === document.querySelector('tbody tr')")
    assert page.evaluate("[...document.querySelectorAll('tr[aria-current]')].map(r => r.textContent)") == ["2a"]
    show(rows=[["1", "b"]], names=("#", "Item"))
    assert page.locator("button").count() == 0, "nothing to click any more"
    assert page.get_by_role("table", name="list").count() == 1


def test_a_row_is_picked_by_mouse_and_by_keyboard(draw):
    page, show = draw
    show(rows=[["1", "a"], ["2", "b"]], pick=1)
    page.get_by_role("cell", name="2").click()
    page.get_by_role("button", name="a").press("Enter")
    assert page.evaluate("window.picked") == [["picked", 1], ["picked", 0]]
    show(rows=[["1", "a"], ["2", "b"]])
    page.get_by_role("cell", name="2").click()
    assert len(page.evaluate("window.picked")) == 2


def test_a_button_with_a_label_is_clicked_itself_and_called_by_it(draw):
    page, show = draw
    show(rows=[["×", "a"], ["×", "b"]], pick=0, labels=["Take off a", "Take off b"])
    page.get_by_text("b", exact=True).click()
    assert page.evaluate("window.picked") == [], "the rest of the row does nothing"
    page.get_by_role("button", name="Take off b").click()
    assert page.evaluate("window.picked") == [["picked", 1]]
    show(rows=[["1", "a"]], pick=1)
    assert page.get_by_role("button", name="a", exact=True).get_attribute("aria-label") is None
