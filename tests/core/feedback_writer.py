"""A process of its own that writes feedback: ``python feedback_writer.py WORKSPACE MODE [ROUND]``.

``load``: 8 callers send batches of 5 without end, every tenth on a list, and print the ids of a batch once it is
acknowledged. ``one``: a single caller sends 20 batches and prints each. ``full``: files may not grow beyond what the
log has, then may again; prints what came of it.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
from pathlib import Path

from recsys_core.errors import WorkspaceError
from recsys_core.feedback import FeedbackLog
from recsys_core.results.serving import FeedbackEvent, ServedList


def events(prefix: str, n: int = 5, list_id: str | None = None) -> list[FeedbackEvent]:
    return [
        FeedbackEvent(event_id=f"{prefix}-{k}", user_id=f"u{k}", item_id=f"i{k}", outcome=k % 2, list_id=list_id)
        for k in range(n)
    ]


def served(list_id: str) -> ServedList:
    return ServedList(
        list_id=list_id, user_id=None, served=time.time(), version=1, variant="dense", items=("i0", "i1"),
        scores=(1.0, 0.5), propensities=(1.0, 1.0), n_candidates=9,
    )  # fmt: skip


def say(text: str) -> None:
    os.write(1, text.encode() + b"\n")  # one call of the system, so that a kill leaves no half line in a buffer


def load(log: FeedbackLog, prefix: str) -> None:
    def call(caller: int) -> None:
        for number in range(10**9):
            name = f"{prefix}-{caller}-{number}"
            list_id = f"l-{name}" if number % 10 == 0 else None
            if list_id is not None:
                log.note_list(served(list_id))
            sent = events(name, list_id=list_id)
            log.append(sent).result()
            say(" ".join(event.event_id for event in sent))

    for caller in range(8):
        threading.Thread(target=call, args=(caller,)).start()


def one(log: FeedbackLog) -> None:
    say("ready")
    for number in range(20):
        log.append(events(str(number))).result()
        say(f"acknowledged {number}")
    log.close()


def full(log: FeedbackLog) -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    size = max(path.stat().st_size for path in log._store.path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40_000, hard))
    kept, refused, number = [], [], 0
    while len(refused) < 3:
        try:
            kept += [e.event_id for e in log.append(events(f"a{number}", 40)).result().new]
        except WorkspaceError as problem:
            refused.append(problem.key)
        number += 1
    log.note_list(served("while-full"))
    time.sleep(0.05)
    waiting = log.queue_depth
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    kept += [e.event_id for e in log.append(events("later", 2, "while-full")).result().new]
    log.close()
    say(json.dumps({"kept": kept, "refused": refused, "waiting": waiting}))


def main() -> None:
    log = FeedbackLog.open(Path(sys.argv[1]))
    {"load": lambda: load(log, sys.argv[3]), "one": lambda: one(log), "full": lambda: full(log)}[sys.argv[2]]()


if __name__ == "__main__":
    main()
