"""Data gap beside model gap: the references are what they say, and the comparison is paired user by user."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys_core.__main__ import main
from recsys_core.data.importers import import_dataset
from recsys_core.data.sample import DOMAINS
from recsys_core.data.sample.generate import SampleSize, draw_sample
from recsys_core.data.sample.planted_scorer import PlantedScorer
from recsys_core.data.sample.write import write_sample
from recsys_core.errors import RecLensError, SettingError
from recsys_core.fairness import DEFAULT_SETTINGS, gap_changes
from recsys_core.fairness.data_gap import compared_measures, data_gap, data_gap_json, verdicts
from recsys_core.models.baselines import BASELINES
from recsys_core.models.evaluation import evaluate
from recsys_core.models.references import FOLDER, reference_names, references
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model

BY = ("user.region",)
FEW = replace(DEFAULT_SETTINGS, n_bootstrap=200, least_size=5)


@pytest.fixture(scope="module")
def model(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    folder = tmp_path_factory.mktemp("gap") / "grouped"
    return open_model(Path(shutil.copytree(grouped_workspace, folder)))


@pytest.fixture(scope="module")
def beside(model: TrainedModel) -> dict:
    return references(model)


@pytest.fixture(scope="module")
def found(model, beside):
    train = model.split_dataset.sequences()
    return data_gap(model.dataset, model.evaluation(), beside, by=BY, train=train, settings=FEW)


@pytest.mark.parametrize("domain", ["shop", "news"])
def test_the_best_possible_is_what_the_truth_of_the_sample_says(domain, tmp_path):
    about = write_sample(
        DOMAINS[domain], 4, draw_sample(DOMAINS[domain], 4, SampleSize(150, 120, 40, 20)), tmp_path / "tables"
    )
    dataset = import_dataset("tables", tmp_path / "tables")
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=0)
    best = evaluate(PlantedScorer.of(dataset, split_dataset.split), split_dataset)
    assert best.auc == pytest.approx(about["best_auc"], abs=6e-5)
    assert best.ranking.mean_ndcg == pytest.approx(about["best_ndcg@10"], abs=6e-5)
    train, by = split_dataset.sequences(), about["under_served"]["column"]
    every = replace(FEW, n_bootstrap=2, least_size=1)
    for measure in ("ndcg@10", "auc"):
        gap = data_gap(dataset, best, {}, by=(by,), train=train, measure=measure, settings=every)
        said = {name: figures[measure] for name, figures in about["best_by_group"].items()}
        for row in gap.rows["model"]:
            assert row.values[measure] == pytest.approx(said[row.group.value], abs=6e-5)
        assert (gap.kind, gap.planted) == (about["under_served"]["kind"], about["under_served"]["value"])


def test_the_best_possible_is_not_told_for_another_split_or_other_data(model):
    dataset = model.dataset
    for task, kind in (("implicit", "time"), ("like", "random")):
        split_dataset = SplitDataset.build(dataset, task=task, kind=kind, seed=0)
        assert not PlantedScorer.is_known(dataset, split_dataset.split)
        with pytest.raises(ValueError, match="not known"):
            PlantedScorer.of(dataset, split_dataset.split)
    split_dataset = replace(model.split_dataset, dataset=replace(dataset, truth=None))
    assert reference_names(split_dataset) == ("ease", "item_knn", "popularity")


def test_each_figure_is_the_mean_over_the_groups_users(model, beside, found):
    region = model.dataset.users["region"].to_numpy()
    for name, evaluation in {"model": model.evaluation(), **beside}.items():
        of_user = region[evaluation.ranking.user_index]
        for row in found.rows[name]:
            expected = evaluation.ranking.ndcg[of_user == row.group.value].mean()
            assert row.values["ndcg@10"] == pytest.approx(expected, abs=1e-9)
        assert found.overall[name].values["ndcg@10"] == pytest.approx(evaluation.ranking.mean_ndcg, abs=1e-9)


@pytest.mark.parametrize("measure", ["ndcg@10", "auc"])
def test_what_the_model_adds_is_the_change_of_the_gap_to_the_reference_paired(model, beside, measure):
    """`gap_changes`, which compares a model with its compressed self, as the second implementation."""
    train, evaluation = model.split_dataset.sequences(), model.evaluation()
    gap = data_gap(model.dataset, evaluation, beside, by=BY, train=train, measure=measure, settings=FEW)
    as_logits = {name: replace(e, logloss=evaluation.logloss) for name, e in beside.items()}
    for against in gap.gaps:
        how = {"by": BY, "train": train, "settings": FEW}
        changes = gap_changes(model.dataset, evaluation, as_logits[against.reference], **how)
        change = next(c for c in changes if c.metric == measure)
        assert (change.worst_group, change.best_group) == (gap.worst, gap.best)
        np.testing.assert_allclose(
            [against.added, against.low, against.high, against.p_value],
            [-change.change, -change.high, -change.low, change.p_value],
            atol=1e-6,
        )
        assert gap.gap == pytest.approx(change.dense, abs=1e-9)
        assert against.gap == pytest.approx(change.compressed, abs=1e-9)


def test_a_model_is_alike_with_itself_and_widens_where_it_spoils_one_groups_lists(model, found):
    evaluation, train = model.evaluation(), model.split_dataset.sequences()
    how = {"by": BY, "train": train, "settings": FEW}
    same = data_gap(model.dataset, evaluation, {"ease": evaluation}, **how)
    (alike,) = same.gaps
    assert (alike.added, alike.low, alike.high, alike.above, alike.verdict) == (0, 0, 0, 0, "alike")
    region = model.dataset.users["region"].to_numpy()[evaluation.ranking.user_index]
    spoilt = np.where(region == "north", 0.0, evaluation.ranking.ndcg)
    worse = replace(evaluation, ranking=replace(evaluation.ranking, ndcg=spoilt))
    (widened,) = data_gap(model.dataset, worse, {"ease": evaluation}, **how).gaps
    assert widened.verdict == "widens"
    assert widened.low > 0
    assert widened.above == pytest.approx(evaluation.ranking.ndcg[region == "north"].mean(), abs=1e-9)
    (narrowed,) = data_gap(model.dataset, evaluation, {"ease": worse}, **how).gaps
    assert narrowed.above <= 0 or narrowed.verdict != "widens"


def test_the_sentences_say_what_no_mending_can_reach(found):
    best = found.of("best", found.worst).values["ndcg@10"]
    reached = found.of("model", found.worst).values["ndcg@10"]
    said = [str(phrase) for phrase in verdicts(found)]
    assert said[0] == (
        f"No mending can lift {found.worst.label} above the best possible {best:.3f}; the model reaches {reached:.3f}."
    )
    assert [phrase.key.split(".")[1] for phrase in verdicts(found)] == ["bound", "best", "ease"]
    told = data_gap_json(found)
    assert told["scorers"] == ["model", "best", "ease", "item_knn", "popularity"]
    assert {row["group"] for row in told["groups"]} == {"north", "south", "east", "west", "islands"}
    assert [v["text"] for v in told["verdicts"]] == said


def test_references_are_fitted_once_for_the_workspace_and_anew_where_they_are_damaged(model, beside):
    stages: list[str] = []
    again = references(model, progress=lambda stage, share: stages.append(str(stage)))
    assert stages == []
    for name, evaluation in beside.items():
        np.testing.assert_array_equal(again[name].ranking.top, evaluation.ranking.top)
    fitted = evaluate(BASELINES["ease"](model.split_dataset, lambda *_: None), model.split_dataset, calibrated=False)
    np.testing.assert_array_equal(beside["ease"].ranking.ndcg, fitted.ranking.ndcg)
    file = model.path.parents[1] / FOLDER / "popularity" / "evaluation.safetensors"
    file.write_bytes(file.read_bytes()[:-40])
    anew = references(model, progress=lambda stage, share: stages.append(str(stage)))
    assert "ranking the catalogue" in stages
    assert not any("EASE" in stage for stage in stages)
    np.testing.assert_array_equal(anew["popularity"].ranking.ndcg, beside["popularity"].ranking.ndcg)
    assert file.stat().st_size > 0


def test_only_users_that_all_have_ranked_are_compared(model, beside):
    some = beside["ease"].ranking
    kept = np.arange(0, len(some.user_index), 2)
    half = replace(beside["ease"], ranking=some[kept])
    train = model.split_dataset.sequences()
    gap = data_gap(model.dataset, model.evaluation(), {"ease": half}, by=BY, train=train, settings=FEW)
    assert gap.n_users == len(kept)
    ndcg = model.evaluation().ranking.ndcg[kept]
    assert gap.overall["model"].values["ndcg@10"] == pytest.approx(ndcg.mean(), abs=1e-9)


def test_what_cannot_be_compared_is_said(model, beside):
    how = {"train": model.split_dataset.sequences(), "settings": FEW}
    question = (model.dataset, model.evaluation(), beside)
    with pytest.raises(SettingError, match="metric must be one of ndcg@10"):
        data_gap(*question, by=BY, measure="selection_rate", **how)
    with pytest.raises(SettingError, match="by must be one of"):
        data_gap(*question, by=("item.category",), **how)
    with pytest.raises(RecLensError):
        data_gap(*question, by=("user.shoe",), **how)
    large = how | {"settings": replace(FEW, least_size=10_000)}
    none = data_gap(*question, by=BY, **large)
    assert (none.worst, none.gaps, np.isnan(none.gap)) == (None, (), True)
    assert "fewer than two groups have 10000 users" in str(verdicts(none)[0])
    assert data_gap_json(none)["worst_group"] is None
    assert "auc" in compared_measures(10)
    assert all(row.suppressed and row.values["ndcg@10"] is None for row in none.rows["ease"])


def test_the_command_tells_the_same_and_asks_for_a_column(model, capsys):
    assert main(["fairness", "--workspace", str(model.path.parents[1]), "--by", "region", "--data-gap", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["data_gap"]
    assert (told["by"], told["measure"], told["worst_group"] is not None) == (["user.region"], "ndcg@10", True)
    assert set(told["references"]) == {"best", "ease", "item_knn", "popularity"}
    assert main(["fairness", "--workspace", str(model.path.parents[1]), "--data-gap", "--json"]) == 2
    assert "--by" in capsys.readouterr().err
