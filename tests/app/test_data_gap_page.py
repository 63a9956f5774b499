"""Fairness, data gap: what the page says and shows is the core's own comparison, in both languages."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from app_texts import texts_of

from dashboard.cached import data_gap as cached
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.sentences import data_gap as sentences
from dashboard.presentation.texts import use_language
from dashboard.workspaces import workspace_ref
from recsys_core.fairness.data_gap import data_gap, verdicts
from recsys_core.models.references import references
from recsys_core.variant import DENSE

BY = ("user.gender",)


@pytest.fixture(scope="module")
def folder(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("data_gap")
    shutil.copytree(grouped_workspace, found / "shop")
    return found


@pytest.fixture
def open_part(open_app, folder):
    """The page with the part open, its lists ranked and its references fitted."""

    def open_page(**parameters: str):
        app = open_app("fairness", folder=folder, workspace="shop", by=BY[0], data_gap="true", **parameters)
        ref = workspace_ref(folder / "shop")
        assert cached_fairness.fairness_scan(ref, DENSE).wait(120)
        assert cached.references(ref).wait(120)
        return app.run()

    return open_page


def test_the_part_says_and_shows_what_the_core_finds(open_part, folder):
    app = open_part()
    assert not app.exception
    model = cached_workspace.model(workspace_ref(folder / "shop"), "")
    train = model.split_dataset.sequences()
    found = data_gap(model.dataset, model.evaluation(), references(model), by=BY, train=train)
    shown = [re.sub(r"\\(.)", r"\1", text) for text in texts_of(app)]
    for said in verdicts(found):
        assert str(said) in shown
    assert str(verdicts(found)[0]).startswith("No mending can lift")
    table = next(t.value for t in app.dataframe if "ranking" in t.value.columns)
    assert list(table["ranking"]) == ["model", "best possible", "EASE", "item-kNN", "popularity"]
    assert table["the model adds"][0] == ""
    assert float(table["gap"][0]) == pytest.approx(found.gap, abs=6e-4)


def test_a_measure_that_not_every_ranking_has_is_replaced_by_ndcg_and_this_is_said(open_part):
    app = open_part(measure="selection_rate")
    assert not app.exception
    assert any("shown for NDCG@10" in text for text in texts_of(app))


def test_verdicts_are_said_in_chinese_with_the_groups_in_chinese(open_part, folder):
    open_part()
    found = cached.data_gap(workspace_ref(folder / "shop"), DENSE, BY, "ndcg@10")
    use_language("zh")
    said = sentences.verdicts(found)
    assert said[0].startswith("任何修正都无法让")
    assert not re.search(r"woman|man|binary", " ".join(said))
