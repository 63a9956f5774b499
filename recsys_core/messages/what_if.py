"""What edits of a person, a history or an item can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "side.user": "user",
    "side.item": "item",
    "edit.form": "{edit!r} is no edit; write user.COLUMN=VALUE or item.COLUMN=VALUE.",
    "edit.column": "{side} column {column!r} is unknown; the model reads {known}.",
    "edit.not_read": "the model does not read {side} column {column!r}, so an edit changes nothing; it reads {known}.",
    "edit.number": "{column} must be a number, got {value!r}.",
    "edit.value": "{column} has no value {value!r}; it is one of {known}.",
    "edit.twice": "{edit} is edited twice; say one of the two.",
    "edit.taken": "item {item} is in the history already, so it cannot be added.",
    "edit.not_taken": "item {item} is not in the history of user {user}, so it cannot be taken off.",
    "edit.itself": "item {item} is the one that is asked about; it cannot be added to the history.",
    "response.text": "{column} is a text, which has no values to run along; edit it instead.",
    "what_if.who": "say who is asked about: {wanted}, or --edits with a session file that says it.",
    "session.foreign": "{file}: this is no what-if session of RecLens.",
    "session.damaged": "{file}: the what-if session is damaged ({reason}).",
    "session.other_data": "{file}: this what-if session belongs to other data than workspace {workspace}.",
    "session.too_many": "{file}: the what-if session holds more than {most} edits.",
    "edit.note.beyond": "{column}={value} lies beyond the table's range; the model reads it as {end}.",
}
