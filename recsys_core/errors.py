"""The core's own family of errors: a message key, its values, and the English sentence.

The command line prints ``str(error)``; the dashboard looks ``error.key`` up in its own
language and falls back to the same English sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from recsys_core.messages import MESSAGES

_PLURAL = re.compile(r"\{(\w+)\|([^{}|]*)\|([^{}|]*)\}")


def filled(template: str, values: dict[str, object]) -> str:
    """A sentence with its values; ``{n|item|items}`` takes the first word where ``n`` is 1, else the second.

    >>> filled("{n} {n|row was|rows were} passed over", {"n": 1})
    '1 row was passed over'
    >>> filled("{n} {n|row was|rows were} passed over", {"n": 3})
    '3 rows were passed over'
    """

    def word(found: re.Match) -> str:
        name, one, other = found.groups()
        return one if str(values[name]) == "1" else other

    return _PLURAL.sub(word, template).format(**values)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a sentence that has words of its own: a message key and its values, English when formatted.

    Values of errors and warnings never hold English fragments; they hold numbers, raw data, or
    one of these, which the dashboard says in its own language.

    >>> f"{Phrase('what.workspace')}"
    'a workspace'
    """

    key: str
    values: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        return filled(MESSAGES[self.key], dict(self.values))

    def __format__(self, form: str) -> str:
        return str(self)


def phrase(key: str, /, **values: object) -> Phrase:
    """The part of a sentence with this key; see `Phrase`."""
    return Phrase(key, tuple(values.items()))


def values_to_json(values: dict[str, object]) -> dict[str, object]:
    """A message's values as plain JSON; a phrase becomes ``{"phrase": key, "values": …}``.

    >>> values_to_json({"what": phrase("what.dataset"), "n": 3})
    {'what': {'phrase': 'what.dataset', 'values': {}}, 'n': 3}
    """
    return {
        k: {"phrase": v.key, "values": values_to_json(dict(v.values))} if isinstance(v, Phrase) else v
        for k, v in values.items()
    }


def values_from_json(data: dict[str, object]) -> dict[str, object]:
    """The inverse of `values_to_json`."""
    return {
        k: phrase(v["phrase"], **values_from_json(v["values"])) if isinstance(v, dict) and "phrase" in v else v
        for k, v in data.items()
    }


class RecLensError(Exception):
    """Something a person can mend. ``key`` names the sentence in ``messages.MESSAGES``.

    >>> str(RecLensError("user.unknown", user="99999", workspace="shop demo"))
    'No user 99999 in shop demo. Pick another.'
    """

    def __init__(self, key: str, /, **values: object) -> None:
        self.key = key
        self.values = values
        super().__init__(filled(MESSAGES[key], values))

    def __reduce__(self) -> tuple:
        """So that it arrives whole from another process."""
        return _made_again, (type(self), self.key, self.values)


def _made_again(kind: type[RecLensError], key: str, values: dict[str, object]) -> RecLensError:
    return kind(key, **values)


class DataError(RecLensError):
    """A table cannot be used as it is; the message names file, row, column and the fix."""


class WorkspaceError(RecLensError):
    """A workspace or artifact is missing, damaged or foreign."""


class SettingError(RecLensError):
    """An argument or control holds a value that cannot be used."""


def require(condition: bool, error: type[RecLensError], key: str, /, **values: object) -> None:
    """Raise ``error`` with this message unless the condition holds.

    >>> require(2 > 1, DataError, "train.one_item")
    """
    if not condition:
        raise error(key, **values)
