"""Every sentence the core can say, in English, by key; the dashboard's `presentation/texts` say them in Chinese.

One module an area with a dictionary ``MESSAGES``; all are joined.
"""

from __future__ import annotations

import importlib
import pkgutil


def _joined() -> dict[str, str]:
    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(__path__):
        messages = importlib.import_module(f"{__name__}.{module.name}").MESSAGES
        twice = found.keys() & messages.keys()
        if twice:
            raise ValueError(f"messages/{module.name}.py: keys defined twice: {sorted(twice)}")
        found |= messages
    return found


MESSAGES = _joined()
