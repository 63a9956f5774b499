"""Refusals: the status, key and sentence of everything that the service does not answer."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import JSONResponse

from recsys_core.errors import Phrase, RecLensError, SettingError

UNKNOWN = ("user.unknown", "item.unknown")
BUSY = ("feedback.busy", "feedback.full")  # of the log: come back later
RETRY_SECONDS = 1


class Refused(RecLensError):
    """A request that is not answered, with the status that says why."""

    def __init__(self, status: int, key: str, /, **values: object) -> None:
        super().__init__(key, **values)
        self.status = status
        self.fields: list[tuple[str, Phrase]] = []
        self.retry_after: int | None = None

    def later(self, seconds: int) -> Refused:
        """The same, saying when to come back."""
        self.retry_after = seconds
        return self


class Json(JSONResponse):
    """JSON by ``orjson``; a figure that is not finite becomes null."""

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


def status_of(error: RecLensError) -> int:
    """404 for what is not known, 503 for a log that cannot take more now, 422 for a value, 500 for the rest."""
    if isinstance(error, Refused):
        return error.status
    if error.key in UNKNOWN:
        return 404
    if error.key.startswith("feedback.") and not isinstance(error, SettingError):
        return 503
    return 422 if isinstance(error, SettingError) else 500


def answer_of(error: RecLensError) -> Json:
    """The answer that says an error."""
    said: dict[str, Any] = {"error": error.key, "message": str(error)}
    headers = {}
    status, retry_after = status_of(error), getattr(error, "retry_after", None)
    if isinstance(error, Refused) and error.fields:
        said["fields"] = [{"field": field, "problem": str(problem)} for field, problem in error.fields]
    if retry_after is None and status == 503:
        retry_after = RETRY_SECONDS
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return Json(said, status, headers)
