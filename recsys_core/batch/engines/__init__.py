"""The registry of engines: a file an engine, found by its name.

A file here defines ``run(partitions, job, processes, told)``, which generates an `Outcome` a partition in any order.
``told`` a partition's name and how many of its users are done, where the engine can say so. Closed by its caller it
ends early, and leaves no process behind.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from recsys_core.batch.users import Partition
    from recsys_core.batch.worker import Job, Outcome

Told = Callable[[str, int], object]
Engine = Callable[["list[Partition]", "Job", int, Told], "Generator[Outcome]"]
DEFAULT = "local"
ENGINES = tuple(sorted(module.name for module in iter_modules(__path__)))


def engine(name: str) -> Engine:
    """The engine of a name of ``ENGINES``; its file is imported now."""
    found: Engine = import_module(f"{__name__}.{name}").run
    return found
