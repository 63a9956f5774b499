"""Live histories: the whole log counts, what was acknowledged counts at once, and a restart tells the same."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_data import KINDS, Plain, as_frame, logged_dataset, some_events, split_of

from recsys_core.errors import RecLensError, SettingError
from recsys_core.live.histories import LiveHistories
from recsys_core.live.person import Person
from recsys_core.results.serving import FeedbackEvent

EACH = pytest.mark.parametrize(("task", "outcome"), KINDS)


def items_of(histories: LiveHistories, rows: np.ndarray) -> list[str]:
    return histories.dataset.items["item_id"].iloc[rows].tolist()


def assert_same(histories: LiveHistories, plain: Plain) -> None:
    for user_id in {*plain.rows, *histories.dataset.users["user_id"], "nobody"}:
        person = histories.person(user_id)
        assert items_of(histories, person.positives) == plain.positives(user_id)
        assert set(items_of(histories, person.met)) == plain.met(user_id)
        assert person.is_known == (user_id in histories.dataset.user_ids)
    takers = [sum(item in plain.positives(user) for user in plain.rows) for item in histories.dataset.items["item_id"]]
    assert histories.n_takers.tolist() == takers


@EACH
@pytest.mark.parametrize("kind", ["time", "random", "cutoff"])
def test_every_row_counts_whatever_its_part(task, outcome, kind):
    split_dataset = split_of(logged_dataset(outcome), task, kind)
    assert len(split_dataset.split.test)
    assert_same(LiveHistories.build(split_dataset), Plain.of(split_dataset))


@EACH
@settings(max_examples=6)
@given(seed=st.integers(0, 1000), sizes=st.lists(st.integers(0, 30), max_size=4), kept=st.integers(0, 3))
def test_feedback_counts_at_once_and_a_restart_tells_the_same(task, outcome, seed, sizes, kept):
    split_dataset = split_of(logged_dataset(outcome), task)
    plain = Plain.of(split_dataset)
    batches = [some_events(split_dataset.dataset, n, seed=seed + i) for i, n in enumerate(sizes)]
    live = LiveHistories.build(split_dataset, [as_frame(batch) for batch in batches[:kept]])
    for batch in batches[:kept]:
        plain.add(batch)
    for batch in batches[kept:]:
        live.add(batch)
        plain.add(batch)
    assert_same(live, plain)
    again = LiveHistories.build(split_dataset, as_frame([event for batch in batches for event in batch]))
    assert_same(again, plain)


def test_the_newest_comes_first_and_what_is_taken_again_moves_up():
    split_dataset = split_of(logged_dataset("click"), "like")
    live, user = LiveHistories.build(split_dataset), split_dataset.dataset.users["user_id"].iloc[5]
    before = live.person(user)
    oldest = items_of(live, before.positives)[-1]
    live.add([FeedbackEvent(event_id="1", user_id=user, item_id=oldest, outcome=1.0, time=-5.0)])
    after = items_of(live, live.person(user).positives)
    assert after == [oldest, *items_of(live, before.positives)[:-1]]
    assert items_of(live, before.positives)[-1] == oldest  # who was asked for before is not changed


def test_what_was_met_and_not_taken_is_in_no_history():
    split_dataset = split_of(logged_dataset("click"), "like")
    live, dataset = LiveHistories.build(split_dataset), split_dataset.dataset
    live.add([FeedbackEvent(event_id="1", user_id="new one", item_id="🛒", outcome=0.0)])
    person = live.person("new one")
    assert person.met.tolist() == [dataset.item_index("🛒")]
    assert not len(person.positives)
    assert person.is_blank
    assert not person.is_known


def test_events_of_unknown_items_are_passed_over_and_counted():
    split_dataset = split_of(logged_dataset("taken"), "implicit")
    odd = [
        FeedbackEvent(event_id=str(i), user_id="x", item_id=item, outcome=1.0) for i, item in enumerate(("gone", "7"))
    ]
    at_start, later = LiveHistories.build(split_dataset, as_frame(odd)), LiveHistories.build(split_dataset)
    later.add(odd)
    for live in (at_start, later):
        assert live.n_passed_over == 1
        assert items_of(live, live.person("x").positives) == ["7"]


def test_an_empty_log_is_no_log():
    split_dataset = split_of(logged_dataset("taken"), "implicit")
    empty = pd.DataFrame({"user_id": [], "item_id": [], "outcome": []}).astype({"outcome": float})
    assert_same(LiveHistories.build(split_dataset, empty), Plain.of(split_dataset))


@pytest.mark.parametrize("at_start", [True, False])
def test_the_latest_strangers_are_remembered(at_start):
    split_dataset = split_of(logged_dataset("taken"), "implicit")
    told = [*range(6), 0]  # the first one speaks again at the end
    events = [FeedbackEvent(event_id=str(k), user_id=f"s{n}", item_id="7", outcome=1.0) for k, n in enumerate(told)]
    live = LiveHistories.build(split_dataset, as_frame(events) if at_start else (), most_strangers=3)
    if not at_start:
        live.add(events)
    known = [n for n in range(6) if len(live.person(f"s{n}").positives)]
    assert known == [0, 4, 5]
    everybody = set(split_dataset.dataset.users["user_id"])
    assert everybody
    assert all(live.person(user).is_known for user in everybody)


def test_a_reader_sees_all_of_an_update_or_nothing():
    """Every batch takes two items of a person at once: nobody ever sees one without the other."""
    split_dataset = split_of(logged_dataset("taken"), "implicit")
    live, items = LiveHistories.build(split_dataset), split_dataset.dataset.items["item_id"].tolist()
    halves, stop = [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            taken = items_of(live, live.person("one").positives)
            halves.extend(pair for pair in zip(items[::2], items[1::2], strict=True) if len({*pair} & {*taken}) == 1)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for first in range(0, len(items) - 1, 2):
        both = items[first : first + 2]
        live.add([FeedbackEvent(event_id=f"e{i}", user_id="one", item_id=i, outcome=1.0) for i in both])
    stop.set()
    for reader in readers:
        reader.join()
    assert not halves
    assert len(live.person("one").positives) == len(items)


class TestNewPeople:
    live = LiveHistories.build(split_of(logged_dataset("taken"), "implicit"))

    def test_what_is_said_is_read_as_the_table_would(self):
        person = self.live.new_person({"age": 30, "city": " Ulm ", "income": None}, ["7", "007", "7"])
        assert person.attributes == {"age": 30.0, "city": "Ulm"}
        assert items_of(self.live, person.positives) == ["7", "007"] == items_of(self.live, person.met)
        assert not person.is_known
        assert person.user_id is None

    @pytest.mark.parametrize(
        ("attributes", "key"),
        [
            ({"height": 3}, "live.column"),
            ({"price": 3}, "live.column"),  # a column of items
            ({"age": "30"}, "live.kind"),
            ({"age": True}, "live.kind"),
            ({"age": float("inf")}, "live.kind"),
            ({"age": 10**400}, "live.kind"),
            ({"city": 1.5}, "live.kind"),
            ({"city": ["Ulm"]}, "live.kind"),
            ({"city": {}}, "live.kind"),
        ],
    )
    def test_what_does_not_fit_is_refused_by_name(self, attributes, key):
        with pytest.raises(SettingError) as refused:
            self.live.new_person(attributes)
        assert refused.value.key == key
        assert next(iter(attributes)) in str(refused.value)

    def test_an_unknown_item_is_named(self):
        with pytest.raises(RecLensError, match="No item no-such"):
            self.live.new_person({}, ["7", "no-such"])

    def test_a_known_person_has_the_attributes_of_the_data(self):
        with pytest.raises(SettingError, match="новый"):
            self.live.new_person({"age": 30}, user_id="новый")

    def test_feedback_under_the_same_id_counts_with_what_is_sent(self):
        live = LiveHistories.build(self.live.split_dataset)
        live.add([FeedbackEvent(event_id="1", user_id="guest", item_id="🛒", outcome=1.0)])
        person = live.new_person({"age": 30}, ["7", "🛒"], user_id="guest")
        assert items_of(live, person.positives) == ["🛒", "7"]
        assert set(items_of(live, person.met)) == {"🛒", "7"}

    def test_only_nothing_is_blank(self):
        assert Person("x", None).is_blank
        assert self.live.new_person({"age": None}).is_blank
        assert not self.live.new_person({"age": 3}).is_blank
        assert not self.live.new_person(None, ["7"]).is_blank
        assert not self.live.person("новый").is_blank
