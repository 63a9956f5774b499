"""Feedback log: answered after the commit, kept once, in the order of arrival, and refused in words."""

from __future__ import annotations

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import apsw
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.errors import SettingError, WorkspaceError
from recsys_core.feedback import FeedbackLog, FeedbackReader, seal_days, sealed_days
from recsys_core.feedback.database import APPLICATION, FORMAT, LEAST_SQLITE, log_path
from recsys_core.feedback.sealing import sealed_path
from recsys_core.feedback.store import MOST_TRAFFIC
from recsys_core.results.serving import FeedbackEvent, ServedList
from recsys_core.results.traffic import RouteTraffic, Traffic

LIST = ServedList(
    list_id="l1", user_id="u", served=1000.0, version=3, variant="dense", items=("a", "b", "c"),
    scores=(2.0, 1.0, -1.0), propensities=(1.0, 0.5, 1.0), n_candidates=40,
)  # fmt: skip


def event(event_id: str, *, user_id: str = "u", item_id: str = "b", **more) -> FeedbackEvent:
    return FeedbackEvent(event_id=event_id, user_id=user_id, item_id=item_id, **{"outcome": 1, **more})


def traffic(at: float) -> Traffic:
    route = RouteTraffic(requests=3, errors=1, seconds=0.25, buckets=(2, 0, 1))
    return Traffic(
        time=at, span_seconds=5.0, version=3, model="first", variant="dense", cpu_seconds=0.5, queue_depth=0,
        edges=(0.1, 0.5), routes={"/recommend": route},
    )  # fmt: skip


@pytest.fixture
def log(tmp_path):
    with FeedbackLog.open(tmp_path) as found:
        yield found


def test_an_empty_log_and_none_at_all(tmp_path):
    for _ in range(2):
        reader = FeedbackReader(tmp_path)
        assert (len(reader.events()), len(reader.lists()), reader.traffic(), reader.last_seq) == (0, 0, (), 0)
        found = reader.summary()
        assert (found.n_events, found.n_users, found.first, found.versions) == (0, 0, None, ())
        assert reader.events().dtypes["position"] == "Int64"
        FeedbackLog.open(tmp_path).close()


def test_what_an_event_brings_from_its_list(log, tmp_path):
    log.note_list(LIST)
    kept = log.append(
        [event("1", list_id="l1"), event("2", item_id="z", list_id="l1"), event("3", user_id="v", time=5.5, outcome=0)],
        client="shop",
    ).result()
    assert (kept.accepted, kept.duplicates, kept.upto) == (3, 0, 3)
    rows = FeedbackReader(tmp_path).events()
    assert rows["seq"].tolist() == [1, 2, 3]
    assert rows.loc[0, ["position", "score", "version", "propensity"]].tolist() == [2, 1.0, 3, 0.5]
    assert rows["version"].tolist()[:2] == [3, 3]
    assert rows[["position", "score"]].isna().to_numpy().tolist() == [[False, False], [True, True], [True, True]]
    assert rows["time"].tolist()[2] == 5.5
    assert rows["list_id"].isna().tolist() == [False, False, True]
    assert set(rows["client"]) == {"shop"}
    assert (time.time() - rows["received"]).between(-1, 60).all()
    lists = FeedbackReader(tmp_path).lists()
    assert lists.loc[0, "items"] == LIST.items
    assert lists.loc[0, "propensities"] == LIST.propensities
    assert len(FeedbackReader(tmp_path).lists(since=1000.5)) == len(FeedbackReader(tmp_path).lists(upto=1000.0)) == 0


@pytest.mark.parametrize(
    ("key", "wrong"),
    [("feedback.list", event("9", list_id="nowhere")), ("feedback.list_user", event("9", user_id="v", list_id="l1"))],
)
def test_a_wrong_list_keeps_nothing_of_its_batch_and_harms_no_other(log, tmp_path, key, wrong):
    log.note_list(LIST)
    before, refused, after = log.append([event("1")]), log.append([event("2"), wrong]), log.append([event("3")])
    assert (before.result().accepted, after.result().accepted) == (1, 1)
    with pytest.raises(SettingError, match="event 9") as caught:
        refused.result()
    assert caught.value.key == key
    assert FeedbackReader(tmp_path).events()["event_id"].tolist() == ["1", "3"]


@pytest.mark.parametrize(
    "wrong",
    [
        event(""), event("x" * 501), event("1\0"), event("\udcff"), event("1", user_id=""), event("1", item_id=3),
        event("1", outcome=float("nan")), event("1", outcome="1"), event("1", time=float("inf")),
        event("1", list_id=""),
    ],
)  # fmt: skip
def test_what_no_log_can_hold_is_refused_at_once(log, wrong):
    with pytest.raises(SettingError) as caught:
        log.append([event("0"), wrong])
    assert caught.value.key == "feedback.event"
    assert log.append([event("é漢😀\n'%s")]).result().upto == 1


IDS = st.integers(0, 12).map(str)
BATCHES = st.lists(st.lists(st.tuples(IDS, IDS, st.booleans(), st.none() | st.floats(0, 9)), max_size=6), max_size=8)


@settings(max_examples=10, deadline=None)
@given(batches=BATCHES, reopened=st.sets(st.integers(0, 7)))
def test_each_id_counts_once_in_the_order_of_arrival(tmp_path_factory, batches, reopened):
    """Whatever the client's clock says, within a batch, over batches, and after a restart."""
    folder = tmp_path_factory.mktemp("log")
    expected: dict[str, FeedbackEvent] = {}
    log = FeedbackLog.open(folder)
    for number, batch in enumerate(batches):
        if number in reopened:
            log.close()
            log = FeedbackLog.open(folder)
        events = [event(key, item_id=item, outcome=int(sign), time=at) for key, item, sign, at in batch]
        new = []
        for one in events:
            if one.event_id not in expected:
                expected[one.event_id] = one
                new.append(one)
        kept = log.append(events).result()
        assert kept.new == tuple(new)
        assert (kept.accepted, kept.duplicates, kept.upto) == (len(new), len(events) - len(new), len(expected))
    log.close()
    rows = FeedbackReader(folder).events()
    assert rows["seq"].tolist() == list(range(1, len(expected) + 1))
    assert rows["event_id"].tolist() == list(expected)
    assert rows["item_id"].tolist() == [e.item_id for e in expected.values()]
    assert rows["outcome"].tolist() == [e.outcome for e in expected.values()]


def test_many_callers_at_once_lose_and_double_nothing(log, tmp_path):
    def send(worker: int) -> int:
        draw = random.Random(worker)
        own = [str(draw.randrange(600)) for _ in range(100)]
        return sum(log.append([event(key) for key in own[k : k + 5]]).result().accepted for k in range(0, 100, 5))

    with ThreadPoolExecutor(12) as pool:
        accepted = sum(pool.map(send, range(12)))
    rows = FeedbackReader(tmp_path).events()
    assert accepted == len(rows) == rows["event_id"].nunique() == len(set(rows["event_id"]))
    assert rows["seq"].is_monotonic_increasing


def test_too_much_waiting_is_refused_at_once(log):
    log.queue_limit = 5
    with pytest.raises(WorkspaceError) as caught:
        log.append([event(str(k)) for k in range(6)])
    assert caught.value.key == "feedback.busy"
    assert log.append([event("1")]).result().accepted == 1


@pytest.mark.parametrize("wrong", [{"user_id": "\ud800"}, {"n_candidates": 2**70}, {"scores": (b"2", b"1", b"0")}])
def test_a_list_that_no_table_takes_is_dropped_and_is_no_full_disk_for_the_others(tmp_path, wrong):
    with FeedbackLog.open(tmp_path) as log:
        noted = log.note_list(replace(LIST, **wrong))
        told = [log.append([event(str(n))]) for n in range(3)]
        with pytest.raises(WorkspaceError):
            noted.result(5)
        assert [one.result(5).accepted for one in told] == [1, 1, 1]
        assert log.queue_depth == 0
    assert len(FeedbackReader(tmp_path).events()) == 3


def test_a_fault_of_who_counts_commits_stops_nobody(tmp_path):
    def counting(seconds: float, n_rows: int) -> None:
        raise ValueError("no such metric")

    with FeedbackLog.open(tmp_path, on_commit=counting) as log:
        assert [log.append([event(str(n))]).result(5).accepted for n in range(2)] == [1, 1]


def test_closing_writes_what_waits_and_lets_the_next_one_in(tmp_path):
    log = FeedbackLog.open(tmp_path)
    with pytest.raises(WorkspaceError) as caught:
        FeedbackLog.open(tmp_path)
    assert caught.value.key == "feedback.locked"
    told = [log.append([event(str(k))]) for k in range(50)]
    log.close()
    assert all(t.result(0).accepted == 1 for t in told)
    with pytest.raises(WorkspaceError) as caught:
        log.append([event("x")])
    assert caught.value.key == "feedback.closed"
    with FeedbackLog.open(tmp_path) as again:
        assert again.append([event("1"), event("x")]).result().duplicates == 1


def test_traffic_keeps_the_newest_rows(log, tmp_path):
    log.note_traffic(traffic(10.0))
    log.note_traffic(traffic(20.0))
    log.append([]).result()
    assert FeedbackReader(tmp_path).traffic() == (traffic(10.0), traffic(20.0))
    assert FeedbackReader(tmp_path).traffic(since=15) == (traffic(20.0),)
    assert FeedbackReader(tmp_path).last_traffic == 2
    assert FeedbackReader(tmp_path).traffic(after=1, last=2) == (traffic(20.0),)
    assert FeedbackReader(tmp_path).traffic(after=2) == ()
    log._store.connection.execute("UPDATE traffic SET number = ? WHERE number = 2", (MOST_TRAFFIC + 1,))
    log.note_traffic(traffic(30.0))
    log.append([]).result()
    assert [row.time for row in FeedbackReader(tmp_path).traffic()] == [20.0, 30.0]


def test_the_file_says_whose_it_is_and_is_synced_before_each_answer(log):
    connection = log._store.connection
    pragmas = ("application_id", "user_version", "journal_mode", "synchronous")
    assert [connection.pragma(name) for name in pragmas] == [APPLICATION, FORMAT, "wal", 2]
    assert tuple(map(int, apsw.sqlite_lib_version().split("."))) >= LEAST_SQLITE


def test_the_summary_counts_by_version(log, tmp_path):
    log.note_list(LIST)
    log.append([event("1", list_id="l1"), event("2", user_id="v", outcome=0)], client="a").result()
    found = FeedbackReader(tmp_path).summary().to_json()
    said = {"n_events": 2, "n_users": 2, "n_items": 1, "n_clients": 1, "n_lists": 1, "n_events_on_lists": 1}
    assert said.items() <= found.items()
    assert found["mean_outcome"] == 0.5
    assert found["versions"] == [{"version": 3, "n_lists": 1, "n_events": 1}]
    assert datetime.fromisoformat(found["first"]) <= datetime.fromisoformat(found["last"])


def in_days(folder: Path, days: dict[str, list[str]]) -> None:
    """Move events to days, as if the clock had said so when they arrived."""
    connection = apsw.Connection(str(log_path(folder)))
    for day, ids in days.items():
        at = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC).timestamp()
        for key in ids:
            connection.execute("UPDATE events SET received = ? WHERE event_id = ?", (at, key))
    connection.close()


def test_days_are_sealed_once_and_again_where_something_came_late(tmp_path):
    with FeedbackLog.open(tmp_path) as log:
        log.append([event(key, outcome=int(key) % 2) for key in "123456"]).result()
    in_days(tmp_path, {"2026-03-01": ["1", "2"], "2026-03-02": ["3", "4"], "2026-03-03": ["5", "6"]})
    made = seal_days(tmp_path, today=date(2026, 3, 3))
    assert [(d.day, d.n_events, d.first_seq, d.last_seq, d.is_new) for d in made] == [
        ("2026-03-01", 2, 1, 2, True),
        ("2026-03-02", 2, 3, 4, True),
    ]
    path = sealed_path(tmp_path, "2026-03-01")
    pd.testing.assert_frame_equal(pd.read_parquet(path), FeedbackReader(tmp_path).events(upto=2))
    before = path.read_bytes()
    assert [d.is_new for d in seal_days(tmp_path, today=date(2026, 3, 3))] == [False, False]
    path.write_bytes(before[:-9])  # a damaged one is written again, the same bytes
    assert [d.is_new for d in seal_days(tmp_path, today=date(2026, 3, 3))] == [True, False]
    assert path.read_bytes() == before
    in_days(tmp_path, {"2026-03-01": ["6"]})  # the clock went back
    assert [(d.n_events, d.is_new) for d in seal_days(tmp_path, today=date(2026, 3, 3))] == [(3, True), (2, False)]
    assert len(FeedbackReader(tmp_path).events()) == 6, "sealing removes nothing"
    assert [d.day for d in sealed_days(tmp_path)] == ["2026-03-01", "2026-03-02"]
    assert {p.name for p in path.parent.iterdir()} == {"day=2026-03-01.parquet", "day=2026-03-02.parquet"}
    in_days(tmp_path, {"2026-03-02": ["6", "1"]})
    with pytest.raises(WorkspaceError) as caught:
        seal_days(tmp_path, today=date(2026, 3, 3))
    assert caught.value.key == "feedback.sealed_more"


def test_the_command_tells_and_seals(tiny_workspace, tmp_path, capsys):
    import shutil

    from recsys_core.__main__ import main

    workspace = shutil.copytree(tiny_workspace, tmp_path / "w")
    with FeedbackLog.open(workspace) as log:
        log.append([event("1"), event("2")]).result()
    in_days(workspace, {"2026-03-01": ["1", "2"]})
    for words, is_new in (([], None), (["--seal"], True), (["--seal"], False), ([], False)):
        assert main(["feedback", "--workspace", str(workspace), "--json", *words]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["n_events"], found["n_users"]) == (2, 1)
        assert found["first"] == found["last"] == "2026-03-01T12:00:00.000+00:00"
        assert [day["is_new"] for day in found["sealed"]] == ([] if is_new is None else [is_new])
    assert main(["feedback", "--workspace", str(tmp_path / "none")]) == 2
