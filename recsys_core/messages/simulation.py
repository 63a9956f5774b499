"""What a simulation of planted users can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "simulate.no_truth": (
        "{data} has no planted truth, so nobody knows what its people would take. Simulate on sample data: "
        "python -m recsys_core sample."
    ),
    "simulate.no_service": (
        "no service answers at {url} ({reason}). Start one: python -m recsys_core serve --workspace W."
    ),
    "simulate.other_service": "the service at {url} serves other data than this workspace's. Name its own with --url.",
    "simulate.refused": "{url} refused what a planted user sent ({reason}): {said}",
    "simulate.url": "{value!r} is no address of a service; one is http://127.0.0.1:8600.",
    "simulate.trend": "no category {value!r} that could become popular; categories are {choices}.",
    "stage.simulate": "planted users, {n} {n|visit|visits}, {taken} {taken|item|items} taken",
}
