"""What probing and flipping an attribute can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "leakage.one_group": (
        "column {column}: fewer than two groups of {least} users or more have a value, so a probe has nothing to tell"
        " apart; choose another column."
    ),
    "flips.made": "column {column} is made of what users took and cannot be set to another value; choose an attribute.",
    "flips.one_value": "column {column}: all users with a value are in one group, so there is no other value to set.",
    "flips.tolerance": "the tolerance of a changed score is a probability from 0 up to 1, got {value}.",
    "flips.crossed": "one column is flipped at a time, got {columns}.",
}
