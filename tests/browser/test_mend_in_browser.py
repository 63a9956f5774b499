"""Mend it as a person does: move the strength; what the page says is what the core finds, and the address follows."""

from __future__ import annotations

import re
from pathlib import Path

from test_address import await_query

from recsys_core.mend.report import price_of
from recsys_core.models.evaluation import evaluate
from recsys_core.models.workspace import open_model
from recsys_core.rerankers import make_reranker
from recsys_core.variant import Reranking


def test_a_strength_moved_says_the_price_that_the_core_finds(visit, workspace_folder: Path):
    visit.open("fairness", mend="true", mend_method="exposure", mend_by="item.category", mend_strength="40")
    slider = visit.page.get_by_role("slider", name="Strength")
    slider.focus()
    slider.press("ArrowRight")
    await_query(visit, mend_strength="45")
    model = open_model(workspace_folder / "tiny")
    settings = Reranking("exposure", 0.45, "item.category")
    reranker = make_reranker(settings, model.split_dataset, model.dense)
    after = evaluate(model.dense, model.split_dataset, reranker=reranker)
    price = price_of(model.evaluation().ranking, after.ranking)
    said = visit.page.locator("h5").all_inner_texts()
    figures = next(found for text in said if (found := re.search(r"of everyone (\S+), now (\S+) \(", text)))
    assert figures.groups() == (f"{price.before:.3f}", f"{price.after:.3f}")
