"""The pages that are there: each script in ``pages/`` says itself what it is and what it reads from the address."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from dashboard.address_bar import AddressBar
from dashboard.parameters import FRAME, Parameter

FOLDER = Path(__file__).resolve().parents[1] / "pages"
Show = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Page:
    """A page as its script declares it.

    Attributes
    ----------
    name
        Its address; ``nav.NAME`` and ``nav.NAME.help`` are its title and what it answers.
    order
        Where it stands among the others; the first one lives at the bare address.
    show
        Draws it; gets the ``Frame``.
    parameters
        What it reads from the address beside the frame's own.
    below
        Draws what stands under it and follows no slider: in whole runs only.
    large_controls
        Whether it is about the compression settings: their controls then stand large in the page.
    """

    name: str
    order: int
    show: Show
    parameters: tuple[Parameter, ...] = ()
    large_controls: bool = False
    below: Show | None = None


_declared: ContextVar[Page | None] = ContextVar("page of the script that runs", default=None)


def page(
    name: str,
    *,
    order: int,
    parameters: tuple[Parameter, ...] = (),
    large_controls: bool = False,
    below: Show | None = None,
) -> Callable[[Show], Page]:
    """Decorator of the function that draws a page: hands the declaration to whoever runs the script."""

    def declare(show: Show) -> Page:
        found = Page(name, order, show, parameters, large_controls, below)
        _declared.set(found)
        return found

    return declare


def declared_by(run: Callable[[], object]) -> Page:
    """The page that a script declares while it runs.

    Raises ``LookupError`` where it declares none.
    """
    _declared.set(None)
    run()
    found = _declared.get()
    if found is None:
        raise LookupError("a page ends without @frame.page")
    return found


@cache
def pages() -> dict[str, Path]:
    """Scripts of all pages by name, in their order."""
    return {found.name: file for file, found in _declarations()}


@cache
def address_bar() -> AddressBar:
    """The parameters of the frame and of all pages."""
    return AddressBar(FRAME, {found.name: found.parameters for _, found in _declarations()})


@cache
def _declarations() -> list[tuple[Path, Page]]:
    found = [(file, declared_by(partial(runpy.run_path, str(file)))) for file in FOLDER.glob("*.py")]
    return sorted(found, key=lambda pair: pair[1].order)
