"""Progress of long work: the name of its stage and the share of it that is done, told to whoever listens."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]


def silent(stage: str, share: float) -> None:
    """Progress that nobody watches."""
