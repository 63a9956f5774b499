"""The engine: the command line's own lists and scores where the history is the same, and right ones where it is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from explain_model import random_scorer
from live_data import ODD_IDS, some_events, split_of, untrained_model

from recsys_core.compress.variants import VariantCache
from recsys_core.data.dataset import Dataset
from recsys_core.data.features import make_features
from recsys_core.data.known import KnownItems
from recsys_core.data.schema import Column
from recsys_core.errors import RecLensError, SettingError
from recsys_core.explain.explain import explain
from recsys_core.live.engine import Engine
from recsys_core.live.histories import LiveHistories
from recsys_core.live.person import Person
from recsys_core.metrics import probability
from recsys_core.models.edited_rows import with_encoded_rows
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.text_vectors import TextVectors
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import Workspace
from recsys_core.recommend import recommend, user_pairs
from recsys_core.rerank import Candidates
from recsys_core.rerankers import make_reranker
from recsys_core.results.serving import FeedbackEvent, LiveList, ServedVersion
from recsys_core.variant import DENSE, ModelVariant, Reranking

SERVED = ServedVersion(version=3, model="first", fingerprint="abc", since="2026-01-01")
CASES = [("like", "click", True), ("like", "rating", False), ("implicit", "taken", False), ("implicit", "rating", True),
         ("rating", "rating", False)]  # fmt: skip
EACH = pytest.mark.parametrize("model", CASES, indirect=True, ids=lambda case: "-".join(map(str, case)))
BY_SHARES = Reranking("calibrated", strength=0.7, by="item.genres")
RERANKED = [BY_SHARES, Reranking("exposure", strength=0.5, by="item.brand"),
            Reranking("fair,calibrated", strength=1.0, by="item.brand,item.genres")]  # fmt: skip


@pytest.fixture
def model(request) -> TrainedModel:
    task, outcome, with_term = request.param
    return untrained_model(task, outcome, with_term=with_term)


def engine_of(model: TrainedModel, reranking: Reranking = DENSE.reranking) -> Engine:
    reranker = make_reranker(reranking, model.split_dataset, model.dense)
    return Engine(SERVED, model, model.dense, reranker, replace(DENSE, reranking=reranking))


def before_the_test(split_dataset: SplitDataset) -> LiveHistories:
    """Live histories of a dataset that ends where the test part begins: what the command line knows of everybody."""
    histories, order = split_dataset.histories, split_dataset.split.order
    is_unlabelled = (histories.part < 0) & (order < histories.held_from[2][histories.user])
    kept = np.flatnonzero(((histories.part >= 0) & (histories.part < 2)) | is_unlabelled)
    log = split_dataset.dataset.interactions.iloc[kept].reset_index(drop=True)
    before = split_of(replace(split_dataset.dataset, interactions=log), split_dataset.task)
    rank = np.argsort(np.argsort(order[kept]))  # equal times were put in order by the draw of the whole log
    return LiveHistories.build(replace(before, histories=replace(before.histories, order=rank)))


def listed(found: LiveList) -> list[tuple[str, float | None]]:
    return [(item.item_id, item.score) for item in found.items]


def by_hand(engine: Engine, person: Person, k: int, exclude: tuple[str, ...] = ()) -> list[tuple[str, float]]:
    """Every item scored as a pair of its own, sorted in plain Python."""
    dataset = engine.dataset
    out = {*person.met.tolist(), *(dataset.item_index(item) for item in exclude)}
    history = person.history(engine.split_dataset.histories.length)
    known = KnownItems.of([person.positives], dataset.n_items)
    scores = {
        item: float(engine.scorer.score_pairs(np.array([person.user_index]), np.array([item]), history[None], known)[0])
        for item in range(dataset.n_items)
        if item not in out
    }
    tie = engine.split_dataset.tie_order
    best = sorted(scores, key=lambda item: (-scores[item], tie[item]))[:k]
    return [(dataset.items["item_id"].iloc[item], scores[item]) for item in best]


def assert_as_the_command_line(model: TrainedModel, reranking: Reranking, users: range) -> None:
    engine, live = engine_of(model, reranking), before_the_test(model.split_dataset)
    for user in users:
        user_id = model.dataset.users["user_id"].iloc[user]
        expected = recommend(model.dense, model.split_dataset, user, k=7, reranker=engine.reranker)
        found = engine.recommend(live.person(user_id), takers=live.n_takers, k=7)
        assert listed(found) == [(item.item_id, item.score) for item in expected.items]
        assert found.n_candidates == expected.n_candidates
        assert [item.title for item in found.items] == [item.title for item in expected.items]


@EACH
def test_the_same_history_gives_the_command_lines_list_bit_for_bit(model):
    assert_as_the_command_line(model, DENSE.reranking, range(25))


@pytest.mark.parametrize("reranking", RERANKED, ids=lambda r: r.key)
def test_the_same_history_gives_the_command_lines_reranked_list_bit_for_bit(reranking):
    assert_as_the_command_line(untrained_model("implicit", "rating", with_term=True), reranking, range(5))


@EACH
def test_lists_and_scores_are_of_all_rows_and_all_feedback(model):
    engine, live = engine_of(model), LiveHistories.build(model.split_dataset)
    live.add(some_events(model.dataset, 120))
    for user_id in model.dataset.users["user_id"].iloc[[0, 1, 2, 5, 9]]:
        person = live.person(user_id)
        found = engine.recommend(person, takers=live.n_takers, k=5, exclude=("i15",))
        expected = by_hand(engine, person, 5, exclude=("i15",))
        assert [item for item, _ in listed(found)] == [item for item, _ in expected]
        assert [score for _, score in listed(found)] == pytest.approx([score for _, score in expected], abs=1e-5)
        assert not {item.item_id for item in found.items} & set(ids(model.dataset, person.met))
    every = model.dataset.items["item_id"].tolist()
    scored = engine.score(live.person("7"), every)
    assert dict(zip(every, scored.scores, strict=True)) == pytest.approx(
        dict(by_hand(engine, replace(live.person("7"), met=np.zeros(0, dtype=int)), len(every))), abs=1e-5
    )


def ids(dataset: Dataset, rows: np.ndarray) -> list[str]:
    return dataset.items["item_id"].iloc[rows].tolist()


@EACH
def test_places_scores_and_probabilities_fit_together(model):
    engine, live = engine_of(model), LiveHistories.build(model.split_dataset)
    found = engine.recommend(live.person("007"), takers=live.n_takers, k=6)
    assert [item.rank for item in found.items] == list(range(1, len(found.items) + 1))
    assert {item.propensity for item in found.items} == {1.0}
    wanted = [None if model.task == "rating" else probability(item.score) for item in found.items]
    assert [item.probability for item in found.items] == wanted
    scored = engine.score(live.person("007"), [item.item_id for item in found.items])
    assert scored.scores == pytest.approx([item.score for item in found.items], abs=1e-6)
    assert (found.user, found.version, found.variant, found.notes) == ("known", SERVED, "dense", ())
    kept = found.served("list-1", "007", 12.5)
    assert (kept.items, kept.scores) == tuple(zip(*listed(found), strict=True))
    assert (kept.version, kept.n_candidates, kept.propensities) == (3, found.n_candidates, (1.0,) * len(found.items))


class TestSmallLists:
    model = untrained_model("implicit")
    live = LiveHistories.build(model.split_dataset)
    engine = engine_of(model)

    def test_whoever_met_everything_gets_nothing_and_is_told(self):
        found = self.engine.recommend(self.live.person(ODD_IDS[1]), takers=self.live.n_takers)
        assert (found.items, found.n_candidates) == ((), 0)
        assert [note.key for note in found.notes] == ["live.note.nothing_left"]

    @pytest.mark.parametrize("k", [21, 10**12])
    def test_a_list_longer_than_the_catalogue_holds_what_there_is(self, k):
        found = self.engine.recommend(self.live.person(ODD_IDS[0]), takers=self.live.n_takers, k=k)
        assert len(found.items) == found.n_candidates == self.model.dataset.n_items
        assert [note.key for note in found.notes] == ["live.note.fewer"]

    @pytest.mark.parametrize("k", [0, -1])
    def test_a_list_has_a_place_at_least(self, k):
        with pytest.raises(SettingError):
            self.engine.recommend(self.live.person("7"), takers=self.live.n_takers, k=k)

    def test_unknown_items_are_named(self):
        person, takers = self.live.person("7"), self.live.n_takers
        for ask in (
            lambda: self.engine.recommend(person, takers=takers, exclude=["no-such"]),
            lambda: self.engine.score(person, ["7", "no-such"]),
            lambda: self.engine.explain(person, "no-such"),
        ):
            with pytest.raises(RecLensError, match="No item no-such"):
                ask()

    def test_scores_of_nothing_are_none(self):
        assert self.engine.score(self.live.person("7"), []).scores == ()

    def test_who_has_no_row_is_known_by_attributes(self):
        person = self.live.person(ODD_IDS[0])
        found = self.engine.recommend(person, takers=self.live.n_takers, k=20)
        assert found.user == "known"
        assert [item for item, _ in listed(found)] == [item for item, _ in by_hand(self.engine, person, 20)]

    def test_nothing_known_is_served_by_how_many_people_took_an_item(self):
        live = LiveHistories.build(self.model.split_dataset)
        rare = int(np.argmin(live.n_takers))
        found = self.engine.recommend(live.person("nobody"), takers=live.n_takers, k=20)
        counts = [item.n_takers for item in found.items]
        assert counts == sorted(live.n_takers.tolist(), reverse=True)
        assert (found.user, found.variant) == ("unknown", "popularity")
        assert {item.score for item in found.items} == {item.probability for item in found.items} == {None}
        assert [note.key for note in found.notes] == ["live.note.popular"]
        item_id = self.model.dataset.items["item_id"].iloc[rare]
        crowd = [FeedbackEvent(event_id=str(n), user_id=f"p{n}", item_id=item_id, outcome=1.0) for n in range(99)]
        one = [replace(event, user_id="p1") for event in crowd]
        live.add(one)
        assert live.n_takers[rare] == min(counts) + 1  # one person, however often
        live.add(crowd)
        again = self.engine.recommend(live.person("nobody"), takers=live.n_takers, k=1)
        assert [item.item_id for item in again.items] == [item_id]

    def test_what_a_stranger_passed_over_is_not_listed(self):
        live = LiveHistories.build(self.model.split_dataset)
        first = self.engine.recommend(live.person("nobody"), takers=live.n_takers, k=1).items[0].item_id
        live.add([FeedbackEvent(event_id="1", user_id="nobody", item_id=first, outcome=0.0)])
        found = self.engine.recommend(live.person("nobody"), takers=live.n_takers, k=20)
        assert found.user == "unknown"
        assert first not in {item.item_id for item in found.items}


@EACH
def test_a_new_person_is_scored_as_a_row_of_the_table_would_be(model):
    engine, live, dataset = engine_of(model), LiveHistories.build(model.split_dataset), model.dataset
    said = {"age": 33.5, "city": "Kiel", "income": None}
    features = with_encoded_rows(
        model.features, "user", pd.DataFrame({"user_id": ["somebody"], "age": [33.5], "city": ["Kiel"]}), no_text
    )
    scorer, user = model.dense.with_features(features), dataset.n_users
    for history in ([], ["7"], [*ODD_IDS]):
        person = live.new_person(said, history)
        known = KnownItems.of([person.positives], dataset.n_items)
        expected = scorer.score_catalogue(np.array([user]), person.history(8)[None], known)[0]
        found = engine.score(person, dataset.items["item_id"].tolist())
        assert found.scores == pytest.approx(expected.tolist(), abs=1e-5)
        top = engine.recommend(person, takers=live.n_takers, k=20)
        assert {item.item_id for item in top.items} == {*dataset.items["item_id"]} - {*history}
        assert [s for _, s in listed(top)] == pytest.approx(
            sorted(np.delete(expected, person.met), reverse=True), abs=1e-5
        )
        assert top.user == "new"
    odd = engine.recommend(live.new_person({"city": "Atlantis"}, []), takers=live.n_takers, k=2)
    assert [note.values for note in odd.notes] == [(("column", "city"), ("value", "Atlantis"))]
    blank = engine.score(live.person("nobody"), ["7"])
    assert [note.key for note in blank.notes] == ["live.note.nothing_known"]


def test_a_text_that_a_new_person_says_is_read_by_the_models_encoder():
    plain, encode = untrained_model("implicit").dataset, TextVectors()
    said = [["a nurse", "plays chess", None][row % 3] for row in range(plain.n_users)]
    users = plain.users.assign(bio=said, likes=[["a|b", "a", None][row % 3] for row in range(plain.n_users)])
    columns = (*plain.schema.users, Column("bio", "text"), Column("likes", "set"))
    dataset = replace(plain, users=users, schema=replace(plain.schema, users=columns))
    texts = {"item.title": dataset.titles, "user.bio": [text or "" for text in said]}
    features = make_features(dataset, {key: encode(column) for key, column in texts.items()})
    config = {"task": "implicit", "name": "random", "encoder": {"name": encode.name}}
    about = ("first", Path("models/first"), "random", DENSE, split_of(dataset, "implicit"), features)
    model = TrainedModel(*about, random_scorer(features).ranker, None, config, None)
    engine, live = engine_of(model), LiveHistories.build(model.split_dataset)
    for bio, likes in (("a pilot who reads", ["a", "zz"]), (None, [])):
        row = pd.DataFrame({"user_id": ["somebody"], "bio": [bio], "likes": ["|".join(likes) or None]})
        scorer = model.dense.with_features(with_encoded_rows(features, "user", row, encode))
        person = live.new_person({"bio": bio, "likes": likes}, ["7"])
        expected = scorer.score_items(dataset.n_users, np.arange(20), person.history(8))
        assert engine.score(person, dataset.items["item_id"].tolist()).scores == pytest.approx(expected, abs=1e-5)
        told = engine.explain(person, "i,1").explanation
        assert told.completeness_gap == pytest.approx(0, abs=1e-4)
        assert {c.feature: c.value for c in told.contributions}["user.bio"] == bio


def no_text(texts: list[str]) -> np.ndarray:
    raise AssertionError("users have no texts")


@pytest.mark.parametrize("history", ["one", "each"])
@pytest.mark.parametrize("model", CASES[2:4], indirect=True, ids=["network", "term"])
def test_an_explanation_adds_up_to_the_served_score(model, history):
    engine, live = engine_of(model), LiveHistories.build(model.split_dataset)
    live.add(some_events(model.dataset, 100))
    people = [live.person(user) for user in ("7", ODD_IDS[0], "stranger", "nobody")]
    people.append(live.new_person({"age": 70, "city": "Ulm"}, ["7", "🛒"]))
    for person in people:
        score = engine.score(person, ["i,1"]).scores[0]
        found = engine.explain(person, "i,1", history=history)
        e = found.explanation
        assert e.score == pytest.approx(score, abs=1e-5)
        assert e.base_value + sum(c.contribution for c in e.contributions) == pytest.approx(score, abs=1e-4)
        assert e.background == 4
        json.dumps(e.to_json())
    about = {c.feature: c.value for c in engine.explain(people[-1], "i,1").explanation.contributions}
    assert (about["user.age"], about["user.city"], about["history"], about["user_id"]) == (70.0, "Ulm", 2, "new")


@pytest.mark.parametrize("method", ["shapley", "occlusion", "lime", "deeplift"])
def test_an_explanation_is_that_of_the_command_line(method):
    model = untrained_model("like", "click", with_term=True)
    engine, live = engine_of(model), before_the_test(model.split_dataset)
    for user in (3, 8):
        person, item = live.person(model.dataset.users["user_id"].iloc[user]), model.dataset.items["item_id"].iloc[user]
        pair = user_pairs(model.split_dataset, user, np.array([user]))
        how = {"method": method, "seed": 2}
        expected = explain(model.dense, model.dataset, pair, model.split_dataset.background(6, seed=2), **how)
        found = engine.explain(person, item, background=6, **how).explanation
        assert [c.feature for c in found.contributions] == [c.feature for c in expected.contributions]
        assert [c.contribution for c in found.contributions] == pytest.approx(
            [c.contribution for c in expected.contributions], abs=1e-5
        )
        assert [c.value for c in found.contributions] == [c.value for c in expected.contributions]


def test_an_explanation_that_cannot_be_is_refused():
    model = untrained_model("rating", "rating")
    engine, person = engine_of(model), LiveHistories.build(model.split_dataset).person("7")
    for how in ({"background": 0}, {"background": 10**9}, {"method": "no-such"}, {"history": "some"},
                {"units": "probability"}, {"method": "deeplift", "history": "each"}):  # fmt: skip
        with pytest.raises(SettingError):
            engine.explain(person, "7", **how)


@pytest.mark.parametrize("model", CASES[2:4], indirect=True, ids=["network", "term"])
def test_reasons_of_a_list_are_what_its_scores_lose(model):
    engine, live = engine_of(model), LiveHistories.build(model.split_dataset)
    for person in (live.person("007"), live.new_person({"age": 20}, ["7", "007"])):
        found = engine.recommend(person, takers=live.n_takers, k=2, with_reasons=True)
        for item in found.items:
            alone = engine.explain(person, item.item_id, method="occlusion").explanation
            strongest = sorted(alone.contributions, key=lambda c: -abs(c.contribution))[:3]
            assert [r.contribution for r in item.reasons] == pytest.approx(
                [c.contribution for c in strongest], abs=1e-4
            )
            told = {c.feature: c.value for c in alone.contributions}
            assert all(told[reason.feature] == reason.value for reason in item.reasons)


@pytest.mark.parametrize("model", CASES[2:4], indirect=True, ids=["network", "term"])
def test_calibrated_lists_follow_what_was_taken_since(model):
    """Proportions of the live history, not of what the split knows; for a new person, too."""
    engine, live = engine_of(model, BY_SHARES), LiveHistories.build(model.split_dataset)
    live.add(some_events(model.dataset, 200))
    people = [live.person("7"), live.person("stranger"), live.new_person({"age": 20}, ["7", "007", ""])]
    for person in people:
        scores = np.array(engine.score(person, model.dataset.items["item_id"].tolist()).scores, dtype=np.float32)
        taken = KnownItems.of([person.positives], model.dataset.n_items)
        out = np.isin(np.arange(len(scores)), person.met)
        asked = Candidates(np.array([0]), scores[None], out[None], model.split_dataset.tie_order, taken)
        found = engine.recommend(person, takers=live.n_takers, k=6)
        assert [item.item_id for item in found.items] == ids(model.dataset, engine.reranker.lists(asked, 6)[0])


@pytest.mark.parametrize(
    "variant",
    [
        ModelVariant.compressed(bits=8),
        ModelVariant.compressed(bits=4),
        replace(DENSE, reranking=Reranking("exposure", 0.8)),
    ],
    ids=lambda variant: variant.key,
)
def test_variants_of_a_workspace_serve_as_they_recommend(tiny_workspace: Path, variant: ModelVariant):
    workspace = Workspace.open(tiny_workspace)
    model, live = workspace.model(), before_the_test(workspace.split_dataset)
    scorer = VariantCache(model).scorer(variant.compression)
    reranker = make_reranker(variant.reranking, model.split_dataset, scorer)
    engine = Engine(SERVED, model, scorer, reranker, variant)
    for user in range(0, 60, 7):
        person = live.person(model.dataset.users["user_id"].iloc[user])
        expected = recommend(scorer, model.split_dataset, user, k=10, reranker=reranker)
        found = engine.recommend(person, takers=live.n_takers, k=10)
        assert listed(found) == [(item.item_id, item.score) for item in expected.items]
        assert found.variant == variant.key
    new = live.new_person({"age": 30, "region": "north"}, [model.dataset.items["item_id"].iloc[3]])
    top = engine.recommend(new, takers=live.n_takers, k=3, with_reasons=True)
    told = engine.explain(new, top.items[0].item_id).explanation
    assert told.base_value + sum(c.contribution for c in told.contributions) == pytest.approx(
        top.items[0].score, abs=1e-3
    )
    assert not variant.compression.is_dense or told.completeness_gap == pytest.approx(0, abs=1e-4)
