"""What units, backgrounds and the trust in an explanation can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "explain.no_probability": (
        "a model of ratings predicts a place on the scale and no probability; use --units logit."
    ),
    "background.form": ("{value!r} is no background; write average, segment:NAME or item:ID."),
    "background.itself": "item {item} is the one that is explained; compare it with another item.",
    "background.no_segments": (
        "there are no segments here, so {segment!r} cannot be the background; use average or item:ID."
    ),
    "background.empty": (
        "no training example belongs to a user of segment {segment!r}, so it cannot be the background; choose another."
    ),
}
