"""Result of a simulation: what planted users asked, were shown, sent and took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsys_core.results.dataclass_json import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationReport:
    """What came of a simulation.

    Attributes
    ----------
    n_visits, n_lists
        Visits that were begun, and lists that were answered.
    n_events, n_taken
        Events that the service acknowledged as new, and those of them that say "taken".
    n_duplicates
        Events that it knew already: those that were sent again, as by a client that heard no answer.
    n_unsure
        Events that were sent and never acknowledged.
    n_refused, n_unanswered
        Requests that the service refused (too busy, a disk that is full), and that found no service; each is tried
        again until it is answered or the simulation ends.
    taken_share
        ``n_taken / n_events``; None without events.
    versions
        Numbers of the versions that answered, ascending.
    trend, poison, seed, seconds
        What was asked for, and how long it went.
    """

    n_visits: int
    n_lists: int
    n_events: int
    n_taken: int
    n_duplicates: int
    n_unsure: int
    n_refused: int
    n_unanswered: int
    taken_share: float | None
    versions: tuple[int, ...]
    trend: str | None
    poison: float
    seed: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return to_json(self)
