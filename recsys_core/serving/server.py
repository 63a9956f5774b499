"""Server: a service under uvicorn, from a free port to the last answer after a signal."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import uvicorn

from recsys_core.errors import SettingError
from recsys_core.serving.protocol import BoundedProtocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp

DRAIN_SECONDS = 20  # for requests in flight, after which they are cut off
KEEP_ALIVE_SECONDS = 30
BACKLOG = 1024
MOST_FILES = 65_536
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket bound to host and port, which nobody is answered on yet.

    Raises ``SettingError`` (``serve.port``): in use, not allowed, no such address.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as fault:
        raise _not_listened(host, port, fault) from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as fault:
        bound.close()
        raise _not_listened(host, port, fault) from None
    return bound


def _not_listened(host: str, port: int, fault: Exception) -> SettingError:
    reason = getattr(fault, "strerror", None) or str(fault)
    return SettingError("serve.port", host=host, port=port, reason=reason)


def address_of(bound: socket.socket) -> str:
    """Where the socket is reached, ``http://127.0.0.1:8600``."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def allow_connections() -> None:
    """Let the process hold as many connections as the system allows; its usual limit is a thousand files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(most, MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


class _Server(uvicorn.Server):
    """uvicorn's server without its signals: it would raise them again at its end, which would count as interrupted."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], on_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready, self._on_end = on_ready, on_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        wanted = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
        for number in wanted:
            loop.add_signal_handler(number, self._end)
        try:
            yield
        finally:
            for number in wanted:
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_IGN)  # the log is being closed: no later signal should disturb that

    def _end(self) -> None:
        """The first signal lets requests in flight end, the second does not wait for them."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._on_end()


def run_server(app: ASGIApp, bound: socket.socket, *, on_ready: Callable[[], None], on_end: Callable[[], None]) -> int:
    """How many requests were answered on ``bound`` until a signal asked to end and those in flight had ended."""
    config = uvicorn.Config(
        app,
        http=BoundedProtocol,
        loop="uvloop",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=BACKLOG,
    )
    host, port = bound.getsockname()[:2]
    allow_connections()
    server = _Server(config, on_ready, on_end)
    try:
        server.run(sockets=[bound])
    except OSError as fault:  # somebody else began to listen on it meanwhile
        raise _not_listened(host, port, fault) from None
    return server.server_state.total_requests
