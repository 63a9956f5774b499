"""A view is a function of its address: what is chosen in place, back, forward and reloaded shows the same."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest

SEEN = r"""() => {
  const main = document.querySelector('[data-testid="stMain"]'), charts = [];
  for (const c of main.querySelectorAll('[data-testid="stVegaLiteChart"]')) {
    const rows = [...c.querySelectorAll('svg text')].filter(t => t.textContent.trim()).map(t => {
      const r = t.getBoundingClientRect(); return [Math.round((r.top + r.bottom) / 8), Math.round(r.left), t.textContent.trim()] });
    rows.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    charts.push(rows.map(r => r[2]).join(' | '));
  }
  const clone = main.cloneNode(true);
  for (const c of clone.querySelectorAll('[data-testid="stVegaLiteChart"], style, script')) c.remove();
  return [clone.textContent.replace(/\s+/g, ' ').trim(), ...charts];
}"""  # noqa: E501
TIMES = re.compile(r"\d[\d.,\u202f ]*\s?(s|ms)\b|measured[^·]*·")
TOP = """document.querySelector('[data-testid="stMain"]').scrollTop"""


def seen(visit) -> list[str]:
    return [TIMES.sub("", text) for text in visit.page.evaluate(SEEN)]


def entries(visit) -> int:
    return visit.page.evaluate("history.length")


def query(visit) -> dict[str, str]:
    return {k: v[0] for k, v in parse_qs(urlparse(visit.page.url).query).items()}


def await_query(visit, **wanted: str | None) -> None:
    """The address follows a change after a moment."""
    for key, value in wanted.items():
        says = f"new URLSearchParams(location.search).get('{key}')"
        visit.page.wait_for_function(f"{says} === null" if value is None else f"{says} === '{value}'")
    visit.settle()


def pick(visit, label: str, text: str) -> None:
    box = visit.page.get_by_role("combobox", name=label, exact=False).first
    box.fill(text)
    box.press("Enter")


def test_each_choice_is_one_entry_and_back_returns_to_the_one_before(visit):
    visit.open("explain", user="7", item="9")
    views, n = [(query(visit), seen(visit))], entries(visit)
    pick(visit, "User", "(user 12)" if visit.page.get_by_text("(user 12)").count() else "12")
    await_query(visit, item=None)
    views.append((query(visit), seen(visit)))
    assert views[1][0]["user"] != "7"
    assert entries(visit) == n + 1, "user and item change together"
    visit.page.get_by_text("中文", exact=True).first.click()
    await_query(visit, lang="zh")
    views.append((query(visit), seen(visit)))
    assert entries(visit) == n + 2
    for address, shown in reversed(views[:-1]):
        visit.page.go_back()
        await_query(visit, user=address["user"], lang=address["lang"])
        assert (query(visit), seen(visit)) == (address, shown)
    visit.page.go_forward()
    await_query(visit, user=views[1][0]["user"])
    assert (query(visit), seen(visit)) == views[1]
    visit.page.reload()
    visit.settle()
    assert (query(visit), seen(visit)) == views[1]


def test_a_narrow_window_names_the_pages(visit):
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open("explain")
    main = visit.page.locator('[data-testid="stMain"]')  # the frame's own links lie in the closed sidebar
    for name in ("Overview", "Global", "Compress", "Fairness"):
        assert main.get_by_role("link", name=name, exact=True).is_visible(), name
    main.get_by_role("link", name="Fairness", exact=True).click()
    visit.page.wait_for_url("**/fairness?**")
    visit.settle()
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_listens_on_this_machine_only(address):
    port = f"{int(address.rsplit(':', 1)[1]):04X}"
    tables = [path for path in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")) if path.exists()]
    rows = [row.split() for path in tables for row in path.read_text().splitlines()[1:]]
    listening = {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[1].endswith(f":{port}")}
    assert listening <= {"0100007F", "00000000000000000000000001000000"}
    assert listening or not tables


def test_a_preset_is_one_entry(visit):
    visit.open("compress", sparsity="50", bits="8", pruning="structured")
    before, n = seen(visit), entries(visit)
    visit.page.get_by_role("button", name="Back to the full model").click()
    await_query(visit, sparsity=None, bits=None)
    assert entries(visit) == n + 1
    visit.page.go_back()
    await_query(visit, sparsity="50", bits="8")
    assert seen(visit) == before


def test_pages_open_at_their_top(visit):
    visit.page.set_viewport_size({"width": 1440, "height": 400})
    visit.open("")
    for name in ("Explain", "Compress", "Overview"):
        visit.page.evaluate("""document.querySelector('[data-testid="stMain"]').scrollTo(0, 700)""")
        assert visit.page.evaluate(TOP) > 100
        visit.page.get_by_role("link", name=name, exact=True).first.click()
        visit.page.wait_for_url(re.compile(f"/{name.lower()}\\?" if name != "Overview" else r":\d+/\?"))
        visit.settle()
        assert visit.page.evaluate(TOP) <= 20, name


@pytest.mark.parametrize(
    ("page", "wrong", "said"),
    [
        ("explain", {"bits": "7", "sparsity": "500"}, ["Bits 7 is not a level", "Sparsity 500 is not a level"]),
        ("", {"pruning": "magic", "workspace": "tiny"}, ["Pruning magic is not a level"]),
        ("global", {"pairs": "77"}, ["pairs 77 is not a level. Showing 500."]),
        ("fairness", {"models": "www"}, ["Model www is not a level"]),
        ("", {"lang": "fr"}, ["Language fr is not a level. Showing en."]),
        ("nothing-here", {}, ["No page nothing-here"]),
    ],
)
def test_what_the_address_says_and_nobody_knows_is_named_also_after_a_reload(visit, page, wrong, said):
    text = visit.open(page, **wrong).text()
    for sentence in said:
        assert sentence in text
    visit.page.reload()
    text = visit.settle().text()
    for sentence in said:
        assert sentence in text
    assert visit.page.get_by_role("dialog").count() == 0


def test_another_choice_ends_the_notice(visit):
    visit.open("explain", bits="7", user="7")
    visit.page.get_by_role("radio", name="8", exact=True).first.click(force=True)
    await_query(visit, bits="8")
    assert "is not a level" not in visit.text()
    shown = seen(visit)
    visit.page.reload()
    visit.settle()
    assert seen(visit) == shown
