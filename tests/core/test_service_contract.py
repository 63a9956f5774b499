"""The contract of the service: every answer is as ``/openapi.json`` says, whatever is sent, and no body makes a 500."""

from __future__ import annotations

import json
import shutil

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance
from service_client import InProcess

from recsys_core.serving import bodies
from recsys_core.serving.app import make_app
from recsys_core.serving.keys import Keys
from recsys_core.serving.request_limits import MOST_BYTES
from recsys_core.serving.running import open_service
from recsys_core.variant import ModelVariant

KEY = "a-key-of-the-tests-only"
load_all_checks()


@pytest.fixture(scope="module")
def service(tiny_workspace, tmp_path_factory):
    workspace = shutil.copytree(tiny_workspace, tmp_path_factory.mktemp("contract") / "w")
    with open_service(workspace, ModelVariant()) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(service):
    asking = InProcess(make_app(service))
    yield asking
    asking.close()


@pytest.fixture(scope="module")
def described(service):
    return schemathesis.openapi.from_asgi(
        "/openapi.json", make_app(service, keys=Keys([KEY])), headers={"X-API-Key": KEY}
    )


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("n_examples", [6, pytest.param(400, marks=pytest.mark.soak)])
def test_every_answer_is_as_described(described, mode, n_examples):
    """Bodies drawn from the schemas and against them: no 500, no status or field that is not described.

    What a schema cannot know is refused as well (columns, lists, the scale of an outcome): so a sound body may be.
    """
    for found in described.get_all_operations():
        operation = found.ok()
        if mode == GenerationMode.NEGATIVE and operation.method != "post":
            continue

        @settings(max_examples=n_examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy(generation_mode=mode))
        def is_answered(case):
            case.call_and_validate(headers={"X-API-Key": KEY}, excluded_checks=[positive_data_acceptance])

        is_answered()


SOUND = {
    "/recommend": {"user_id": "3", "k": 4, "reasons": True},
    "/score": {"user_id": "3", "item_ids": ["1", "2"]},
    "/explain": {"user_id": "3", "item_id": "1"},
    "/feedback": {"events": [{"event_id": "sound", "user_id": "3", "item_id": "1", "outcome": 1}]},
}
GIVES = {
    "/recommend": bodies.RecommendAnswer,
    "/score": bodies.ScoreAnswer,
    "/explain": bodies.ExplainAnswer,
    "/feedback": bodies.FeedbackAnswer,
    "/version": bodies.VersionAnswer,
    "/readyz": bodies.Ready,
    "/healthz": bodies.Alive,
}


@pytest.mark.parametrize("path", GIVES)
def test_answers_hold_what_their_schemas_say_and_no_more(client, path):
    answer = client.ask(path, SOUND.get(path))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    GIVES[path].model_validate(found)
    assert set(found) == set(GIVES[path].model_fields)
    for item in found.get("items", ()):
        assert set(item) | {"n_takers"} == set(bodies.ListedItem.model_fields)


def body(**said):
    return json.dumps(said).encode()


EVENT = {"event_id": "x", "user_id": "3", "item_id": "1", "outcome": 1}
FAULTS = [
    ("/recommend", b"", 400, "serve.json"),
    ("/recommend", b"[]", 422, "body must be an object"),
    ("/recommend", b"null", 422, "body must be an object"),
    ("/recommend", b'"17"', 422, "body must be an object"),
    ("/recommend", b"{}", 422, "user_id, attributes or history"),
    ("/recommend", b'{"user_id": "3", "user_id": "4"}', 400, "user_id twice"),
    ("/recommend", b'{"user_id": "3", "k": NaN}', 400, "NaN"),
    ("/recommend", b'{"user_id": "3", "k": -Infinity}', 400, "-Infinity"),
    ("/recommend", b'{"user_id": "\xff"}', 400, "no UTF-8 (byte 13)"),
    ("/recommend", b"[" * 100_000, 400, "nested"),
    ("/recommend", b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400, "nested"),
    ("/recommend", b'{"user_id": "3", "k": ' + b"9" * 5_000 + b"}", 400, "digits"),
    ("/recommend", b'{"user_id": "\\ud800"}', 422, "user_id holds half of a character"),
    ("/recommend", body(user_id=3), 422, "user_id must be a text"),
    ("/recommend", body(user_id=""), 422, "user_id must have 1 character at least"),
    ("/recommend", body(user_id="3" * 300), 422, "user_id must have 256 characters at most"),
    ("/recommend", body(user_id="3", k=-1), 422, "k must be 1 at least"),
    ("/recommend", body(user_id="3", k=1001), 422, "k must be 1000 at most"),
    ("/recommend", body(user_id="3", k="10"), 422, "k must be a whole number"),
    ("/recommend", body(user_id="3", k=True), 422, "k must be a whole number"),
    ("/recommend", body(user_id="3", reasons=1), 422, "reasons must be true or false"),
    ("/recommend", body(user_id="3", k=21, reasons=True), 422, "it may be 20 at most"),
    ("/recommend", body(user_id="3", exclude="1"), 422, "exclude must be a list"),
    ("/recommend", body(user_id="3", users=1), 422, "users is no field"),
    ("/recommend", body(history=["no-such"]), 404, "No item no-such"),
    ("/recommend", body(attributes={"height": 3}), 422, "height"),
    ("/recommend", body(attributes={"age": "old"}), 422, "age"),
    ("/recommend", b'{"attributes": {"age": 1e999}}', 422, "attributes.age"),
    ("/recommend", body(attributes=[]), 422, "attributes must be an object"),
    ("/score", body(user_id="3", item_ids=[]), 422, "item_ids must hold 1 entry at least"),
    ("/score", body(user_id="3", item_ids=["1", 2]), 422, "item_ids[1] must be a text"),
    ("/score", body(user_id="3", item_ids=["no-such"]), 404, "No item no-such"),
    ("/score", body(user_id="3", item_ids=["1"] * 10_001), 422, "10000 entries at most"),
    ("/explain", body(user_id="3", item_id="no-such"), 404, "No item no-such"),
    ("/explain", body(user_id="3", item_id="1", background=0), 422, "background must be 1 at least"),
    ("/feedback", body(events=[]), 422, "events must hold 1 entry at least"),
    ("/feedback", body(events=[EVENT, {"event_id": "y"}]), 422, "events[1].user_id is missing"),
    ("/feedback", body(events=[EVENT, EVENT | {"item_id": "no-such"}]), 422, "events[1] (x): no item no-such"),
    ("/feedback", body(events=[EVENT | {"outcome": 3}]), 422, "events[0] (x): outcome is 3.0, and must be 0 or 1"),
    ("/feedback", body(events=[EVENT | {"outcome": True}]), 422, "events[0].outcome must be a number"),
    ("/feedback", body(events=[EVENT | {"list_id": "never"}]), 422, "never"),
    ("/feedback", body(events=[EVENT | {"time": -1}]), 422, "events[0].time must be 0.0 at least"),
    ("/feedback", body(events=[EVENT] * 10_001), 422, "events must hold 10000 entries at most"),
    ("/feedback", b" " * (MOST_BYTES + 1), 413, "bytes at most"),
]  # fmt: skip


def test_every_fault_of_a_body_is_named(client):
    wrong = []
    for path, sent, status, words in FAULTS:
        answer = client.ask(path, sent)
        found = answer.json()
        if answer.status_code != status or words not in f"{found['error']} {found['message']}":
            wrong.append((path, sent[:60], answer.status_code, found))
    assert wrong == []


def test_ten_thousand_events_are_taken_at_once(client):
    events = [EVENT | {"event_id": f"many-{n}", "user_id": str(n % 70)} for n in range(10_000)]
    assert client.ask("/feedback", {"events": events}).json() == {"accepted": 10_000, "duplicates": 0}


def test_wrong_methods_addresses_and_kinds_of_content(client):
    cases = (
        (("/score",), {}, 405, "it takes POST"),
        (("/nothing",), {}, 404, "no address /nothing"),
        (("/docs",), {}, 404, "no address /docs"),
        (("/recommend/",), {}, 404, "no address /recommend/"),
        (("/metrics",), {"method": "DELETE"}, 405, "it takes GET"),
        (
            ("/recommend", b"user_id=3"),
            {"content-type": "application/x-www-form-urlencoded"},
            415,
            "must be application",
        ),
        (("/recommend", b"{}"), {"content-type": "text/plain"}, 415, "not text/plain"),
        (("/version",), {"host": "evil.example"}, 421, "this machine's own names"),
    )
    for asked, headers, status, words in cases:
        answer = client.ask(*asked, **headers)
        assert (answer.status_code, words in answer.json()["message"]) == (status, True), (asked, answer.text)
    assert client.ask("/score").headers["allow"] == "POST"


def test_a_body_of_unsaid_length_is_cut_off(client):
    async def chunks():
        for _ in range(MOST_BYTES // 2**20 + 1):
            yield b" " * 2**20

    answer = client.loop.run_until_complete(client.send("POST", "/feedback", chunks(), {}))
    assert (answer.status_code, answer.json()["error"]) == (413, "serve.size")
