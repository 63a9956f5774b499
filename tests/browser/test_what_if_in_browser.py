"""What-if as a person does it: move a slider, pick a value, take an item off, go back; the rank shown is the core's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_address import await_query, entries, query

from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.what_if.edit_texts import EditTexts, read_edits
from recsys_core.what_if.situation import situation_of, with_edits

USER, ITEM = "3", "5"


@pytest.fixture(scope="session")
def workspace(workspace_folder: Path) -> TrainedModel:
    return open_model(workspace_folder / "tiny")


def rank(model: TrainedModel, user: str = USER, item: str = ITEM, **texts: str) -> int | None:
    """The item's rank after edits, as the core gives it."""
    before = situation_of(model.dense, model.split_dataset, model.user_index(user), model.item_index(item))
    read = read_edits(EditTexts(**texts), before, model.dataset)
    assert not read.problems
    after = with_edits(before, read.edits)
    return after.scores(model.split_dataset.tie_order).rank_of(after.item_index)


def other(model: TrainedModel, column: str) -> str:
    """A value of a column of users that is not the user's own."""
    own = model.dataset.users[column].iloc[model.user_index(USER)]
    group = next(g for g in model.features.side("user") if g.key == f"user.{column}")
    return next(value for value in group.values if value != own)


def edits(visit) -> dict[str, str]:
    """The edits that the address holds."""
    return {key: value for key, value in query(visit).items() if key in ("set", "add", "off")}


def shown_rank(visit) -> int:
    sentence = visit.page.locator("h5").first.inner_text()
    return int(re.search(r"(?:to|at rank) (\d+)", sentence)[1])


def changed(visit, **wanted: str | None) -> None:
    """Wait for the address and for the page: who clicks before it is drawn again clicks on what was there before."""
    await_query(visit, **wanted)
    visit.settle()


def pick(visit, label: str, value: str) -> None:
    box = visit.page.locator('[data-testid="stMain"]').get_by_role("combobox", name=label, exact=False).first
    box.fill(value)
    box.press("Enter")


def test_a_person_and_a_history_are_edited_and_the_rank_is_the_cores(visit, workspace):
    visit.open("what-if", user=USER, item=ITEM)
    assert shown_rank(visit) == rank(workspace)
    pick(visit, "region", "south")
    changed(visit, set="user.region:south")
    assert shown_rank(visit) == rank(workspace, **edits(visit))
    age = visit.page.get_by_role("slider", name="age").first
    age.press("Home")
    age.press("ArrowRight")
    visit.page.wait_for_url("**user.age**")
    visit.settle()
    assert edits(visit)["set"].startswith("user.region:south;user.age:")
    assert shown_rank(visit) == rank(workspace, **edits(visit))
    button = visit.page.get_by_role("button", name=re.compile("^Take off "))
    n_before = button.count()
    button.first.click()
    visit.page.wait_for_url("**off=**")
    visit.settle()
    assert visit.page.get_by_role("button", name=re.compile("^Put back ")).count() == 1
    assert button.count() == n_before - 1
    found = edits(visit)
    assert found["off"]
    assert shown_rank(visit) == rank(workspace, **found)
    visit.page.reload()
    visit.settle()
    assert edits(visit) == found
    assert shown_rank(visit) == rank(workspace, **found)


def test_back_is_the_edit_before_other_pages_keep_the_edits_and_a_quick_second_edit_keeps_the_first(visit, workspace):
    region, device, gender = (other(workspace, column) for column in ("region", "device", "gender"))
    two = f"user.region:{region};user.device:{device}"
    visit.open("what-if", user=USER, item=ITEM)
    n = entries(visit)
    pick(visit, "region", region)
    pick(visit, "device", device)  # at once, before the first has come back
    changed(visit, set=two)
    assert shown_rank(visit) == rank(workspace, set=two)
    pick(visit, "gender", gender)
    changed(visit, set=f"{two};user.gender:{gender}")
    last = edits(visit)
    assert entries(visit) <= n + 3, "an edit is one entry of the history"
    visit.page.go_back()
    changed(visit, set=two)
    assert shown_rank(visit) == rank(workspace, set=two)
    visit.page.go_forward()
    changed(visit, **last)
    visit.page.get_by_role("link", name="Global", exact=True).first.click()
    visit.page.wait_for_url("**/global?**")
    visit.settle()
    visit.page.get_by_role("link", name="What-if", exact=True).first.click()
    visit.page.wait_for_url("**/what-if?**")
    visit.settle()
    assert edits(visit) == last
    assert shown_rank(visit) == rank(workspace, **last)


def test_a_session_file_brings_edits_back_and_a_row_asks_about_its_item(visit, workspace, tmp_path):
    visit.open("what-if", user=USER, item=ITEM, set="user.region:south;item.price:20")
    visit.page.get_by_role("button", name="Session file").click()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Save session (JSON)").click()
    file = tmp_path / "what-if.json"
    download.value.save_as(file)
    visit.open("what-if", user="9")
    visit.page.get_by_role("button", name="Session file").click()
    visit.page.locator('input[type="file"]').set_input_files(file)
    changed(visit, user=USER, item=ITEM, set="user.region:south;item.price:20")
    assert shown_rank(visit) == rank(workspace, set="user.region:south;item.price:20")
    visit.page.keyboard.press("Escape")
    row = visit.page.get_by_role("table", name=re.compile("ten best items")).get_by_role("row").nth(2)
    title = row.get_by_role("button").inner_text()
    row.click()
    changed(visit, set="user.region:south")
    assert title in visit.page.locator("h1").inner_text()
    assert "put aside" in visit.text(), "the price was the other item's"
