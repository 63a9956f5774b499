"""Results that are worked out once for all sessions and kept, the least recently used dropped first."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition
from typing import Any, TypeVar

from cachetools import LRUCache, cached

Function = TypeVar("Function", bound=Callable)


def lru_shared(limit: int) -> Callable[[Function], Function]:
    """Keep at most ``limit`` results by argument; what two sessions ask at once is worked out once.

    Arguments must be hashable, results are shared and must not be changed. Errors are not kept. Streamlit's
    own caches do the same at half a millisecond a look, fifteen times a page.
    """

    def keep(function: Function) -> Function:
        return cached(LRUCache(limit), condition=Condition())(function)

    return keep


def known(function: Callable, *arguments: object) -> Any:
    """What a shared function has for these arguments already; None where it was never asked, or has forgotten."""
    with function.cache_condition:  # type: ignore[attr-defined]
        return function.cache.get(function.cache_key(*arguments))  # type: ignore[attr-defined]
