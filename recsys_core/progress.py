"""Progress of long work: what is being done and how far it is, told to a person or to a program."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from typing import Protocol

from recsys_core.errors import Phrase, values_to_json

Progress = Callable[[str | Phrase, float], None]
EVENTS = "RECLENS_EVENTS"  # set to 1, progress and errors are lines of JSON: how the app reads a run of its own


def silent(stage: str | Phrase, share: float) -> None:
    """Progress that nobody watches."""


class Reporter(Protocol):
    """What a run tells on standard error: its progress (``stage``, ``share`` from 0 to 1), and what stopped it."""

    def __call__(self, stage: str | Phrase, share: float) -> None: ...

    def stopped(self, command: str, problem: object) -> None: ...

    def close(self) -> None: ...


class ProgressLine:
    """One line on standard error: what is being done, how far, and the time left; rewritten on a terminal."""

    def __init__(self) -> None:
        self.stage, self.began, self.shown, self.share = "", 0.0, 0.0, 0.0
        self.first = 0.0  # share at which the stage began to be watched: a training that is gone on with is not at 0
        self.terminal = sys.stderr.isatty()

    def __call__(self, stage: str | Phrase, share: float) -> None:
        now, said = time.monotonic(), str(stage)
        family = said.split(",")[0] + said.partition("(")[2]
        if family != self.stage or share < self.share:
            self.stage, self.began, self.shown, self.first = family, now, -math.inf, share
        self.share = share
        if now - self.shown < (0.2 if self.terminal else 10):
            return
        self.shown = now
        done = share - self.first
        left = (now - self.began) * (1 - share) / done if done > 0.02 else None
        text = f"{said}: {share:.0%}" + (f", about {left:.0f} s left" if left is not None else "")
        self._write(f"\r\033[K{text}" if self.terminal else f"{text}\n")

    def close(self) -> None:
        """Clear the line where it was rewritten."""
        if self.terminal and self.stage:
            self._write("\r\033[K")

    def stopped(self, command: str, problem: object) -> None:
        """One line, where there is still somebody to read it."""
        self.close()
        line = " ".join(command.split()) + f": {' '.join(str(problem).split())}\n"
        self._write(line.encode("utf-8", "backslashreplace").decode())

    def _write(self, text: str) -> None:
        """Nobody who reads on is no reason to stop the work."""
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):
            self.shown = math.inf


class ProgressEvents:
    """A line of JSON an event: ``{"stage", "share"}``, and last, where it was stopped, ``{"error", "values"}``.

    A stage with words of its own is ``{"phrase", "values"}``, as in ``errors.values_to_json``. Unlike a person, a
    program that has gone away wants nothing any more: a broken pipe ends the work.
    """

    EVERY_SECONDS = 0.1

    def __init__(self) -> None:
        self.told, self.stage = -math.inf, ""

    def __call__(self, stage: str | Phrase, share: float) -> None:
        now = time.monotonic()
        if str(stage) == self.stage and now - self.told < self.EVERY_SECONDS:
            return
        self.told, self.stage = now, str(stage)
        self._write(values_to_json({"stage": stage}) | {"share": share})

    def close(self) -> None:
        """There is nothing to clear."""

    def stopped(self, command: str, problem: object) -> None:
        """What stopped the run: a message of the core, with its values."""
        key, values = getattr(problem, "key", "run.unexpected"), dict(getattr(problem, "values", ()))
        try:
            self._write({"error": key, "values": values_to_json(values), "english": str(problem)})
        except OSError:
            return

    def _write(self, event: dict[str, object]) -> None:
        sys.stderr.write(json.dumps(event, default=_number_or_text) + "\n")
        sys.stderr.flush()


def _number_or_text(value: object) -> object:
    """NumPy's numbers as numbers, everything else (paths) as text."""
    return value.item() if hasattr(value, "item") else str(value)
