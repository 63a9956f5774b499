"""The service as a process: who may ask, who may not start, and how it ends."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import threading
import time
import urllib.request

import pytest
from service_client import InProcess, serving

from recsys_core.__main__ import main
from recsys_core.errors import SettingError
from recsys_core.feedback import FeedbackReader
from recsys_core.serving.app import make_app
from recsys_core.serving.keys import VARIABLE, Keys, read_keys
from recsys_core.serving.pool import BoundedPool
from recsys_core.serving.refusals import Refused
from recsys_core.serving.request_limits import Rates
from recsys_core.serving.running import open_service
from recsys_core.variant import ModelVariant

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"
EVENT = {"user_id": "3", "item_id": "1", "outcome": 1}


@pytest.fixture(scope="module")
def workspace(tiny_workspace, tmp_path_factory):
    return shutil.copytree(tiny_workspace, tmp_path_factory.mktemp("process") / "w")


def post(address, path, body, **headers):
    sent = {"content-type": "application/json"} | headers
    request = urllib.request.Request(address + path, json.dumps(body).encode(), sent)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def test_a_signal_under_load_loses_nothing_that_was_acknowledged(workspace, tmp_path):
    (tmp_path / "keys").write_text(f"# of the tests\n{KEY}\n")
    acknowledged, failed, is_over = set(), [], threading.Event()

    def write(worker, address):
        for number in range(100_000):
            name = f"{worker}-{number}"
            try:
                answer = post(address, "/feedback", {"events": [EVENT | {"event_id": name}]}, **{"X-API-Key": KEY})
            except OSError:  # the service is gone: that it never answers otherwise is what `failed` holds
                if not is_over.is_set():
                    failed.append(name)
                return
            acknowledged.update([name] if answer == {"accepted": 1, "duplicates": 0} else [])

    with serving(workspace, "--key-file", str(tmp_path / "keys")) as (process, address):
        workers = [threading.Thread(target=write, args=(k, address)) for k in range(4)]
        half = socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])))
        body = json.dumps({"user_id": "3", "k": 3}).encode()
        head = f"POST /recommend HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-API-Key: {KEY}\r\n"
        half.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
        for worker in workers:
            worker.start()
        time.sleep(0.5)
        is_over.set()
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        half.sendall(body[5:])  # in flight when the signal came
        assert b'"items"' in read_all(half)
        for worker in workers:
            worker.join()
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    found = json.loads(out)
    assert (found["address"], found["version"]) == (address, 1)
    kept = set(FeedbackReader(workspace).events()["event_id"])
    assert failed == []
    assert acknowledged
    assert acknowledged <= kept
    assert set(FeedbackReader(workspace).events()["client"]) == {Keys([KEY]).client(KEY.encode())}


def read_all(connection):
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def refusal(capsys, *words):
    assert main(["serve", *map(str, words)]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.count("\n") == 1
    return streams.err


def test_what_keeps_a_service_from_starting_is_one_line(workspace, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / "empty").write_text("# none yet\n\n")
    (tmp_path / "short").write_text("secret\n")
    here = ("--workspace", workspace, "--port")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "cannot be listened on" in refusal(capsys, *here, taken.getsockname()[1])
    assert "--host 0.0.0.0 can be reached from outside" in refusal(capsys, *here, 0, "--host", "0.0.0.0")
    assert "can be reached from outside" in refusal(capsys, *here, 0, "--host", "")
    assert "holds no key" in refusal(capsys, *here, 0, "--key-file", tmp_path / "empty")
    assert "line 1: a key has 16" in refusal(capsys, *here, 0, "--key-file", tmp_path / "short")
    assert "none" in refusal(capsys, *here, 0, "--key-file", tmp_path / "none")
    assert "port must lie between" in refusal(capsys, *here, 70000)
    assert "rate must lie between" in refusal(capsys, *here, 0, "--rate", "nan")
    assert "nowhere" in refusal(capsys, "--workspace", tmp_path / "nowhere", "--port", 0)
    assert "nobody" in refusal(capsys, *here, 0, "--model", "nobody")
    with open_service(workspace, ModelVariant()):
        assert "written by another process already" in refusal(capsys, *here, 0)


def test_keys_are_asked_for_by_either_header(workspace):
    with open_service(workspace, ModelVariant()) as service:
        client = InProcess(make_app(service, keys=Keys([KEY, OTHER])))
        refused = client.ask("/version")
        assert (refused.status_code, refused.json()["error"]) == (401, "serve.no_key")
        assert KEY not in refused.text
        for headers in ({"X-API-Key": KEY}, {"Authorization": f"Bearer {OTHER}"}, {"authorization": f"bearer {KEY}"}):
            assert client.ask("/version", **headers).status_code == 200
        for wrong in ("", KEY[:-1], KEY + "0", KEY.upper(), f"Bearer {KEY}"):
            assert client.ask("/version", **{"X-API-Key": wrong}).status_code == 401
        assert client.ask("/metrics").status_code == 401
        assert client.ask("/openapi.json").status_code == 401
        assert client.ask("/healthz").json() == {"alive": True}
        service.watcher.problem = Refused(500, "serve.draining")
        assert client.ask("/readyz").json()["problem"] is None  # not for everybody
        assert client.ask("/readyz", **{"X-API-Key": KEY}).json()["problem"]["error"] == "serve.draining"
        service.drain()
        assert client.ask("/readyz").status_code == 503
        client.close()


def test_keys_of_a_file_and_of_the_environment(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"\n# ours\n  {KEY}\n{OTHER}\n")
    keys = read_keys(file, {VARIABLE: "of-the-environment"})
    names = {keys.client(key) for key in (KEY.encode(), OTHER.encode(), b"of-the-environment")}
    assert len(names) == 3
    assert all(name.startswith("key-") and name[4:] not in KEY for name in names)
    assert keys.client(b"# ours") is None
    assert not read_keys(None, {VARIABLE: "  "})
    for bad in ("has a blank in it", "\x80" * 20, "short"):
        file.write_text(bad)
        with pytest.raises(SettingError, match="line 1"):
            read_keys(file, {})


def test_too_many_requests_of_one_caller_are_refused(workspace):
    with open_service(workspace, ModelVariant()) as service:
        client = InProcess(make_app(service, rate=2))
        answers = client.at_once(*[("/score", {"user_id": "3", "item_ids": ["1"]})] * 6)
        client.close()
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429] * 2
    assert {answer.headers.get("retry-after") for answer in answers} == {None, "1"}


def test_rates_by_hand():
    rates = Rates(2)  # four at once, then one each half second
    assert [rates.wait("a", 0.0) for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert rates.wait("b", 0.0) == 0
    assert rates.wait("a", 0.25) == pytest.approx(0.25)
    assert rates.wait("a", 0.5) == 0
    assert rates.wait("a", 0.5) == pytest.approx(0.5)
    assert [rates.wait("a", 1e6) for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert rates.wait("a", 1e6 - 5) >= 0  # a clock that goes back is no reason to fail
    assert Rates(0).wait("a", 0.0) == 0


def test_a_full_queue_refuses_at_once(workspace):
    with open_service(workspace, ModelVariant()) as service:
        client = InProcess(make_app(service))
        began = threading.Event()
        block = threading.Event()
        service._answers = pool = BoundedPool("answers", waiting=2)

        def work():
            began.set()
            assert block.wait(20)

        async def ask_while_full():
            import asyncio

            inside = [asyncio.ensure_future(pool.run(work)) for _ in range(3)]
            await asyncio.sleep(0.05)
            answer = await client.send("POST", "/recommend", json.dumps({"user_id": "3"}).encode(), {})
            alive = await client.send("GET", "/healthz", None, {})
            block.set()
            await asyncio.gather(*inside)
            return answer, alive

        answer, alive = client.loop.run_until_complete(ask_while_full())
        assert (answer.status_code, answer.json()["error"], answer.headers["retry-after"]) == (503, "serve.busy", "1")
        assert alive.status_code == 200
        assert client.ask("/recommend", {"user_id": "3"}).status_code == 200
        pool.close()
        client.close()
