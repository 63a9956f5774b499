"""Client of a running service: one question, one answer, over a connection that each thread keeps."""

from __future__ import annotations

import http.client
import json
import os
import threading
from typing import Any
from urllib.parse import urlsplit

from recsys_core.errors import SettingError
from recsys_core.serving.keys import VARIABLE

TIMEOUT_SECONDS = 10.0


class NoAnswer(Exception):
    """The service could not be reached, or broke off."""


class ServiceClient:
    """Asks the service at ``url``; the key of ``RECLENS_API_KEY`` goes along where that is set."""

    def __init__(self, url: str) -> None:
        """Raises ``SettingError`` (``simulate.url``) for what is no address of a service."""
        try:
            parts = urlsplit(url)
            self._host, self._port, is_http = parts.hostname, parts.port or 80, parts.scheme == "http"
        except ValueError:
            self._host, is_http = None, False
        if not is_http or not self._host or not self._host.isascii():
            raise SettingError("simulate.url", value=url)
        self.url = url
        self._own = threading.local()
        key = os.environ.get(VARIABLE)
        self._headers = {"content-type": "application/json"} | ({"X-API-Key": key} if key else {})

    def ask(self, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """Status and JSON of an answer: a ``POST`` where there is a body, else a ``GET``. Raises `NoAnswer`."""
        connection = self._connection()
        try:
            sent = None if body is None else json.dumps(body)
            connection.request("GET" if body is None else "POST", path, sent, self._headers)
            answer = connection.getresponse()
            said = answer.read()
            found = json.loads(said) if said else {}
            return answer.status, found if isinstance(found, dict) else {}
        except (OSError, http.client.HTTPException, ValueError) as fault:
            connection.close()  # the next question opens it again
            raise NoAnswer(type(fault).__name__) from None

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection(str(self._host), self._port, timeout=TIMEOUT_SECONDS)
        connection: http.client.HTTPConnection = self._own.connection
        return connection
