"""Registry of levers: a module each, in the order of `recsys_core.variant.LEVERS`, in which they are applied."""

from __future__ import annotations

from importlib import import_module

from recsys_core.compress.lever import Lever
from recsys_core.variant import LEVERS as NAMES
from recsys_core.variant import Compression

LEVERS: dict[str, Lever] = {name: import_module(f"{__name__}.{name}").LEVER for name in NAMES}


def set_levers(compression: Compression) -> list[Lever]:
    """The levers that the settings ask for, in the order in which they are applied."""
    return [lever for lever in LEVERS.values() if lever.is_set(compression)]


def leaves_zeros(compression: Compression) -> bool:
    """Whether a lever that is set leaves single weights at zero: then a mask is stored where that is smaller."""
    return any(lever.leaves_zeros for lever in set_levers(compression))
