"""What answers about people, as they are known now, can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "live.column": "user column {column!r} is unknown; there are: {known}.",
    "live.kind": "{column} must be {kind}, got {value}.",
    "live.kind.number": "a number",
    "live.kind.text": "a text",
    "live.kind.set": "a text, or a list of texts",
    "live.known_attributes": "user {user} is in the data, which say the attributes; send them for a new user only.",
    "live.note.popular": "nothing is known of this user: the items are ranked by how many people took them.",
    "live.note.value": "the model knows no {column} {value!r}; it is read as missing.",
    "live.note.fewer": "{n} {n|item is|items are} left to recommend, {k} were asked for.",
    "live.note.nothing_left": "every item has been met or is excluded: there is nothing to recommend.",
    "live.note.nothing_known": "nothing is known of this user: the score is that of a person without attributes or "
    "history.",
}
