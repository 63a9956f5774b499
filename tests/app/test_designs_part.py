"""The designs on Fairness: the verdict in words, the chart, and the trainings behind them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from app_texts import texts_of

from dashboard.jobs import processes
from dashboard.presentation.charts import architectures as charts
from dashboard.presentation.sentences import architectures as sentences
from dashboard.presentation.tables import architectures as tables
from dashboard.presentation.texts import use_language
from recsys_core.architectures.compare import designs_of, figures_of
from recsys_core.architectures.stored import save_runs
from recsys_core.architectures.train import all_features
from recsys_core.models.workspace import open_model
from recsys_core.results.architectures import ArchitectureReport, Design, DesignRun

GAP = {"fm": 0.02, "mlp": 0.09, "attention": 0.1}


def run(design: Design, seed: int, gap: float) -> DesignRun:
    known = {"gaps": {"user.gender": gap + 0.001 * seed}, "worst": {"user.gender": "F"}}
    return DesignRun(design, seed, 0.2 + 0.01 * seed, 0.7, n_parameters=1200, seconds=2.0, **known)


def report(n_seeds: int = 3, **verdict) -> ArchitectureReport:
    made = [Design(kind, True, False) for kind in GAP]
    by_design = {d: [run(d, s, GAP[d.kind]) for s in range(n_seeds)] for d in made}
    about = {"by": "user.gender", "task": "like", "left_out": (), "app": made[-1], "seeds": tuple(range(n_seeds))}
    how = {"epochs": 3, "n_users": 400, "n_groups": 2, "seconds": 18.0, "fairer": (), "poorer": ()}
    return ArchitectureReport(designs=figures_of(by_design, made[-1], "user.gender"), **(about | how | verdict))


def said(found: ArchitectureReport) -> str:
    return " ".join([*sentences.sentences(found), *sentences.caveats(found)]).replace("\\", "")


def test_the_verdict_claims_no_more_than_it_shows():
    text = said(report())
    assert "No design is shown to be fairer by itself: of 2, none" in text
    assert "The smallest mean gap is that of factorisation machine, ids, no text: 0.0210" in text
    assert "400 users in 2 groups, seeds 0, 1, 2, 3 passes" in text
    assert "With one seed nothing can be said" in said(report(1))
    fm = Design("fm", True, False)
    assert "factorisation machine, ids, no text: a smaller gap by gender" in said(report(fairer=(fm,)))
    poorer = said(report(poorer=(fm,)))
    assert "No design is shown" in poorer
    assert "less of a gap to leave" in poorer
    use_language("zh")
    assert "没有证据表明某种设计本身更公平" in said(report())


def test_the_chart_holds_intervals_and_every_seed():
    chart = charts.designs(report())
    rows = chart.data.to_dict("records")
    assert sum(row["of_seed"] for row in rows) == 9
    own = [row for row in rows if not row["of_seed"] and row["meaning"] == "for"]
    assert [row["kind"] for row in own] == ["attention"]
    assert own[0]["gap_low"] < own[0]["gap"] < own[0]["gap_high"]
    table = tables.designs(report())
    assert table["Gap"].tolist()[0].startswith("0.021 (0.019 to")
    assert tables.designs(report(1))["Gap"].tolist()[0] == "0.020"


@pytest.fixture(scope="module")
def folder(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("designs")
    shutil.copytree(grouped_workspace, found / "shop")
    return found


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_part_offers_training_then_says_what_was_found(open_app, folder, lang):
    asked = {"folder": folder, "workspace": "shop", "lang": lang, "by": "user.gender", "designs": "true"}
    model = open_model(folder / "shop")
    (model.path / "architectures.json").unlink(missing_ok=True)
    app = open_app("fairness", **asked)
    assert not app.exception
    assert not app.button(key="designs_start").disabled
    made, _ = designs_of(all_features(model))
    save_runs(model, 3, [run(d, s, 0.1 if d.kind == "mlp" else 0.05) for s in range(2) for d in made])
    app = open_app("fairness", **asked)
    assert not app.exception
    text = " ".join(texts_of(app))
    assert ("No design is shown to be fairer" if lang == "en" else "没有证据表明") in text
    app = open_app("fairness", **(asked | {"by": "user.age"}))
    assert ("know no gap by" if lang == "en" else "没有按") in " ".join(texts_of(app))


def test_training_runs_in_the_background_and_can_be_stopped(open_app, folder, tmp_path):
    shutil.copytree(folder / "shop", tmp_path / "shop")
    app = open_app("fairness", folder=tmp_path, workspace="shop", by="user.gender", designs="true")
    app.button(key="designs_start").click().run()
    assert not app.exception
    (job,) = [j for j in processes().listed() if j.key[0] == "designs"]
    assert job.command[0] == "architectures"
    app.button(key="training_designs_cancel").click().run()
    assert job.wait(30)
    app.run()
    assert not app.exception
    assert app.button(key="designs_start")
