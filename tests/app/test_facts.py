"""What the pages show beside explanations: stages, profile, history, long work."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation import exports
from dashboard.presentation import labels as people
from dashboard.presentation import wording as reasons
from dashboard.presentation.charts import overview as charts
from dashboard.presentation.sentences import overview as sentences
from dashboard.presentation.sentences import quality
from dashboard.presentation.tables import reasons as tables
from dashboard.presentation.texts import numbers, use_language
from dashboard.presentation.wording import Reason
from recsys_core.data.profile import group_sizes, profile, user_history
from recsys_core.data.schema import Schema
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.leave_one_out import leave_one_out_effects
from recsys_core.fairness import ScanResult
from recsys_core.metrics import mean_interval
from recsys_core.models.anatomy import STAGES, anatomy
from recsys_core.models.baselines import Popularity
from recsys_core.models.evaluation import evaluate
from recsys_core.player import Player
from recsys_core.recommend import user_pairs
from recsys_core.results import ScorerQuality
from recsys_core.variant import DENSE


def test_stages_hold_every_parameter_once(ref):
    workspace = cached_workspace.model(ref, "")
    stages = anatomy(workspace.ranker, workspace.config["encoder"])
    assert tuple(s.name for s in stages) == STAGES
    trained = [s for s in stages if s.is_trained]
    assert sum(s.n_parameters for s in trained) == sum(p.numel() for p in workspace.ranker.parameters())
    assert sum(s.n_parameters for s in trained) == workspace.training.n_parameters
    for before, after in pairwise(trained):
        assert before.n_outputs == after.n_inputs, "a stage gives what the next takes"


def test_lists_worse_than_popularity_are_called_so(ref):
    workspace = cached_workspace.model(ref, "")
    ratings = replace(workspace.dataset, schema=replace(workspace.dataset.schema, outcome="rating"))
    of_ratings_data = replace(workspace.split_dataset, dataset=ratings)
    report = workspace.training
    popularity = report.baselines["popularity"]
    for ndcg, is_poor in ((popularity["ndcg@10"] / 3, True), (popularity["ndcg@10"], False)):
        change = (-0.2, -0.3, -0.1) if is_poor else (0.0, -0.1, 0.1)
        model = replace(report.model, values=report.model.values | {"ndcg@10": ndcg})
        baselines = {"popularity": replace(popularity, differences={"ndcg@10": change})}
        training = replace(report, model=model, baselines=baselines)
        of_ratings = replace(workspace, training=training, split_dataset=of_ratings_data)
        said = quality.sentence(of_ratings)
        assert ("worse than popularity's" in said) == is_poor
        assert ("on a par with popularity" in said) != is_poor
        assert "times what popularity" not in said, "what chance may have made is no finding"
        assert bool(quality.lists_sentence(of_ratings)) == is_poor
        assert not quality.lists_sentence(replace(workspace, training=training)), "clicks were shown, not chosen"


def test_only_a_split_by_time_has_a_next(ref):
    workspace = cached_workspace.model(ref, "")
    by_time = replace(workspace, config=workspace.config | {"task": "implicit"})
    at_random = replace(by_time, training=replace(by_time.training, split="random"))
    assert "one taken next" in quality.sentence(by_time)
    assert "one taken and one not" in quality.sentence(at_random)


def test_verdicts_follow_the_paired_difference(ref):
    report = cached_workspace.model(ref, "").training

    def verdict(change, name="ease"):
        ease = replace(report.baselines["ease"], differences={"ndcg@10": change} if change else {})
        return quality.against(replace(report, baselines={"ease": ease}), name)

    assert verdict((0.01, 0.002, 0.02)) == "above"
    assert verdict((0.01, -0.002, 0.02)) == "par"
    assert verdict((-0.01, -0.02, -0.002)) == "below"
    assert verdict((math.nan, math.nan, math.nan)) == ""
    assert verdict((0.01, math.nan, math.nan)) == "par", "too few users for an interval"
    assert verdict(None) == ""
    assert verdict((0.01, 0.002, 0.02), "popularity") == "", "there is no such baseline"


def test_too_few_ranked_users_prove_nothing(ref):
    model = cached_workspace.model(ref, "")
    found = three_baselines(model, ease=(-0.09, math.nan, math.nan))
    found = replace(found, training=replace(found.training, model=replace(found.training.model, n_users=1)))
    line = (None, "Better than EASE: not proven (1 ranked user: too few for an interval).")
    assert line in quality.verdicts(found)


def test_without_groups_to_compare_nothing_is_said_of_their_gaps():
    is_good, said = sentences.gap_verdict(ScanResult("user", {"user.age": None}, (), 0, 0.1), None)
    assert is_good is None
    assert "1 column looked at" in said


def three_baselines(model, **changes: tuple[float, float, float]):
    """The model beside popularity, and baselines of these names with these differences to it."""
    of = model.training.baselines["popularity"]
    far = {"popularity": replace(of, values=of.values | {"ndcg@10": 0.1}, differences={"ndcg@10": (0.1, 0.09, 0.11)})}
    near = {
        name: replace(of, values=of.values | {"ndcg@10": 0.2 - change[0]}, differences={"ndcg@10": change})
        for name, change in changes.items()
    }
    ours = replace(model.training.model, values=model.training.model.values | {"ndcg@10": 0.2})
    return replace(model, training=replace(model.training, model=ours, baselines=near | far, best_possible={}))


def test_every_baseline_stands_in_the_sentence_the_verdicts_and_the_chart(ref):
    found = {"ease": (-0.02, -0.03, -0.01), "item_knn": (0.05, 0.04, 0.06), "random_walk": (0.01, -0.01, 0.03)}
    model = three_baselines(cached_workspace.model(ref, ""), **found)
    said = quality.sentence(model).replace("\\", "")
    told = "times what popularity reaches, more than item-kNN (0.150), on a par with random walk (0.190), but less than"
    assert f"2.0 {told} EASE (0.220)." in said, "a baseline nobody has words for is called by its name"
    assert [is_good for is_good, _ in quality.verdicts(model)] == [True, True, None, False], "the weakest first"
    bars = charts.quality(model.training).data.dropna(subset=["value"])
    of_lists = bars[bars["measure"] == "NDCG@10"]
    assert of_lists["who"].tolist() == ["This model", "EASE", "Random walk", "Item-kNN", "Popularity"]
    use_language("zh")
    said = quality.sentence(model).replace("\\", "")
    assert "是热门榜的 2.0 倍，高于物品近邻（0.150），与" in said
    assert "但低于\u00a0EASE（0.220）。" in said, "Latin letters keep their distance"


def test_what_a_baseline_was_fitted_on_is_said(ref):
    model = cached_workspace.model(ref, "")

    def said(**settings: float) -> list[str]:
        fitted = replace(model.training.baselines["popularity"], settings=settings)
        return quality.baselines_fitted(replace(model, training=replace(model.training, baselines={"ease": fitted})))

    assert said(penalty=400.0, n_items=model.dataset.n_items, n_least=1, longest=0) == ["EASE with penalty 400"]
    some = said(penalty=400.0, n_items=9, n_least=12, longest=300)
    assert some[0] == f"EASE with penalty 400 on the 9 items with at least 12 positives, of {model.dataset.n_items}"
    assert some[1] == "EASE reads at most 300 positives of each user, drawn by the seed"


def test_training_stores_the_paired_difference_to_each_baseline(ref):
    workspace = cached_workspace.model(ref, "")
    report = workspace.training
    for baseline in report.baselines.values():
        change, low, high = baseline.differences["ndcg@10"]
        assert change == pytest.approx(report.model["ndcg@10"] - baseline["ndcg@10"])
        assert low <= change <= high
    ours = evaluate(workspace.dense, workspace.split_dataset)
    theirs = evaluate(Popularity(), workspace.split_dataset, calibrated=False)
    paired = mean_interval(ours.ranking.ndcg - theirs.ranking.ndcg, seed=report.seed)
    assert report.baselines["popularity"].differences["ndcg@10"][1:] == pytest.approx(paired)


def test_an_overview_without_figures_has_sentences_and_no_dash(ref):
    workspace = cached_workspace.model(ref, "")
    measures = ("auc", "ndcg@10", "recall@10")
    nothing = ScorerQuality(dict.fromkeys(measures, math.nan), 0, 0, dict.fromkeys(measures, (math.nan, math.nan)))
    none = replace(nothing, differences={"ndcg@10": (math.nan,) * 3})
    training = replace(workspace.training, model=nothing, baselines={"popularity": none}, best_possible={})
    bare = replace(workspace, training=training)
    assert "there is no AUC" in quality.sentence(bare)
    assert numbers.UNKNOWN not in quality.sentence(bare)
    assert quality.verdicts(bare) == []
    assert charts.quality(training) is None
    no_ease = replace(workspace, training=replace(workspace.training, baselines={}))
    assert "NDCG@10" in quality.sentence(no_ease)


def test_profile_counts(ref):
    data = cached_workspace.dataset(ref)
    found = profile(data)
    pairs = data.interactions[["user_index", "item_index"]].drop_duplicates()
    assert found.density == pytest.approx(len(pairs) / (data.n_users * data.n_items))
    assert found.periods["n"].sum() == data.n_interactions
    by_item = data.interactions["item_index"].value_counts()
    assert found.head_share == pytest.approx(by_item.head(data.n_items // 5).sum() / data.n_interactions)
    assert found.tail["interactions"].is_monotonic_decreasing


@pytest.mark.parametrize("column", ["gender", "age", "region"])
def test_every_user_is_in_one_group(ref, column):
    data = cached_workspace.dataset(ref)
    assert group_sizes(data, column)["n"].sum() == data.users[column].notna().sum()


def test_small_groups_beyond_the_most_are_joined(ref):
    data = cached_workspace.dataset(ref)
    sizes = group_sizes(data, "interest", most=3)
    assert len(sizes) == 3
    assert sizes["group"].iloc[-1] == ""
    assert sizes["n"].sum() == data.n_users


def test_history_is_the_standing_one_with_times_newest_first(ref):
    workspace = cached_workspace.model(ref, "")
    taken = user_history(workspace.dataset, workspace.split_dataset.histories, 2)
    standing = workspace.split_dataset.histories.users(np.array([2]), "test")[0]
    assert taken["item_index"].tolist() == standing[standing >= 0].tolist()
    assert taken["time"].is_monotonic_decreasing
    assert (taken["time"] > 0).all()


def test_effect_is_the_score_less_the_score_without_the_item(ref):
    workspace = cached_workspace.model(ref, "")
    pair = user_pairs(workspace.split_dataset, 2, np.array([5]))
    effects = leave_one_out_effects(workspace.dense, pair)
    item = next(iter(effects))
    games = FactorisedGames(workspace.dense, pair, pair, history="each")
    every = np.ones((1, len(games.players)), dtype=bool)
    without = every.copy()
    without[0, games.players.index(Player("history", item_index=item))] = False
    whole, less = (games.values(m)[0, 0] for m in (every, without))
    assert effects[item] == pytest.approx(whole - less, abs=1e-5)


def test_waterfall_joins_small_reasons_and_loses_nothing():
    found = [Reason(f"r{i}", "", x) for i, x in enumerate([2.0, -1.0, 0.5, 0.01, -0.01, 0.02])]
    shown = reasons.joined(found)
    assert sum(r.contribution for r in shown) == pytest.approx(sum(r.contribution for r in found))
    assert sum(r.n_joined for r in shown) == len(found)
    assert [r.label for r in shown if r.n_joined == 1] == ["r0", "r2", "r1"]


def test_a_single_small_reason_is_not_called_others():
    found = [Reason("a", "", 1.0), Reason("b", "", 0.9), Reason("c", "", 0.001)]
    assert [r.n_joined for r in reasons.joined(found)] == [1, 1, 1]


def test_reasons_sum_to_the_score(ref):
    explanation = cached_explain.explanation(ref, 2, 5, DENSE)
    found = reasons.joined(reasons.reasons(cached_workspace.dataset(ref), explanation))
    assert explanation.base_value + sum(r.contribution for r in found) == pytest.approx(explanation.score, abs=1e-4)


def test_people_without_names_and_equal_titles():
    class Data:
        users = pd.DataFrame({"user_id": ["17", "18"], "age": [34.0, None], "occupation": ["student", None]})
        items = pd.DataFrame({"item_id": ["1", "2", "3"], "title": ["A", "A", "B"]})
        titles = ("A", "A", "B")

        class schema:
            user_name = None

    assert people.user_names(Data, "en") == {"17": "user 17, 34, student", "18": "user 18"}
    assert people.user_names(Data, "zh") == {"17": "用户 17，34，学生", "18": "用户 18"}
    Data.users = pd.DataFrame({"user_id": ["1003134", "7"], "age": ["25-34", "25-34"], "name": [None, "Eva"]})
    assert people.user_names(Data, "en")["1003134"] == "user 1003134, 25–34"
    Data.schema.user_name = "name"
    assert people.user_names(Data, "en") == {"1003134": "user 1003134, 25–34", "7": "Eva, 25–34 (user 7)"}
    assert people.item_titles(Data, "en") == {"1": "A (item 1)", "2": "A (item 2)", "3": "B"}


def test_files_say_what_they_came_from_and_hold_no_nan():
    origin = exports.about(workspace="shop", model="abc", variant="structured-500-int8", seed=3)
    csv = exports.as_csv(pd.DataFrame({"group": ["a", "b"], "auc": [0.5, None], "variant": ["x", "y"]}), origin)
    read = pd.read_csv(io.BytesIO(csv))
    assert read["group"].tolist() == ["a", "b"]
    assert read["variant"].tolist() == ["x", "y"], "the table's own column stands"
    assert set(read["workspace"]) == {"shop"}
    assert set(read["model"]) == {"abc"}
    assert set(read["seed"]) == {3}
    assert set(read["reclens_version"]) == {exports.version()}
    everything = {"a": np.float32("nan"), "b": [np.int64(2), float("inf")], "c": np.array([1.5, np.nan]), "d": None}
    text = exports.as_json(everything, origin)
    assert "NaN" not in text
    assert "Infinity" not in text
    assert json.loads(text) == {"about": origin, "a": None, "b": [2, None], "c": [1.5, None], "d": None}
    assert json.loads(exports.as_json([1, 2], origin)) == {"about": origin, "rows": [1, 2]}


def test_download_holds_every_contribution(ref):
    explanation = cached_explain.explanation(ref, 2, 5, DENSE)
    rows = tables.contributions(explanation)
    assert rows["contribution"].sum() + explanation.base_value == pytest.approx(explanation.score, abs=1e-4)


ONE_SHAP = """
import numpy as np
from numba.core import event
from dashboard import warm

compiled = []
class Listener(event.Listener):
    def on_start(self, e): compiled.append(e.data)
    def on_end(self, e): pass
event.register("numba:compile", Listener())
warm.load()
from recsys_core.explain.methods.shap import shap_attribution
class Sum:
    players, n_evaluations = tuple(range(4)), 0
    def mean_values(self, masks): return np.asarray(masks, dtype=float) @ np.array([1.0, 2.0, 3.0, 4.0])
print(shap_attribution(Sum()).contributions.round(6).tolist(), len(compiled))
"""


def test_after_the_warm_up_the_first_shap_explanation_compiles_nothing():
    found = subprocess.run(
        [sys.executable, "-c", ONE_SHAP], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert found.stdout.strip() == "[1.0, 2.0, 3.0, 4.0] 0", found.stderr


def test_a_scale_that_does_not_begin_near_one_is_said_with_both_ends():
    stars, signed = (Schema((), (), outcome="rating", low=low) for low in (0.5, -5.0))
    assert sentences.taken_of_ratings(stars, "implicit").endswith("or more, of 5")
    for task in ("implicit", "like"):
        assert "on a scale from −5 to 5" in sentences.taken_of_ratings(signed, task)
