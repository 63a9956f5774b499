"""What a comparison of explainers can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "explainers.stage": "explain {n} of {all} users by every method",
    "explainers.nobody": "nobody can be recommended anything, so there is nothing to explain.",
}
