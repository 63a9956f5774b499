"""Why not that one: a person opens the card, picks an item by its title, and copies the paragraph."""

from __future__ import annotations

import re

import numpy as np

from dashboard.presentation.texts import numbers
from recsys_core.explain.contrast import contrast
from recsys_core.models.workspace import open_model
from recsys_core.recommend import score_user, user_pairs


def test_an_item_picked_by_its_title_is_contrasted_and_the_paragraph_is_copied(visit, workspace_folder):
    model = open_model(workspace_folder / "tiny")
    split_dataset, user = model.split_dataset, model.user_index("7")
    of_user = score_user(model.dense, split_dataset, user)
    first, other = of_user.top(5)[[0, 4]].tolist()
    title = model.dataset.titles[other]
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.open("explain", user="7")
    visit.page.get_by_text("Why not …?").click()
    visit.settle()
    picker = visit.page.get_by_role("combobox", name="Compare with", exact=False).first
    picker.fill(title)
    picker.press("Enter")
    visit.page.wait_for_url(f"**against={model.dataset.items['item_id'].iloc[other]}**")
    visit.settle()
    pairs = user_pairs(split_dataset, user, np.array([other, first]))
    expected = contrast(model.dense, model.dataset, pairs, split_dataset.background(32, seed=0))
    text = visit.text()
    assert f"“{title}” is 4 places lower than “{model.dataset.titles[first]}”" in text
    table = visit.page.get_by_role("table", name="Every reason with what it holds for both items")
    shown = [cell.replace(numbers.MINUS, "-") for cell in table.locator("td:last-child").all_inner_texts()]
    assert sorted(map(float, shown)) == sorted(round(c.contribution, 3) for c in expected.contributions)
    visit.page.get_by_text("Copy as a paragraph").click()
    visit.settle()
    visit.page.get_by_role("button", name="Copy", exact=True).click()
    visit.page.get_by_role("button", name="Copied").wait_for()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied == visit.page.get_by_role("textbox", name="Copy as a paragraph").input_value()
    assert re.match(rf"“{re.escape(model.dataset.titles[first])}” is recommended to .*: rank 1 of", copied)
