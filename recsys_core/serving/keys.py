"""Keys: who may ask a service that others can reach, and by what name the log remembers them."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from pathlib import Path

from recsys_core.errors import SettingError

VARIABLE = "RECLENS_API_KEY"
HEADER, BEARER = b"x-api-key", b"bearer "
SHORTEST = 16
LOOPBACK_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost")


class Keys:
    """The keys of a service, as digests; none where it asks for none."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._digests = tuple(_digest(key.encode()) for key in keys)

    def __bool__(self) -> bool:
        return bool(self._digests)

    def client(self, said: bytes) -> str | None:
        """The name of the caller that has this key, from its digest; None where it is none of ours.

        Takes as long for a wrong key as for a right one: digests are compared, and all of them.
        """
        digest, found = _digest(said), None
        for known in self._digests:
            if hmac.compare_digest(known, digest):
                found = f"key-{known.hex()[:8]}"
        return found


def said_key(headers: Mapping[bytes, bytes]) -> bytes:
    """The key in ``X-API-Key``, or in ``Authorization: Bearer KEY``, which is all that Prometheus 2 can send."""
    if HEADER in headers:
        return headers[HEADER]
    bearer = headers.get(b"authorization", b"")
    return bearer[len(BEARER) :].strip() if bearer[: len(BEARER)].lower() == BEARER else b""


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def read_keys(file: Path | None, environment: Mapping[str, str]) -> Keys:
    """The keys in ``file``, one a line (``#`` begins a remark), and that of the variable ``RECLENS_API_KEY``.

    Raises ``SettingError``: ``serve.no_keys`` for a file without any, ``serve.key`` for one that is too short to be
    secret or that no header can hold (said by its line, never by its text).
    """
    lines: list[tuple[int, str]] = []
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise SettingError("serve.key", line=1, least=SHORTEST) from None
        said = ((n, line.strip()) for n, line in enumerate(text.splitlines(), 1))
        lines = [(n, line) for n, line in said if line and not line.startswith("#")]
        if not lines:
            raise SettingError("serve.no_keys", path=file)
    if environment.get(VARIABLE, "").strip():
        lines.append((1, environment[VARIABLE].strip()))
    for number, key in lines:
        if len(key) < SHORTEST or not key.isascii() or not key.isprintable() or " " in key:
            raise SettingError("serve.key", line=number, least=SHORTEST)
    return Keys(key for _, key in lines)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on ``host``.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "", "192.168.1.7", "example.org")]
    [True, True, True, False, False, False, False]
    """
    if host.lower() in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_local_name(header: bytes) -> bool:
    """Whether a ``Host`` header names this machine, with or without a port.

    >>> [is_local_name(host) for host in (b"127.0.0.1:8600", b"[::1]:8600", b"localhost", b"example.org:8600")]
    [True, True, True, False]
    """
    text = header.decode("latin-1")
    name = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0]
    return is_loopback(name)
