"""What the feedback log can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "feedback.locked": (
        "{path} is written by another process already ({process}): one service writes a workspace's feedback. "
        "Stop that one first."
    ),
    "feedback.foreign": (
        "{path} is no feedback log of RecLens, and is left as it is. Move it away, and a new log begins."
    ),
    "feedback.newer": (
        "{path} has format {found}, and this RecLens knows formats up to {known}. Use the RecLens that wrote it."
    ),
    "feedback.damaged": (
        "{path} is damaged ({reason}), and is left as it is. Put a copy back, or move it away, and a new log begins."
    ),
    "feedback.unreadable": "{path} cannot be opened ({reason}). Look at its permissions.",
    "feedback.sqlite": (
        "the feedback log needs SQLite {least} or newer, as older ones may lose rows, and this Python brings {found}. "
        "Install the package apsw as requirements.txt names it."
    ),
    "feedback.full": (
        "{path} cannot be written ({reason}): the disk is full or fails. Nothing of this feedback was kept; "
        "send it again later."
    ),
    "feedback.moved": (
        "{path} was moved or removed while the service wrote it: this feedback may be lost. Start the service again, "
        "and send it again."
    ),
    "feedback.busy": (
        "{waiting} rows of feedback wait for the disk already, and {limit} are the most. Send it again later."
    ),
    "feedback.closed": "the feedback log is closed. Send it again later.",
    "feedback.list": "event {event}: no list {list} was served. Leave list_id out where it stood on none.",
    "feedback.list_user": "event {event}: list {list} was not served to user {user}.",
    "feedback.event": "event {event}: {field} is {value}, and must be {wanted}.",
    "feedback.wanted.text": "a text of 1 to {most} characters",
    "feedback.wanted.number": "a finite number",
    "feedback.sealed_more": (
        "{path} holds {sealed} events of that day, and the log only {found}: it is left as it is. Move it away to seal "
        "the day again."
    ),
}
