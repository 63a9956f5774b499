"""Watch: look at the log again whenever enough feedback has come, until somebody ends it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from recsys_core.errors import phrase
from recsys_core.feedback import FeedbackReader
from recsys_core.learning.acts import PERSON
from recsys_core.learning.learn import learn
from recsys_core.progress import Progress, silent
from recsys_core.results.learning import PROMOTED, Decision
from recsys_core.versions import DecisionLog

POLL_SECONDS = 2.0
FIRST_ROWS = 2000  # events before the first look at feedback of a parent: fewer seldom tell anything
GROWTH = 1.5  # of the events at the last look: looks grow rarer, so that few are spent on much feedback


class Ended(BaseException):
    """A signal asked the watch to end; not an ``Exception``, so that nothing on the way takes it for a fault."""


def watch(
    folder: Path, *, seed: int = 0, poll_seconds: float = POLL_SECONDS, progress: Progress = silent
) -> tuple[Decision, ...]:
    """All decisions until SIGTERM or SIGINT; a look on the way is dropped, and nothing of it stays.

    Raises what `recsys_core.learning.learn.learn` raises.
    """
    decisions: list[Decision] = []
    with _ended_by_signals():
        try:
            while True:
                if is_due(folder):
                    decisions.append(learn(folder, seed=seed, progress=progress))
                    continue
                progress(phrase("learning.stage.waiting"), 0.0)
                time.sleep(poll_seconds)
        except Ended:
            return tuple(decisions)


def is_due(folder: Path) -> bool:
    """Whether so much feedback has come that a look may decide: 2,000 events, and half as many again as at the last."""
    last_seq, decisions = FeedbackReader(folder).last_seq, DecisionLog(folder).list()
    words = {d.id: d for d in decisions}.values()  # the last one about each
    last = max(words, key=lambda d: d.upto, default=None)
    if last is None:
        return last_seq >= FIRST_ROWS
    is_over = last.decision == PROMOTED or last.by == PERSON  # none of that feedback is looked at again
    seen = 0 if is_over else last.upto - last.after
    return last_seq - last.upto >= (FIRST_ROWS if seen < FIRST_ROWS else (GROWTH - 1) * seen)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let the first signal unwind the block, and the next ones not disturb that; handlers belong to the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> NoReturn:
        for name in before:
            signal.signal(name, signal.SIG_IGN)
        raise Ended

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
