"""Run of a simulation: visits at a rate, each a list that somebody sees and the feedback that comes of it."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recsys_core.errors import RecLensError, SettingError, WorkspaceError, phrase
from recsys_core.progress import Progress, silent
from recsys_core.results.simulation import SimulationReport
from recsys_core.seeds import random_stream
from recsys_core.simulation.client import NoAnswer, ServiceClient
from recsys_core.simulation.planted_users import Behaviour, PlantedUsers, Seen

CALLERS = 16
SENT_AGAIN = 0.1  # share of feedback that is sent once more with the same ids, as after an answer that got lost
WAIT_SECONDS = 0.2  # before a request is tried again
GRACE_SECONDS = 5.0  # for what is under way when the time is over
K = 10


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """How many visits a second (arrivals are a Poisson process), for how long (None: until told), and the draw."""

    rate: float = 5.0
    seconds: float | None = None
    seed: int = 0
    behaviour: Behaviour = field(default_factory=Behaviour)


def simulate(
    people: PlantedUsers,
    service: ServiceClient,
    settings: SimulationSettings,
    *,
    stop: threading.Event | None = None,
    progress: Progress = silent,
) -> SimulationReport:
    """What planted users asked of a running service, saw, took and sent.

    Whoever visits, what is looked at and what is taken is drawn from the seed and the number of the visit; the service
    decides the rest. An event's id is its own in every run.

    Raises
    ------
    SettingError
        ``simulate.trend``, ``setting.between``; ``simulate.other_service`` where the service serves other items.
    WorkspaceError
        ``simulate.no_service`` where none answers at the beginning; later ones are waited for.
    """
    people.check(settings.behaviour)
    _check_ready(service)
    visits = _Visits(people, service, settings, stop or threading.Event())
    start, number = time.monotonic(), 0
    with ThreadPoolExecutor(CALLERS, thread_name_prefix="planted-user") as pool:
        for planned in _arrivals(settings, start):
            if not visits.may_begin(planned):
                break
            pool.submit(visits.visit, number)
            number += 1
            share = 0.0 if settings.seconds is None else (planned - start) / settings.seconds
            progress(phrase("stage.simulate", n=number, taken=visits.count["taken"]), share)
        visits.end = time.monotonic() + GRACE_SECONDS
    if visits.problem is not None:
        raise visits.problem
    return visits.report(number, time.monotonic() - start)


def _arrivals(settings: SimulationSettings, start: float) -> Iterator[float]:
    """When the next visit begins, on the clock of ``start``, until the time is over."""
    draw, planned = random_stream(settings.seed, "arrivals of visits"), start
    while True:
        planned += draw.exponential(1 / settings.rate)
        now = time.monotonic()
        if settings.seconds is not None and max(planned, now) - start > settings.seconds:
            return
        yield planned


def _check_ready(service: ServiceClient) -> None:
    try:
        status, said = service.ask("/readyz")
    except NoAnswer as fault:
        raise WorkspaceError("simulate.no_service", url=service.url, reason=str(fault)) from None
    if status != 200 or not said.get("ready"):
        raise WorkspaceError("simulate.no_service", url=service.url, reason=status)


class _Visits:
    """Visits that are under way, and what came of all."""

    def __init__(
        self, people: PlantedUsers, service: ServiceClient, settings: SimulationSettings, stop: threading.Event
    ) -> None:
        self.people, self.service, self.settings, self.stop = people, service, settings, stop
        self.run = secrets.token_hex(6)
        self.free = threading.Semaphore(2 * CALLERS)
        self.count: Counter[str] = Counter()
        self.versions: set[int] = set()
        self.problem: RecLensError | None = None
        self.latest = None if settings.seconds is None else time.monotonic() + settings.seconds
        self.end: float | None = None  # when what is still under way gives up
        self._lock = threading.Lock()

    def may_begin(self, planned: float) -> bool:
        """Wait for the moment, and until few enough are under way; False where it should end."""
        if self.stop.wait(max(0.0, planned - time.monotonic())):
            return False
        while self.problem is None and not self.stop.is_set():
            if self.free.acquire(timeout=WAIT_SECONDS):
                return True
            if self.latest is not None and time.monotonic() > self.latest:
                return False
        return False

    def visit(self, number: int) -> None:
        """One person sees one list."""
        try:
            self._visit(number, random_stream(self.settings.seed, f"visit {number}"))
        except RecLensError as problem:
            self.problem = problem
        finally:
            self.free.release()

    def report(self, n_visits: int, seconds: float) -> SimulationReport:
        count, behaviour = self.count, self.settings.behaviour
        return SimulationReport(
            n_visits=n_visits,
            n_lists=count["lists"],
            n_events=count["events"],
            n_taken=count["taken"],
            n_duplicates=count["duplicates"],
            n_unsure=count["unsure"],
            n_refused=count["refused"],
            n_unanswered=count["unanswered"],
            taken_share=count["taken"] / count["events"] if count["events"] else None,
            versions=tuple(sorted(self.versions)),
            trend=behaviour.trend,
            poison=behaviour.poison,
            seed=self.settings.seed,
            seconds=seconds,
        )

    def _visit(self, number: int, rng: np.random.Generator) -> None:
        user_id = self.people.user_ids[int(rng.integers(len(self.people.user_ids)))]
        listed = self._ask("/recommend", {"user_id": user_id, "k": K})
        if listed is None:
            return
        items = [str(item["item_id"]) for item in listed.get("items", [])]
        if listed.get("user") != "known" or not self.people.knows(items):
            raise SettingError("simulate.other_service", url=self.service.url)
        self._add(lists=1)
        self.versions.add(int(listed["version"]))
        seen = self.people.look_at(user_id, items, self.settings.behaviour, rng)
        if seen:
            events = self._events(number, user_id, seen, str(listed["list_id"]))
            if self._send(events, rng):
                self.people.took(user_id, [s.item_id for s in seen if s.is_taken])

    def _events(self, number: int, user_id: str, seen: Sequence[Seen], list_id: str) -> list[dict[str, Any]]:
        about = {"user_id": user_id, "list_id": list_id, "time": time.time()}
        return [
            {"event_id": f"{self.run}-{number}-{s.position}", "item_id": s.item_id, "outcome": s.outcome, **about}
            for s in seen
        ]

    def _send(self, events: list[dict[str, Any]], rng: np.random.Generator) -> bool:
        """Whether the service has acknowledged them."""
        kept = self._ask("/feedback", {"events": events})
        if kept is None:
            self._add(unsure=len(events))
            return False
        self._add(events=len(events), taken=sum(event["outcome"] for event in events))
        if rng.random() < SENT_AGAIN:
            again = self._ask("/feedback", {"events": events})
            self._add(duplicates=0 if again is None else int(again["duplicates"]))
        return True

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The answer, asked for again where the service is busy, full, killed or starting; None at the end of time.

        Raises ``WorkspaceError`` (``simulate.refused``) for what it will never take.
        """
        while True:
            try:
                status, said = self.service.ask(path, body)
            except NoAnswer:
                self._add(unanswered=1)
            else:
                if status == 200:
                    return said
                self._add(refused=1)
                if said.get("error") == "feedback.list":  # a list that a kill took before it was on the disk
                    body = {"events": [{k: v for k, v in e.items() if k != "list_id"} for e in body["events"]]}
                elif status not in (429, 503):
                    url, key = self.service.url + path, said.get("error", status)
                    raise WorkspaceError("simulate.refused", url=url, reason=key, said=said.get("message", ""))
            if self._is_over():
                return None
            time.sleep(WAIT_SECONDS)

    def _is_over(self) -> bool:
        return self.end is not None and time.monotonic() > self.end

    def _add(self, **counts: int) -> None:
        with self._lock:
            self.count.update(counts)
