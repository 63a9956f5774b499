"""Protocol: uvicorn's HTTP, with an end to what comes before a request is known.

A key is looked for when the headers are complete, so until then anybody may write: uvicorn would keep all of it, and
wait for the rest as long as the connection stays open.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 64 * 2**10  # bytes of address and headers together
MOST_MESSAGE = 64 * 2**20  # bytes on the wire; bodies that are read end far below
HEAD_SECONDS = 15.0


class BoundedProtocol(HttpToolsProtocol):
    """A connection whose requests begin within some time and with a head of some size, or which is closed."""

    _n_head = _n_message = 0
    _is_in_head = True
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._waited()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._n_message += len(data)
        if self._is_in_head:  # still: all of it belongs to the head
            self._n_head += len(data)
            if self._patience is None:
                self._wait()
        is_closed = self.transport.is_closing()
        if not is_closed and (self._n_head > MOST_HEAD or self._n_message > MOST_MESSAGE):
            self.send_400_response("Too much before the end of the request.")

    def on_message_begin(self) -> None:
        self._is_in_head, self._n_head, self._n_message = True, 0, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._waited()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _waited(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
