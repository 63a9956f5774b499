"""What the reasons of a gap can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "gap_reasons.one_group": (
        "column {column}: fewer than two groups of {least} users or more have a figure, so there is no gap to split;"
        " choose another column."
    ),
    "gap_reasons.group": "no group {group!r} of {least} users or more has a figure; there are: {known}.",
    "gap_reasons.two": "a gap is between two different groups, got {groups}.",
}
