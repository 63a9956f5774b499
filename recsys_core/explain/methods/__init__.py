"""The registry of explainers: a file a method, found by its name.

A file here defines ``METHOD``; nothing else names it. Its words are ``method.NAME``,
``method.short.NAME`` and, unless it answers with Shapley values, ``method.kind.NAME`` in both
languages; its test inherits the contract of all explainers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recsys_core.explain.method import Method

DEFAULT = "shapley"


class _Registry(Mapping[str, "Method"]):
    """Methods by name, the default first; a file is imported when it is looked up: a command line needs names alone."""

    def __init__(self) -> None:
        names = sorted(module.name for module in iter_modules(__path__))
        self._names = (DEFAULT, *(name for name in names if name != DEFAULT))

    def __getitem__(self, name: str) -> Method:
        if name not in self._names:
            raise KeyError(name)
        method: Method = import_module(f"{__name__}.{name}").METHOD
        return method

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


METHODS: Mapping[str, Method] = _Registry()
