"""``serve``: a workspace's model over HTTP, until a signal ends it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from recsys_core.commands.command import Command, add_variant
from recsys_core.errors import SettingError
from recsys_core.progress import Progress
from recsys_core.variant import ModelVariant

PORT = 8600
RATE_WITH_KEYS = 500.0  # requests a second of one caller, where others than this machine may ask
MOST_RATE = 1e6


def serve_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    parser.add_argument("--port", type=int, default=PORT, help=f"0 for any free one (default: {PORT})")
    parser.add_argument("--host", default="127.0.0.1", help="other than this machine's own names ask for a key")
    parser.add_argument("--key-file", type=Path, metavar="F", help="keys of who may ask, one a line")
    rate = f"requests a second of one caller, 0 for no limit (default: {RATE_WITH_KEYS:.0f} with keys, 0 without)"
    parser.add_argument("--rate", type=float, metavar="N", help=rate)


def run_serve(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Serve, say the address last when ready, and say what was answered when a signal has ended it."""
    from recsys_core.serving.keys import VARIABLE, is_loopback, read_keys

    variant, began = ModelVariant.from_arguments(args), time.monotonic()
    _check(args)
    keys = read_keys(args.key_file, os.environ)
    if not keys and not is_loopback(args.host):
        raise SettingError("serve.keys_wanted", host=args.host or "''", variable=VARIABLE)

    from recsys_core.serving.app import make_app
    from recsys_core.serving.running import open_service
    from recsys_core.serving.server import address_of, listening_socket, run_server

    rate = args.rate if args.rate is not None else (RATE_WITH_KEYS if keys else 0.0)
    with listening_socket(args.host, args.port) as bound, open_service(args.workspace, variant) as service:
        address = address_of(bound)

        def ready() -> None:
            print(address, file=sys.stderr if args.json else sys.stdout, flush=True)

        n_requests = run_server(make_app(service, keys=keys, rate=rate), bound, on_ready=ready, on_end=service.drain)
        return {
            "address": address,
            "version": service.version()["version"],
            "requests": n_requests,
            "swaps": service.watcher.n_swaps,
            "seconds": time.monotonic() - began,
        }


def _check(args: argparse.Namespace) -> None:
    for name, low, high in (("port", 0, 65535), ("rate", 0, MOST_RATE)):
        value = getattr(args, name)
        if value is not None and not low <= value <= high:
            raise SettingError("setting.between", name=name, low=low, high=high, value=value)


SERVE = Command("serve", "answer over HTTP: lists, scores, reasons, feedback", serve_arguments, run_serve)
