"""The Monitor page on a log that was really written: what is served, stopped, damaged; candidates promoted and left."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import apsw
import pytest
from app_texts import tables_of, texts_of

from dashboard.presentation.texts import numbers
from recsys_core.feedback import FeedbackLog
from recsys_core.feedback.database import log_path
from recsys_core.models.model_store import ModelStore
from recsys_core.models.workspace import Workspace
from recsys_core.monitoring import Monitor
from recsys_core.results.learning import Decision, Gain, GroupGain, Reason
from recsys_core.results.serving import FeedbackEvent, ServedList
from recsys_core.results.traffic import RouteTraffic, Traffic
from recsys_core.versions import DecisionLog, Versions

USERS, ITEMS, ROUNDS, SPAN = 60, 40, 8, 4 * 3600
EDGES = (0.005, 0.01, 0.025, 0.05)


def whole(app) -> str:
    return "\n".join(texts_of(app))


def write_log(workspace: Path, end: float) -> None:
    """Eight lists each of all users over four hours before ``end``; on every other one its third item is taken."""
    with FeedbackLog.open(workspace) as log:
        for at in range(ROUNDS):
            events = []
            for user in range(1, USERS + 1):
                shown = served_list(at, user, end - SPAN + at * SPAN / ROUNDS + user)
                log.note_list(shown)
                name, outcome = shown.list_id, float((user + at) % 2)
                events.append(
                    FeedbackEvent(
                        event_id=name, user_id=str(user), item_id=shown.items[2], outcome=outcome, list_id=name
                    )
                )
            log.append(events).result()
        for second in range(0, 600, 5):
            log.note_traffic(traffic(end - 595 + second))
    with apsw.Connection(str(log_path(workspace))) as log_file:  # as if people had answered five seconds later
        log_file.execute("UPDATE events SET received = 5 + (SELECT served FROM lists WHERE list_id = event_id)")


def served_list(at: int, user: int, when: float) -> ServedList:
    return ServedList(
        list_id=f"l{at}-{user}",
        user_id=str(user),
        served=when,
        version=1,
        variant="dense",
        items=tuple(str(1 + (user + at + k) % ITEMS) for k in range(10)),
        scores=tuple(1.0 - 0.1 * k + 0.001 * user for k in range(10)),
        propensities=(1.0,) * 10,
        n_candidates=30,
    )


def traffic(when: float) -> Traffic:
    """Ten requests a second, 40 % up to 5 ms, 80 % up to 10 ms, 96 % up to 25 ms."""
    routes = {"/recommend": RouteTraffic(requests=50, errors=0, seconds=0.5, buckets=(20, 20, 8, 2, 0))}
    about = {"version": 1, "model": "first", "variant": "dense", "cpu_seconds": 0.4, "queue_depth": 0}
    return Traffic(time=when, span_seconds=5.0, edges=EDGES, routes=routes, **about)


def add_candidate(workspace: Path) -> str:
    """A second model, whose configuration says what it was taught."""
    store = ModelStore(workspace)
    first = store.folder("first")

    def write(target: Path, about: dict[str, str]) -> None:
        shutil.copytree(first, target, dirs_exist_ok=True)
        taught = {"parent": "first", "parent_version": 1, "rule": "second_layer", "after": 0, "upto": 480, "seed": 0}
        config = json.loads((first / "config.json").read_text()) | {"learned": taught | {"n_rows": 400}}
        (target / "config.json").write_text(json.dumps(config | about))

    return store.add("shop + 480", write)


def decision(candidate: str | None, state: str) -> Decision:
    gain = Gain(gain=0.002, low=0.001, high=0.003, n_users=50, n_rows=90)
    return Decision(
        id=0,
        candidate=candidate,
        parent="first",
        parent_version=1,
        at="2026-01-02T03:04:05+00:00",
        decision=state,
        by="guard",
        reason=Reason(key="versions.decision", values={"decision": 7}),
        rule=candidate and "second_layer",
        seed=0,
        after=0,
        upto=480,
        n_rows=400,
        n_users=60,
        n_capped=3,
        rolling=gain,
        anchor=gain,
        groups=(GroupGain(holdout="rolling", column="user.region", group="north", gain=gain),),
        overlap=0.97,
        drift=0.01,
        look=1,
        alpha=0.0125,
        seconds=1.0,
    )


@pytest.fixture(scope="module")
def served(workspaces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a workspace that was served until now, with a refused and a held candidate."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(workspaces / "tiny", folder / "tiny")
    Versions(folder / "tiny").current()
    write_log(folder / "tiny", time.time())
    log = DecisionLog(folder / "tiny")
    log.append(decision(None, "refused"))
    log.append(decision(add_candidate(folder / "tiny"), "held"))
    return folder


@pytest.fixture
def own(served: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(served, tmp_path / "own"))


def test_nothing_served_says_how_to_begin(open_app, workspaces):
    app = open_app("monitor")
    assert not app.exception
    assert "Nothing is served from this workspace yet." in whole(app)
    commands = [code.value for code in app.code]
    assert [c.split(" --")[0] for c in commands] == ["python -m recsys_core serve", "python -m recsys_core learn"]
    assert all(str(workspaces / "tiny") in c for c in commands)
    assert not (workspaces / "tiny" / "serving").exists(), "looking writes nothing"


def cards(app) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


def test_it_says_what_the_log_says(open_app, served):
    """Every other list has its third item taken: a hit rate of .5 and an NDCG of .25; latencies by hand, too."""
    app = open_app("monitor", served, by="gender", window="all", least="5")
    assert not app.exception
    found = Monitor(Workspace.open(served / "tiny")).report(by="user.gender", window="all", least=5)
    rows = tables_of(app)["served_groups"].set_index("Group")
    assert rows.loc["All users", "lists with a hit"].startswith("0.500 (")
    assert rows.loc["All users", "NDCG@10"].startswith("0.250 (")
    assert rows["Lists"].tolist() == [numbers.count(group.n_lists) for group in found.quality]
    assert rows.loc["All users", "Lists"] == "480"
    assert sum(int(n) for n in rows["Users"].tolist()[1:]) == USERS
    shown = cards(app)
    assert shown["Served version"][0] == "1"
    assert shown["Requests/s"] == ("10", "last minute, no error")
    assert shown["p95"] == ("24 ms", "half within 6.2 ms")
    assert shown["Feedback"][0] == "480"
    assert "Version 1, 10 requests a second, p95 24 ms." in whole(app)
    assert "480 events in the window, 240 of them positive" in whole(app)
    assert {chart.proto.alt for chart in app.get("vega_lite_chart")} >= {
        "Requests a second over time, those that failed marked"
    }


def test_a_server_that_stopped_was_last_seen_then_and_a_broken_log_is_named(open_app, own):
    with apsw.Connection(str(log_path(own / "tiny"))) as log_file:
        log_file.execute("DELETE FROM traffic WHERE number > 1")
    app = open_app("monitor", own)
    assert "Nothing is served now: the server was last seen 10 minutes ago, with version 1." in whole(app)
    assert cards(app)["Requests/s"][0] == numbers.UNKNOWN
    log_path(own / "tiny").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    app = open_app("monitor", own)
    assert not app.exception
    assert "is damaged" in app.error[0].value
    assert "candidates_table" in tables_of(app)
    with apsw.Connection(str(own / "other.sqlite")) as other:
        other.execute("CREATE TABLE mine (a)")
    for left in (own / "tiny" / "serving").glob("feedback.sqlite*"):
        left.unlink()
    (own / "other.sqlite").replace(log_path(own / "tiny"))
    app = open_app("monitor", own, lang="zh")
    assert not app.exception
    assert "不是 RecLens" in app.error[0].value


def test_a_held_candidate_is_promoted_and_the_way_back_found(open_app, own):
    versions = Versions(own / "tiny")
    app = open_app("monitor", own)
    assert not app.exception
    assert "1 candidate waits for your decision." in whole(app)
    rows = tables_of(app)["candidates_table"]
    assert rows["Decision"].tolist() == ["held by the guard", "refused by the guard"]
    assert rows["Gain, anchor"].tolist() == ["+0.0020 (+0.0010 to +0.0030)"] * 2
    app.session_state["promote"] = True
    app.run()
    app.button(key="promote_confirm").click().run()
    assert not app.exception
    assert versions.current().version == 2
    assert "Candidate 2 is version 2 now" in app.success[0].value
    assert DecisionLog(own / "tiny").get(2).by == "person"
    assert app.selectbox(key="pick_model").value == versions.current().model
    app.session_state["roll_back"] = True
    app.run()
    assert "will not be learned from again" in whole(app)
    app.button(key="roll_back_confirm").click().run()
    assert versions.current().version == 1
    assert versions.refused == ((0, 480),)
    assert "Version 1 is current again instead of version 2." in app.success[0].value
