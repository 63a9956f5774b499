"""Versions while they are served: swapped in one step, back in one step, and never where something is wrong."""

from __future__ import annotations

import json
import shutil
from collections import Counter

import pytest
from service_client import InProcess, add_changed_model, until

from recsys_core.errors import WorkspaceError
from recsys_core.models import artifact
from recsys_core.models.model_store import ABOUT, ModelStore
from recsys_core.serving import running
from recsys_core.serving.app import make_app
from recsys_core.serving.running import open_service
from recsys_core.variant import ModelVariant
from recsys_core.versions import Versions


@pytest.fixture(scope="module")
def two_models(tiny_workspace, tmp_path_factory):
    """A workspace with a second model whose scores are twice the first one's."""
    path = shutil.copytree(tiny_workspace, tmp_path_factory.mktemp("versions") / "w")
    add_changed_model(path, "twice", factor=2.0)
    return path


@pytest.fixture
def workspace(two_models, tmp_path):
    return shutil.copytree(two_models, tmp_path / "w")


@pytest.fixture
def served(workspace):
    with open_service(workspace, ModelVariant()) as service:
        client = InProcess(make_app(service))
        yield workspace, service, client
        client.close()


def ready(client):
    return client.ask("/readyz").json()


LIST = ("/recommend", {"user_id": "3", "k": 8})
SCORES = ("/score", {"user_id": "3", "item_ids": ["1", "2", "3"]})


def test_no_answer_mixes_two_versions_and_none_fails(served):
    workspace, service, client = served
    versions = Versions(workspace)
    expected = {1: client.ask(*SCORES).json()["scores"]}
    versions.promote("twice")
    until(lambda: service.watcher.n_swaps == 1)
    expected[2] = client.ask(*SCORES).json()["scores"]
    assert expected[2] == pytest.approx([2 * x for x in expected[1]], abs=1e-4)
    seen = Counter()
    for swap in range(6):  # what was kept is back at once, while others ask
        before = service.watcher.n_swaps
        versions.promote("first" if swap % 2 == 0 else "twice")
        while service.watcher.n_swaps == before:
            for answer in client.at_once(*[SCORES, LIST] * 8):
                found = answer.json()
                assert answer.status_code == 200
                seen[found["version"]] += 1
                if "scores" in found:
                    assert found["scores"] == expected[found["version"]]
                else:
                    ids = [item["item_id"] for item in found["items"]]
                    again = service.watcher.models.open(versions.list()[found["version"] - 1])
                    scores = again.score(service.histories.person("3"), ids).scores
                    assert [item["score"] for item in found["items"]] == pytest.approx(scores, abs=1e-5)
    assert set(seen) == {1, 2}


def test_the_way_back_is_the_version_that_was_kept(served):
    workspace, service, client = served
    first = service.watcher.engine
    versions = Versions(workspace)
    versions.promote("twice")
    until(lambda: client.ask("/version").json()["version"] == 2)
    versions.roll_back()
    until(lambda: client.ask("/version").json()["version"] == 1)
    assert service.watcher.engine is first
    assert 'version_info{fingerprint="' in client.ask("/metrics").text


def test_a_damaged_version_leaves_the_old_one_and_says_why(served):
    workspace, _, client = served
    weights = workspace / "models" / "twice" / artifact.WEIGHTS
    sound = weights.read_bytes()
    weights.write_bytes(sound[:-1])
    Versions(workspace).promote("twice")
    until(lambda: ready(client)["problem"])
    assert client.ask(*LIST).json()["version"] == 1
    found = ready(client)
    assert (found["ready"], found["version"], found["problem"]["error"]) == (True, 1, "workspace.damaged")
    assert artifact.WEIGHTS in found["problem"]["message"]
    assert "reclens_version_load_failures_total 1.0" in client.ask("/metrics").text
    weights.write_bytes(sound)
    ModelStore(workspace).make_current("twice")
    until(lambda: ready(client)["version"] == 2)
    assert ready(client)["problem"] is None


def test_scores_that_are_no_numbers_are_not_served(served):
    workspace, _, client = served
    add_changed_model(workspace, "broken", factor=float("nan"))
    Versions(workspace).promote("broken")
    until(lambda: ready(client)["problem"])
    assert ready(client)["problem"]["error"] in ("serve.answers", "serve.load")
    assert ready(client)["version"] == 1


def test_other_data_in_the_workspace_leave_the_old_version(served, grouped_workspace):
    workspace, _, client = served
    before = client.ask(*SCORES).json()
    for name in ("dataset", "models", ABOUT):
        (workspace / name).rename(workspace.with_name(f"old-{name}"))
        copy = shutil.copy if name == ABOUT else shutil.copytree
        copy(grouped_workspace / name, workspace / name)
    until(lambda: (ready(client)["problem"] or {}).get("error") == "serve.other_data")
    assert client.ask(*SCORES).json() == before
    assert client.ask("/feedback", {"events": [{"event_id": "a", "user_id": "3", "item_id": "1", "outcome": 1}]}).json()


def test_a_model_trained_again_under_its_id_is_a_new_version(served):
    workspace, service, client = served
    add_changed_model(workspace, "again", factor=0.5)
    (workspace / "models" / "first").rename(workspace / "models" / ".old")
    (workspace / "models" / "again").rename(workspace / "models" / "first")
    until(lambda: service.watcher.n_swaps == 1)
    found = client.ask("/version").json()
    assert (found["version"], found["model"]) == (2, "first")
    with pytest.raises(Exception, match="trained again"):
        Versions(workspace).roll_back()


def test_a_named_model_is_served_whatever_is_current(workspace):
    with open_service(workspace, ModelVariant("twice")) as service:
        client = InProcess(make_app(service))
        Versions(workspace).promote("twice")
        Versions(workspace).promote("first")
        service.watcher.look()
        assert client.ask("/version").json()["model"] == "twice"
        client.close()


def test_a_variant_is_built_before_it_is_served(workspace):
    with open_service(workspace, ModelVariant.compressed(sparsity=0.5)) as service:
        client = InProcess(make_app(service))
        Versions(workspace).promote("twice")
        until(lambda: service.watcher.n_swaps == 1)
        assert client.ask(*LIST).json()["variant"] == "sparsity-50"
        client.close()


def test_a_second_service_on_the_workspace_is_refused(served):
    workspace, _, _ = served
    with pytest.raises(WorkspaceError, match="written by another process"), open_service(workspace, ModelVariant()):
        pass


def test_lists_and_traffic_are_in_the_log(served):
    from recsys_core.feedback import FeedbackReader

    workspace, service, client = served
    listed = client.ask(*LIST).json()
    first = listed["items"][0]
    event = {"event_id": "a", "user_id": "3", "item_id": first["item_id"], "outcome": 1, "list_id": listed["list_id"]}
    assert client.ask("/feedback", {"events": [event]}).json() == {"accepted": 1, "duplicates": 0}
    assert first["item_id"] not in [item["item_id"] for item in client.ask(*LIST).json()["items"]]
    service.note_traffic()
    reader = FeedbackReader(workspace)
    until(lambda: len(reader.traffic()) > 0)
    (row,) = reader.events().to_dict("records")
    assert (row["position"], row["score"], row["version"]) == (1, pytest.approx(first["score"]), 1)
    assert reader.traffic()[-1].routes["/recommend"].requests == 2
    assert json.loads(client.ask("/openapi.json").text)["info"]["title"] == "RecLens"


def test_feedback_is_counted_by_what_became_of_it(served):
    _, _, client = served
    event = {"event_id": "a", "user_id": "3", "item_id": "1", "outcome": 1}
    sent = [event, event | {"event_id": "b", "outcome": 0}, event]  # the third is the first again
    assert client.ask("/feedback", {"events": sent}).json() == {"accepted": 2, "duplicates": 1}
    assert client.ask("/feedback", {"events": [event | {"event_id": "b", "outcome": 0}]}).json()["duplicates"] == 1
    assert client.ask("/feedback", {"events": [event | {"event_id": "c", "item_id": "?"}]}).status_code == 422
    found = client.ask("/metrics").text
    for outcome, result, n in (
        *(("positive", "new", 1), ("negative", "new", 1), ("positive", "duplicate", 1)),
        *(("negative", "duplicate", 1), ("positive", "refused", 1), ("negative", "refused", 0)),
    ):
        assert f'reclens_feedback_total{{outcome="{outcome}",result="{result}"}} {n:.1f}' in found


def test_people_are_served_where_the_log_takes_no_more(served):
    _, service, client = served
    service.log.queue_limit = 0
    found = client.ask(*LIST).json()
    assert (found["list_id"], len(found["items"]), len(found["notes"])) == (None, 8, 1)
    answer = client.ask("/feedback", {"events": [{"event_id": "a", "user_id": "3", "item_id": "1", "outcome": 1}]})
    assert (answer.status_code, answer.json()["error"], answer.headers["retry-after"]) == (503, "feedback.busy", "1")
    assert 'reclens_feedback_failures_total{reason="busy"} 2.0' in client.ask("/metrics").text


def test_a_spoilt_file_of_versions_is_a_problem_until_it_is_mended(served):
    workspace, _, client = served
    file = workspace / "serving" / "versions.json"
    sound = file.read_text()
    for spoilt in (sound.replace('"trail": [', '"trail": null, "x": ['), "[]", sound[:-20], "null"):
        file.write_text(spoilt)
        ModelStore(workspace).make_current("twice")
        until(lambda: ready(client)["problem"])
        assert client.ask(*LIST).json()["version"] == 1
        file.write_text(sound)
        ModelStore(workspace).make_current("first")
        until(lambda: not ready(client)["problem"])
    Versions(workspace).promote("twice")
    until(lambda: ready(client)["version"] == 2)


def test_what_was_taken_is_known_after_a_restart(workspace, monkeypatch):
    monkeypatch.setattr(running, "EVENTS_AT_ONCE", 2)
    items = [str(n) for n in range(1, 8)]
    events = [
        {"event_id": f"{who}-{item}", "user_id": who, "item_id": item, "outcome": 1}
        for item in items
        for who in ("3", "a stranger")
    ]
    lists = []
    for sent in (events, []):
        with open_service(workspace, ModelVariant()) as service:
            client = InProcess(make_app(service))
            if sent:
                assert client.ask("/feedback", {"events": sent}).json()["accepted"] == len(events)
            asked = [client.ask("/recommend", {"user_id": who, "k": 40}).json() for who in ("3", "a stranger")]
            lists.append([found["items"] for found in asked])
            client.close()
    assert lists[0] == lists[1]
    assert all(not set(items) & {item["item_id"] for item in listed} for listed in lists[1])
