"""What the comparison of architectures can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "stage.designs": "training design {at} of {n}",
}
