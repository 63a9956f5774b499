"""What a person does: open pages, choose, move sliders, read the numbers, come back by the address."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest

from dashboard import registry
from recsys_core.compare import load_report
from recsys_core.explain.explain import explain
from recsys_core.metrics import probability
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.recommend import recommend, user_pairs
from recsys_core.variant import Compression, ModelVariant

PAGES = ("", *list(registry.pages())[1:])


@pytest.fixture(scope="session")
def workspace(workspace_folder: Path) -> TrainedModel:
    return open_model(workspace_folder / "tiny")


def numbers(text: str) -> list[float]:
    """Every number on the page, signs as a person writes them."""
    text = text.replace("−", "-").replace("\u2009", "").replace("\u202f", "")
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]


def assert_shown(value: float, text: str, digits: int) -> None:
    """``value`` stands on the page, rounded to some number of digits."""
    assert any(abs(n - value) <= 0.51 * 10**-digits for n in numbers(text)), (value, text[:600])


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("visit", ["light", "dark"], indirect=True)
def test_every_page_opens(visit, page):
    visit.open(page)
    assert visit.page.locator('[data-testid="stException"]').count() == 0
    assert visit.page.locator("h1").count() == 1
    assert len(visit.text()) > 200


def test_overview_shows_the_measured_quality(visit, workspace):
    text = visit.open().text()
    assert_shown(workspace.training.model["auc"], text, 3)
    assert_shown(workspace.dataset.n_interactions, text, 0)


def test_choosing_user_and_item_explains_them(visit, workspace):
    visit.open("explain")
    user = visit.page.get_by_role("combobox", name="User", exact=False).first
    user.fill("(user 7)")
    user.press("Enter")
    visit.settle()
    index = workspace.user_index("7")
    first = recommend(workspace.dense, workspace.split_dataset, index).items[0]
    assert first.title in visit.page.locator("h1").inner_text()
    pair = user_pairs(workspace.split_dataset, index, [first.item_index])
    background = workspace.split_dataset.background(32, seed=0)
    expected = explain(workspace.dense, workspace.dataset, pair, background)
    text = visit.text()
    assert_shown(probability(expected.score), text, 2)
    strongest = max(expected.contributions, key=lambda c: abs(c.contribution))
    assert_shown(strongest.contribution, text, 2)
    other = workspace.dataset.titles[workspace.item_index("9")]
    item = visit.page.get_by_role("combobox", name="Item", exact=False).first
    item.fill(other)
    item.press("Enter")
    visit.settle()
    assert other in visit.page.locator("h1").inner_text()


def test_a_click_on_the_list_explains_that_item(visit, workspace):
    visit.open("explain", user="7")
    third = recommend(workspace.dense, workspace.split_dataset, workspace.user_index("7")).items[2]
    visit.page.get_by_role("table", name="The user's ten best unseen items").get_by_role("row").nth(3).click()
    visit.page.wait_for_url(f"**item={third.item_id}**")
    visit.settle()
    assert third.title in visit.page.locator("h1").inner_text()
    assert "Rank 3 of" in visit.page.locator("h5").first.inner_text()


def test_a_slider_keeps_what_stands_beside_the_page(visit, workspace):
    visit.open("explain", user="7")
    sparsity = visit.page.get_by_role("slider", name="Sparsity").first
    for _ in range(9):
        sparsity.press("ArrowRight")
    visit.page.wait_for_url("**sparsity=90**")
    visit.settle()
    assert (
        "90"
        in visit.page.locator(
            '[data-testid="stSidebar"] [data-testid="stBadge"], [data-testid="stSidebar"]'
        ).last.inner_text()
    )
    user = visit.page.get_by_role("combobox", name="User", exact=False).first
    user.fill("(user 9)")
    user.press("Enter")
    visit.settle()
    visit.page.get_by_role("link", name="Compress").click()
    visit.settle()
    assert_shown(load_report(workspace, ModelVariant.compressed(0.9)).compressed.auc, visit.text(), 3)
    query = parse_qs(urlparse(visit.page.url).query)
    assert (query["sparsity"], query["user"]) == (["90"], ["9"])
    visit.page.get_by_role("button", name="Back to the full model").click()
    visit.settle()
    assert_shown(load_report(workspace, ModelVariant.compressed()).compressed.auc, visit.text(), 3)
    assert "sparsity=90" not in visit.page.url


def test_sliders_change_the_figures_and_the_address_restores_them(visit, workspace):
    visit.open("compress")
    sparsity = visit.page.get_by_role("slider", name="Sparsity").first
    for _ in range(5):
        sparsity.press("ArrowRight")
    visit.settle()
    report = load_report(workspace, ModelVariant.compressed(0.5))
    text = visit.text()
    assert_shown(report.compressed.auc, text, 3)
    assert_shown(100 * report.top_10_overlap, text, 0)
    visit.page.wait_for_url("**sparsity=50**")
    visit.page.get_by_role("radio", name="8", exact=True).first.click(force=True)
    visit.settle()
    assert_shown(load_report(workspace, ModelVariant.compressed(0.5, 8)).compressed.auc, visit.text(), 3)
    visit.page.wait_for_url("**bits=8**")
    before = visit.page.locator("h5").first.inner_text()
    visit.page.reload()
    visit.settle()
    assert visit.page.locator("h5").first.inner_text() == before
    query = parse_qs(urlparse(visit.page.url).query)
    assert (query["sparsity"], query["bits"]) == (["50"], ["8"])


def test_the_model_follows_to_other_pages(visit, workspace):
    visit.open("explain", user="7", sparsity="90")
    from recsys_core.compress.variants import VariantCache

    scorer = VariantCache(workspace).scorer(Compression(0.9))
    first = recommend(scorer, workspace.split_dataset, workspace.user_index("7")).items[0]
    assert first.title in visit.page.locator("h1").inner_text()
    assert_shown(first.probability, visit.text(), 2)


@pytest.mark.parametrize("parameters", [{"user": "99999"}, {"user": "7", "item": "99999"}])
def test_unknown_ids_get_a_message_and_a_way_on(visit, parameters):
    text = visit.open("explain", **parameters).text()
    assert "99999" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("name", ["overview", "nosuch"])
def test_the_first_page_answers_to_any_name(visit, name):
    """Its own name is not its address; the file's name was reserved for it and ended the app."""
    page = visit.open(name).page
    assert page.locator("h1").count() == 1
    assert page.locator('[data-testid="stException"]').count() == 0


def test_a_damaged_workspace_is_named_and_the_other_still_works(visit):
    text = visit.open("", workspace="broken").text()
    assert "model.safetensors" in text
    visit.open("", workspace="tiny")
    assert visit.page.locator("h1").count() == 1


def test_chinese(visit):
    """Also where the page alone is drawn again, in a thread of its own."""
    page = visit.open("explain", lang="zh", user="7").page
    assert re.search(r"[\u4e00-\u9fff]", page.locator("h1").inner_text())
    page.get_by_role("slider", name="稀疏度").first.press("ArrowRight")
    page.wait_for_url("**sparsity=10**")
    visit.settle()
    for shown in ("h5", ".stMarkdownBadge"):
        assert re.search(r"[\u4e00-\u9fff]", page.locator(shown).last.inner_text())


CHART_ROWS = """() => [...document.querySelectorAll('[data-testid="stMain"] [data-testid="stVegaLiteChart"]')].map(
  chart => [...chart.querySelectorAll('svg text')].filter(t => t.textContent.trim()).map(t => {
    const r = t.getBoundingClientRect()
    return [Math.round(r.top + r.bottom), Math.round(r.left), t.textContent.trim()] })
  .sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(r => r[2]))"""


def test_lines_stand_in_the_same_order_after_a_click_as_after_a_reload(visit, workspace):
    """A chart whose data change in place keeps old lines where they were unless their order is a column."""
    visit.open("explain", user="7")
    visit.page.get_by_role("table", name="The user's ten best unseen items").get_by_role("row").nth(4).click()
    visit.page.wait_for_url("**item=**")
    visit.settle()
    visit.page.get_by_text("Occlusion", exact=True).click()
    visit.page.wait_for_url("**method=occlusion**")
    visit.page.get_by_text("Each item's share", exact=True).click()
    visit.page.wait_for_url("**history=each**")
    sparsity = visit.page.get_by_role("slider", name="Sparsity").first
    for _ in range(5):
        sparsity.press("ArrowRight")
    visit.page.wait_for_url("**sparsity=50**")
    visit.settle()
    after_clicks, words = visit.page.evaluate(CHART_ROWS), visit.page.locator("h5").first.inner_text()
    visit.page.reload()
    visit.settle()
    assert visit.page.evaluate(CHART_ROWS) == after_clicks
    assert visit.page.locator("h5").first.inner_text() == words
    assert "compressed model" in words
    waterfall = after_clicks[0]
    assert waterfall.index("Average case") < waterfall.index("This score")
    assert visit.page.get_by_text("Owen values", exact=False).count() == 1
    assert len(after_clicks) == 2


def test_a_click_on_a_bar_shows_that_reasons_values(visit):
    visit.open("global", pairs="100")
    bars = visit.page.locator('[data-testid="stVegaLiteChart"]').first.locator("path[aria-roledescription='bar']")
    bars.nth(1).click()
    visit.page.wait_for_url("**reason=**")
    visit.settle()
    reason = parse_qs(urlparse(visit.page.url).query)["reason"][0]
    assert reason
    assert "What each value of a reason does" in visit.text()
