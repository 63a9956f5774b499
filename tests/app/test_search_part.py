"""The search on Fairness and everything tried on both pages: what is found, clicked and used."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from app_texts import tables_of, texts_of

from dashboard.jobs import processes
from dashboard.presentation.charts import search as charts
from dashboard.presentation.sentences import search as sentences
from dashboard.presentation.texts import numbers, use_language, word
from dashboard.presentation.variants import plain_variant
from recsys_core.models.workspace import Workspace
from recsys_core.results.search import SearchResult, Tried
from recsys_core.search import SearchSettings, TriedPoint, load_search, search
from recsys_core.variant import DENSE, Compression, ModelVariant, Reranking

SMALL = ModelVariant.compressed(0.5, 8)
LISTS = Reranking("fair", 0.5, "training.popularity")
FAIR = word("mend.method", "fair")
FULL = Tried(DENSE, 0.4, 0.1, 1000, 1.0)
MENDED = Tried(ModelVariant("women-first", Compression(), LISTS), 0.395, 0.04, 900, 0.8)


@pytest.fixture(scope="module")
def folder(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which two variants were searched by gender, and the grid beside them."""
    found = tmp_path_factory.mktemp("searched")
    shutil.copytree(grouped_workspace, found / "shop", ignore=shutil.ignore_patterns("measurements", "searches"))
    search(Workspace.open(found / "shop"), "gender", SearchSettings(2))
    return found


def result(*tried: Tried, grid: float | None = 0.2) -> SearchResult:
    how = {"by": "user.gender", "seed": 3, "asked": 4, "full": FULL, "grid": tried, "front": tried[1:], "n_users": 96}
    return SearchResult(tried=tried, hypervolume=0.3, grid_hypervolume=grid, **how)


def test_sentences_say_front_grid_and_the_cheapest_small_gap():
    text = " ".join(sentences.sentences(result(FULL, MENDED))).replace("\\", "")
    assert "NSGA-II tried 2 variants; 1 of them is beaten by no other" in text
    assert "Hypervolume 0.300; the grid of as many reaches 0.200." in text
    named = f"model women-first, re-ranked: {FAIR} by popularity, strength 50\u202f%"
    assert f"{named}. Gap {numbers.number(0.04)} ({numbers.number(0.1)} before)" in text
    dear = Tried(SMALL, 0.39, 0.0, 500, 0.9)
    assert "No variant tried has a smaller gap" in " ".join(sentences.sentences(result(FULL, dear)))
    assert "has tried 2 of 4 variants" in sentences.sentences(result(FULL, MENDED, grid=None))[0]
    use_language("zh")
    assert "NSGA-II 尝试了 2 个变体" in sentences.sentences(result(FULL, MENDED))[0]


def test_re_ranked_variants_have_words():
    assert plain_variant(ModelVariant(reranking=LISTS)) == f"re-ranked: {FAIR} by popularity, strength 50\u202f%"
    both = ModelVariant(compression=Compression(bits=8), reranking=Reranking("fair,calibrated", 1.0, "popularity"))
    assert plain_variant(both).startswith(f"8 bits, re-ranked: {FAIR} → ")
    assert plain_variant(ModelVariant(reranking=Reranking("fair", 0.0, "popularity"))) == "Full model"


def test_the_scatter_tells_who_tried_a_variant_and_draws_the_front():
    points = [
        TriedPoint(DENSE, "grid", 0.4, 0.1, 1000, 1.0),
        TriedPoint(SMALL, "search", 0.39, 0.02, 500, None),
        TriedPoint(MENDED.variant, "mending", 0.38, 0.04, 900, 0.8),
    ]
    chart = charts.everything(points, ["a", "b", "c"], SMALL)
    rows = next(layer["data"]["values"] for layer in chart.spec["layer"] if "values" in layer.get("data", {}))
    assert [(row["origin"], row["front"], row["key"]) for row in rows] == [
        ("grid", True, "dense"),
        ("search", True, SMALL.key),
        ("mending", False, MENDED.variant.key),
    ]
    assert len({row["meaning"] for row in rows}) == 3
    assert chart.data.to_dict("records") == [{"gap": 0.02, "height": 0.39}]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_was_found_is_shown_and_a_row_chooses_its_variant(open_app, folder, lang):
    asked = {"folder": folder, "workspace": "shop", "lang": lang, "by": "user.gender", "search": "true"}
    app = open_app("fairness", tried="bits-8", **asked)
    assert not app.exception
    found = Workspace.open(folder / "shop").model()
    kept = load_search(found, "user.gender")
    text = " ".join(texts_of(app)).replace("\\", "")
    assert "DEAP" in text
    assert numbers.number(kept.hypervolume) in text
    assert numbers.number(kept.grid_hypervolume) in text
    assert tables_of(app)["search_front"].iloc[:, 1].tolist() == [numbers.fixed(t.ndcg, 4) for t in kept.front]
    tried = next(t for t in kept.tried if t.variant == ModelVariant.compressed(bits=8))
    assert numbers.number(tried.gap) in text
    app.button(key="everything_tried_use").click().run()
    assert not app.exception
    assert app.query_params["bits"] == "8"


def test_the_same_scatter_is_on_compress_and_an_unknown_variant_is_named(open_app, folder):
    app = open_app("compress", folder=folder, workspace="shop", watch="user.gender", tried="nothing")
    assert not app.exception
    text = " ".join(texts_of(app)).replace("\\", "")
    assert "Everything tried, by gender" in text
    assert "nothing has not been measured here" in text


def test_it_is_started_stopped_and_gone_on_with(open_app, folder, tmp_path):
    shutil.copytree(folder / "shop", tmp_path / "shop")
    asked = {"folder": tmp_path, "workspace": "shop", "by": "user.gender", "search": "true"}
    app = open_app("fairness", **asked)
    assert "takes about" in " ".join(texts_of(app))
    app.button(key="search_resume").click().run()
    assert not app.exception
    (job,) = [j for j in processes().listed() if j.key[0] == "search"]
    assert job.command[0] == "search"
    assert job.command[-1] == "--resume"
    app.button(key="searching_cancel").click().run()
    assert job.wait(30)
    app.run()
    assert not app.exception
    assert len([b for b in app.button if b.key in ("search_start", "search_resume")]) == 2
