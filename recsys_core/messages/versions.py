"""What versions and decisions can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "versions.first": "version {version} is the first that was served: there is none to go back to.",
    "versions.replaced": (
        "version {version} is gone: model {model} was trained again since. Make a model current by hand."
    ),
    "versions.decision": "no decision {decision} in this workspace.",
}
