"""``simulate``: planted users ask a running service and send feedback, for a time or until a signal."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from recsys_core.commands.command import Command, add_workspace
from recsys_core.errors import SettingError
from recsys_core.progress import Progress

MOST_RATE, MOST_SECONDS = 1_000.0, 1e7


def simulate_arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    parser.add_argument("--url", default="http://127.0.0.1:8600", help="of the service (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=5.0, metavar="N", help="visits a second (default: 5)")
    parser.add_argument("--for", type=float, dest="seconds", metavar="SECONDS", help="default: until Ctrl-C")
    parser.add_argument("--trend", metavar="CATEGORY", help="a category that everybody begins to like")
    parser.add_argument("--poison", type=float, default=0.0, metavar="SHARE", help="of outcomes sent as their opposite")
    parser.add_argument("--seed", type=int, default=0)


def run_simulate(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """What planted users of the workspace's data asked, saw, took and sent."""
    for name, value, low, high in (("rate", args.rate, 0.01, MOST_RATE), ("for", args.seconds, 0.0, MOST_SECONDS)):
        if value is not None and not low <= value <= high:
            raise SettingError("setting.between", name=name, low=low, high=high, value=value)

    from recsys_core.models.workspace import Workspace
    from recsys_core.simulation import Behaviour, PlantedUsers, ServiceClient, simulate
    from recsys_core.simulation.run import SimulationSettings

    service = ServiceClient(args.url)
    people = PlantedUsers(Workspace.open(args.workspace).dataset)
    behaviour = Behaviour(args.trend, args.poison)
    settings = SimulationSettings(args.rate, args.seconds, args.seed, behaviour)
    with _told_by_signals() as stop:
        return simulate(people, service, settings, stop=stop, progress=progress).to_json()


@contextmanager
def _told_by_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets: to be ended so is what a simulation without ``--for`` waits for, and no fault."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


SIMULATE = Command(
    "simulate", "planted users of sample data ask a running service and send feedback", simulate_arguments, run_simulate
)
