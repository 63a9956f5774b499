"""The core's own family of errors: a message key, its values, and the English sentence.

The command line prints ``str(error)``; the dashboard looks ``error.key`` up in its own
language and falls back to the same English sentence.
"""

from __future__ import annotations

from recsys_core.messages import MESSAGES


class RecLensError(Exception):
    """Something a person can mend. ``key`` names the sentence in ``messages.MESSAGES``.

    >>> str(RecLensError("user.unknown", user="99999", workspace="shop demo"))
    'No user 99999 in shop demo. Pick another.'
    """

    def __init__(self, key: str, /, **values: object) -> None:
        self.key = key
        self.values = values
        super().__init__(MESSAGES[key].format(**values))


class DataError(RecLensError):
    """A table cannot be used as it is; the message names file, row, column and the fix."""


class WorkspaceError(RecLensError):
    """A workspace or artifact is missing, damaged or foreign."""


class SettingError(RecLensError):
    """An argument or control holds a value that cannot be used."""
