"""What comes before a request is known ends: in size, and in time. Asked of a real server by raw sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from recsys_core.serving import protocol

BEGIN = b"POST /x HTTP/1.1\r\nHost: localhost\r\n"


async def count_bytes(scope, receive, send) -> None:
    """An application that answers how long the body was."""
    n, more = 0, True
    while more:
        message = await receive()
        n, more = n + len(message.get("body", b"")), message.get("more_body", False)
    said = str(n).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with pytest.MonkeyPatch.context() as patched, socket.socket() as bound:
        patched.setattr(protocol, "HEAD_SECONDS", 0.25)
        bound.bind(("127.0.0.1", 0))
        config = uvicorn.Config(count_bytes, http=protocol.BoundedProtocol, lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[bound])))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield bound.getsockname()[1]
        server.should_exit = True
        thread.join()


def told(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """What a connection answers until it is closed, to parts that are sent one after the other."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        answer = b""
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            while more := connection.recv(65536):
                answer += more
        except ConnectionError:
            pass  # closed while we still wrote
        return answer


@pytest.mark.parametrize(
    "endless",
    [b"X: " + b"a" * 2**20, b"".join(b"X%d: a\r\n" % n for n in range(100_000)), b"X: a\r\n" * 100_000],
    ids=["one header", "many headers", "the same header"],
)
def test_a_head_without_end_is_cut_off(port, endless):
    pieces = [endless[n : n + 8192] for n in range(0, len(endless), 8192)]
    answer = told(port, BEGIN, *pieces)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


def test_an_address_without_end_is_cut_off(port):
    answer = told(port, b"GET /", *[b"a" * 8192] * 100)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("sent", [b"", b"GET / HT", BEGIN + b"X: "], ids=["nothing", "half a line", "half a head"])
def test_a_head_that_does_not_come_is_not_waited_for(port, sent):
    began = time.monotonic()
    assert told(port, sent) == b""
    assert 0.2 < time.monotonic() - began < 8


def test_half_a_head_behind_an_answered_request_is_not_waited_for_either(port):
    answer = told(port, BEGIN + b"Content-Length: 2\r\n\r\nab", b"GET / HT", pause=0.1)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n2")


def test_long_bodies_slow_bodies_and_one_request_after_the_other_are_answered(port):
    long = BEGIN + b"Content-Length: 3000000\r\n\r\n" + b"a" * 3_000_000
    last = BEGIN + b"Connection: close\r\nContent-Length: 4\r\n\r\nab"
    assert (
        told(port, long, long, last, b"ab", pause=0.6).count(b"HTTP/1.1 200 ") == 3
    )  # each longer than a head may take
