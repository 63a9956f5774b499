"""Overview's card on what being explainable costs: its sentence, its chart, its table, and the button before them."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from app_texts import texts_of

from dashboard.jobs import processes
from dashboard.presentation.charts import self_explaining as charts
from dashboard.presentation.sentences.self_explaining import caveats, sentences
from dashboard.presentation.tables.self_explaining import models
from dashboard.presentation.texts import use_language
from recsys_core.models.workspace import open_model
from recsys_core.results import UserSample
from recsys_core.results.self_explaining import CostOfExplaining, ExplainedModel, LeftOutModel
from recsys_core.self_explaining import save_cost

PLAIN = ExplainedModel(
    name="ranker",
    ndcg=0.25,
    low=0.24,
    high=0.26,
    auc=0.8,
    auc_low=0.79,
    auc_high=0.81,
    logloss=0.5,
    rmse=None,
    ranker_ahead=None,
    ranker_ahead_low=None,
    ranker_ahead_high=None,
    faithfulness=1.0,
    agreement=1.0,
    n_reasons=13.0,
    seconds_a_reason=0.002,
    seconds_an_explanation=0.026,
    n_explained=100,
    n_rows=5000,
    fit_seconds=40.0,
)
EASE = replace(
    PLAIN, name="ease", ndcg=0.15, logloss=None, ranker_ahead=0.1, ranker_ahead_low=0.05, ranker_ahead_high=0.15
)
EBM = replace(PLAIN, name="ebm", ndcg=0.2, ranker_ahead=0.05, ranker_ahead_low=0.02, ranker_ahead_high=0.08)
SURROGATE = replace(EBM, name="surrogate", faithfulness=0.71, agreement=0.64)


def cost(*models: ExplainedModel, **changes) -> CostOfExplaining:
    found = CostOfExplaining("like", models, (), UserSample(60, 60), 200, 900, 5000, 32, 3, 88.0)
    return replace(found, **changes)


def said(found: CostOfExplaining) -> str:
    return " ".join(sentences(found)).replace("\\", "")


def test_the_best_self_explaining_model_says_what_it_costs():
    text = said(cost(PLAIN, SURROGATE, EASE, EBM))
    assert "EBM, reaches NDCG@10 0.200, the ranker 0.250; that is 20\u202f% less (+0.050, +0.020 to +0.080)." in text
    assert "repeats 64\u202f% of what tells its scores apart" in text
    par = replace(EBM, ranker_ahead=0.001, ranker_ahead_low=-0.01, ranker_ahead_high=0.012)
    assert "costs nothing that could be measured" in said(cost(PLAIN, par))
    ahead = replace(EBM, ndcg=0.3, ranker_ahead=-0.05, ranker_ahead_low=-0.08, ranker_ahead_high=-0.02)
    assert "does better here: EBM reaches NDCG@10 0.300" in said(cost(PLAIN, ahead))
    few = replace(EBM, ranker_ahead_low=None, ranker_ahead_high=None)
    assert "too few users" in said(cost(PLAIN, few))
    nobody = [replace(m, ndcg=None, low=None, high=None, ranker_ahead=None) for m in (PLAIN, EBM)]
    assert "Nobody has held-out items" in said(cost(*nobody))
    assert charts.quality(cost(*nobody)) is None


def test_what_the_figures_rest_on_is_said():
    left_out = (LeftOutModel("ebm", "cost.no_interpret"),)
    text = " ".join(caveats(cost(PLAIN, EASE, left_out=left_out, sample=UserSample(60, 900, 7)))).replace("\\", "")
    for part in ("60 of 900 users (seed 7)", "900 of 5\u202f000 training rows", "32 background examples", "88 s"):
        assert part in text, text
    assert "EBM is not among them: the library interpret is not installed" in text
    use_language("zh")
    chinese = " ".join([*sentences(cost(PLAIN, SURROGATE, EBM)), *caveats(cost(PLAIN, EASE, left_out=left_out))])
    assert "EBM" in chinese
    assert "排序模型" in chinese


def test_chart_marks_the_ranker_and_says_itself_in_words():
    chart = charts.quality(cost(PLAIN, EBM, replace(EASE, low=None, high=None)))
    assert chart.data["meaning"].tolist() == ["for", "neutral", "neutral"]
    assert chart.data[["low", "high"]].iloc[-1].tolist() == [0.15, 0.15]
    assert "Ranker 0.250 (0.240 to 0.260)" in chart.alt
    table = models(cost(PLAIN, EASE))
    assert table.iloc[1].tolist()[:4] == ["EASE", "0.150 (0.240 to 0.260)", "0.800 (0.790 to 0.810)", "–"]
    assert "RMSE" in models(cost(PLAIN, task="rating")).columns


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_card_offers_to_measure_and_then_shows_what_was_found(open_app, workspaces, tmp_path, lang):
    shutil.copytree(workspaces / "tiny", tmp_path / "tiny")
    app = open_app(folder=tmp_path, lang=lang)
    assert not app.exception
    assert [button.key for button in app.button if button.key == "cost_start"]
    save_cost(open_model(tmp_path / "tiny"), cost(PLAIN, SURROGATE, EASE, EBM))
    app = open_app(folder=tmp_path, lang=lang)
    assert not app.exception
    assert not [button.key for button in app.button if button.key == "cost_start"]
    assert any("NDCG@10 0.200" in text or "NDCG@10 为 0.200" in text for text in texts_of(app))


def test_it_is_measured_in_the_background_and_can_be_stopped(open_app, workspaces, tmp_path):
    shutil.copytree(workspaces / "tiny", tmp_path / "tiny")
    app = open_app(folder=tmp_path)
    app.button(key="cost_start").click().run()
    assert not app.exception
    (job,) = [j for j in processes().listed() if j.key[0] == "cost_of_explaining"]
    assert job.command[:2] == ("cost-of-explaining", "--workspace")
    assert "What being explainable costs: tiny shop" in texts_of(app)
    app.button(key="costing_cancel").click().run()
    assert job.wait(30)
    app.run()
    assert [button.key for button in app.button if button.key == "cost_start"], "it can be started again"
    assert not list((tmp_path / "tiny").rglob(".*.json.*"))
