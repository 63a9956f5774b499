"""What segments of users can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "segment.name": (
        "{name!r} is no name for a segment; take 1 to {longest} printable characters, without blanks around them."
    ),
    "segment.nothing": "segment {name!r} needs conditions or users, one of the two.",
    "segment.condition": (
        "segment {name!r}: the condition on {column} is neither a range of two numbers, the smaller one first,"
        " nor a list of values."
    ),
    "segment.where": (
        "{text!r} holds no conditions; write COLUMN:LOW..HIGH or COLUMN:VALUE|VALUE, several with ';' between them."
    ),
    "segment.unsaved": "users are given but no name; say --save NAME.",
    "segment.unknown": "no segment {name!r} in {workspace}; it has {known}.",
    "segment.none": "no segment {name!r} in {workspace}; none is saved there.",
    "segment.column": "segment {name!r}: the users of {workspace} have no column {column!r}; they have {known}.",
    "segment.users": "segment {name!r}: {n} of its users {n|is|are} not in {workspace}, such as {first}.",
    "segments.damaged": (
        "{file} cannot be used ({reason}); mend it or move it away. Everything but the segments still works."
    ),
    "reason.segment_twice": "two segments have the same name",
}
