"""Session files: a what-if session as JSON and back, for more edits than an address holds.

::

    {"format": "reclens-what-if-1", "dataset": "<fingerprint>", "user": "17", "item": null,
     "edits": [{"set": "user.age", "value": 30.0}, {"add": "i4"}, {"take_off": "i9"}],
     "pins": [{"name": "A", "edits": []}]}

``null`` for a user or an item is a new one. What a file says is checked against the data and the model like what a
person types; nothing in it is run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from recsys_core.errors import DataError, phrase
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results.edits import AddItem, Edit, SetColumn, TakeOffItem
from recsys_core.results.what_if_session import Pin, WhatIfSession
from recsys_core.what_if.edit_text import keyed_edit
from recsys_core.what_if.edits import check_history_edits

FORMAT = "reclens-what-if-1"
MOST_BYTES = 5_000_000
MOST_EDITS = 1_000  # of a session and of each pin


def session_bytes(session: WhatIfSession, dataset_fingerprint: str) -> bytes:
    """The file of a session over the dataset with this fingerprint (`TrainedModel.data_fingerprint`)."""
    about = {
        "format": FORMAT,
        "dataset": dataset_fingerprint,
        "user": session.user_id,
        "item": session.item_id,
        "edits": [_to_json(edit) for edit in session.edits],
        "pins": [{"name": pin.name, "edits": [_to_json(edit) for edit in pin.edits]} for pin in session.pins],
    }
    return json.dumps(about, indent=1, ensure_ascii=False).encode()


def read_session(data: bytes, model: TrainedModel, *, file: str) -> WhatIfSession:
    """The session that a file holds, checked against the model's data; ``file`` is what messages call it.

    Raises
    ------
    DataError
        ``session.foreign`` for a file of something else, ``session.damaged`` for one that cannot be read whole,
        ``session.other_data`` for one of another dataset.
    RecLensError
        ``user.unknown``, ``item.unknown``, and where an edit is none or does not fit (`column_edit`,
        `check_history_edits`).
    """
    about = _document(data, file)
    if about.get("dataset") != model.data_fingerprint:
        raise DataError("session.other_data", file=file, workspace=model.workspace)
    try:
        user_id, item_id = (_id_or_none(about[side]) for side in ("user", "item"))
        parts = [("", about["edits"]), *((_text(pin["name"]), pin["edits"]) for pin in _list(about["pins"]))]
        said = [(name, [_said(edit) for edit in _list(edits)]) for name, edits in parts]
    except (KeyError, TypeError):
        _damaged(file)
    if max(len(edits) for _, edits in said) > MOST_EDITS or len(said) > MOST_EDITS:
        raise DataError("session.too_many", file=file, most=MOST_EDITS)
    read = [Pin(name, tuple(_edit(*edit, model) for edit in edits)) for name, edits in said]
    session = WhatIfSession(user_id, item_id, read[0].edits, tuple(read[1:]))
    check_session(session, model)
    return session


def read_session_file(path: Path, model: TrainedModel) -> WhatIfSession:
    """`read_session` of a file on this disk; raises ``OSError`` where it cannot be read."""
    if "\0" in str(path):  # no file has such a name
        raise DataError("session.foreign", file=ascii(path.name))
    with path.open("rb") as file:
        return read_session(file.read(MOST_BYTES + 1), model, file=path.name)


def check_session(session: WhatIfSession, model: TrainedModel) -> None:
    """Raise ``RecLensError`` where a user or an item is unknown, or edits do not fit the user's history."""
    item = -1 if session.item_id is None else model.item_index(session.item_id)
    held = np.zeros(0, dtype=np.int64)
    if session.user_id is not None:
        user = model.user_index(session.user_id)
        held = model.split_dataset.histories.known(np.array([user]), "test").csr().indices
    for edits in (session.edits, *(pin.edits for pin in session.pins)):
        check_history_edits(edits, item_index=item, held=held, user_id=session.user_id or "-")


def _document(data: bytes, file: str) -> dict[str, Any]:
    try:
        found = json.loads(data.decode()) if len(data) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        if FORMAT.encode() in data[:200]:  # ours, but cut off
            _damaged(file)
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise DataError("session.foreign", file=file)
    return found


def _damaged(file: str) -> NoReturn:
    raise DataError("session.damaged", file=file, reason=phrase("reason.unreadable"))


def _to_json(edit: Edit) -> dict[str, Any]:
    if isinstance(edit, SetColumn):
        return {"set": edit.player.key, "value": edit.value}
    return {"add" if isinstance(edit, AddItem) else "take_off": edit.item_id}


def _said(edit: Any) -> tuple[str, str, str | float | None]:
    """Kind, column or item, and value of an edit as it stands in a file. Raises ``KeyError`` or ``TypeError``."""
    kind = next(kind for kind in ("set", "add", "take_off", "") if kind in edit or not kind)
    if kind == "set":
        value = edit["value"]
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            value = _text(value)
        return kind, _text(edit["set"]), value
    return kind, _text(edit[kind]), None


def _edit(kind: str, what: str, value: str | float | None, model: TrainedModel) -> Edit:
    if kind == "set":
        return keyed_edit(what, value, model.dataset, model.features)
    return (AddItem if kind == "add" else TakeOffItem)(model.item_index(what), what)


def _id_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or value != value.encode("utf-8", "replace").decode():
        raise TypeError
    return value


def _list(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value
