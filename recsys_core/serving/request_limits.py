"""Request limits: who may ask, how often and how much, and how long each answer took; one layer around the application.

Written to the ASGI interface itself: a middleware class of Starlette's would cost a tenth of a request.
"""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections import OrderedDict

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recsys_core.errors import RecLensError
from recsys_core.serving.keys import Keys, is_local_name, said_key
from recsys_core.serving.metrics import ServiceMetrics
from recsys_core.serving.refusals import Refused, answer_of

MOST_BYTES = 4 * 2**20  # of a body: 10,000 events are 1.5 MB
MOST_CALLERS = 10_000  # whose rate is remembered
OPEN = ("/healthz", "/readyz")  # asked by what starts and watches the service, which has no key
GONE = 499  # counted for a caller who went away in the middle of a body: nobody's fault here, and nobody to answer
TRACEBACK = "RECLENS_TRACEBACK"
CLIENT = "reclens.client"  # in the scope: the caller's name, for the log

log = logging.getLogger("recsys_core.serving")


class Rates:
    """How often each caller may ask: ``rate`` requests a second on average, twice as many at once.

    A ``rate`` of 0 is no limit.
    """

    def __init__(self, rate: float) -> None:
        self.rate, self.burst = rate, 2 * rate
        self._callers: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and when it was

    def wait(self, caller: str, now: float) -> float:
        """Seconds until the caller may ask again; 0 where this request is counted and may go on."""
        if not self.rate:
            return 0.0
        left, before = self._callers.pop(caller, (self.burst, now))
        left = min(self.burst, left + (now - before) * self.rate)
        allowed = left >= 1
        self._callers[caller] = (left - 1 if allowed else left, now)
        if len(self._callers) > MOST_CALLERS:
            self._callers.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self.rate


class RequestLimits:
    """The application behind keys, rates and sizes; every answer is timed and counted, and every fault is an answer."""

    def __init__(self, app: ASGIApp, *, metrics: ServiceMetrics, keys: Keys, rate: float = 0.0) -> None:
        self.app, self.metrics, self.keys, self.rates = app, metrics, keys, Rates(rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            self._check(scope, began)
            await self.app(scope, _bounded(receive), sending)
        except RecLensError as error:
            await answer_of(error)(scope, receive, sending)
        except ClientDisconnect:
            status = GONE
        except Exception as fault:
            log.error("%r: %s: %r", scope["path"], type(fault).__name__, str(fault)[:500])  # a line, whatever was sent
            if os.environ.get(TRACEBACK):
                log.error(traceback.format_exc())
            await answer_of(Refused(500, "serve.unexpected", kind=type(fault).__name__))(scope, receive, sending)
        finally:
            self.metrics.request(scope["path"], status, time.perf_counter() - began)

    def _check(self, scope: Scope, now: float) -> None:
        """Raise ``Refused`` for a caller without a key, too many requests, or a body that says it is too long."""
        said: dict[bytes, bytes] = dict(scope["headers"])
        if self.keys:
            caller = self.keys.client(said_key(said))
            if caller is None and scope["path"] not in OPEN:
                raise Refused(401, "serve.no_key")
            scope[CLIENT] = caller or ""
        elif not is_local_name(said.get(b"host", b"localhost")):  # a page that gave its own name this machine's address
            raise Refused(421, "serve.host")
        peer = scope.get("client") or ("",)
        seconds = self.rates.wait(scope.get(CLIENT) or str(peer[0]), now)
        if seconds:
            raise Refused(429, "serve.rate", rate=self.rates.rate).later(max(1, round(seconds)))
        length = said.get(b"content-length", b"0")
        if length.isdigit() and int(length) > MOST_BYTES:
            raise _too_long()


def _too_long() -> Refused:
    return Refused(413, "serve.size", most=MOST_BYTES)


def _bounded(receive: Receive) -> Receive:
    """The same, until a body that did not say its length is too long."""
    so_far = 0

    async def receiving() -> Message:
        nonlocal so_far
        message = await receive()
        so_far += len(message.get("body", b""))
        if so_far > MOST_BYTES:
            raise _too_long()
        return message

    return receiving


def client_of(request: Request) -> str:
    """The name of the caller's key, empty where the service asks for none."""
    return request.scope.get(CLIENT, "")
