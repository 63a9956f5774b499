"""JSON bodies: read strictly, so that what a program means is what it says, and checked against their schema."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from recsys_core.errors import Phrase, phrase
from recsys_core.serving.refusals import Refused

Body = TypeVar("Body", bound=BaseModel)
MOST_NAMED = 10  # faults of a body that are named
LONGEST_NAME = 60
PROBLEMS = {  # pydantic's kinds of faults, and the phrases that say them
    "missing": "serve.problem.missing",
    "extra_forbidden": "serve.problem.extra",
    "string_type": "serve.problem.text",
    "string_unicode": "serve.problem.unicode",
    "string_too_short": "serve.problem.empty",
    "string_too_long": "serve.problem.long",
    "int_type": "serve.problem.whole",
    "float_type": "serve.problem.number",
    "finite_number": "serve.problem.finite",
    "bool_type": "serve.problem.yes_or_no",
    "list_type": "serve.problem.list",
    "dict_type": "serve.problem.object",
    "model_type": "serve.problem.object",
    "too_short": "serve.problem.few",
    "too_long": "serve.problem.many",
    "greater_than_equal": "serve.problem.least",
    "less_than_equal": "serve.problem.most",
    "nobody": "serve.problem.nobody",
}
CONTEXT = {"max_length": "most", "min_length": "least", "ge": "least", "le": "most"}


async def read_body(request: Request, schema: type[Body]) -> Body:
    """The request's body as ``schema``.

    Raises ``Refused``: 415 for another kind of content, 400 for what is no JSON, 422 naming each field that is wrong.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "serve.content_type", value=kind[:LONGEST_NAME] or "-")
    found = parse(await request.body())
    try:
        return schema.model_validate(found)
    except ValidationError as wrong:
        raise _named(wrong) from None


def parse(raw: bytes) -> Any:
    """What the bytes say.

    Raises ``Refused`` (400) for other than UTF-8 and JSON as its standard has it: ``NaN``, a key that is said twice,
    lone surrogates and nesting without end are none.
    """
    try:
        text = raw.decode("utf-8")
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError as wrong:
        raise Refused(400, "serve.utf8", place=wrong.start) from None
    except json.JSONDecodeError as wrong:
        raise Refused(400, "serve.json", place=wrong.pos) from None
    except RecursionError:
        raise Refused(400, "serve.deep") from None
    except ValueError:  # a whole number of thousands of digits
        raise Refused(400, "serve.digits") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(400, "serve.twice", name=shown(twice))
    return found


def _no_number(word: str) -> NoReturn:
    raise Refused(400, "serve.not_finite", value=word)


def shown(name: object) -> str:
    """What somebody sent, short enough and safe for a sentence."""
    text = str(name).encode("utf-8", "backslashreplace").decode()
    return re.sub(r"[\x00-\x1f\x7f]", "?", text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…")


def _named(wrong: ValidationError) -> Refused:
    """Every fault by its field (``events[3].outcome``), the first of them in the sentence."""
    faults: dict[str, Phrase] = {}
    for fault in wrong.errors(include_url=False, include_input=False):
        faults.setdefault(_field(fault["loc"]), _problem(fault["type"], fault.get("ctx", {})))
    named = list(faults.items())[:MOST_NAMED]
    field, problem = named[0]
    error = Refused(422, "serve.body", field=field, problem=problem)
    error.fields = named
    return error


def _problem(kind: str, context: dict[str, Any]) -> Phrase:
    if kind not in PROBLEMS:
        return phrase("serve.problem.other", kind=kind)
    values = {name: context[said] for said, name in CONTEXT.items() if said in context}
    return phrase(PROBLEMS[kind], **values)


def _field(place: tuple[int | str, ...]) -> str:
    """Where in the body; the kinds of a union that pydantic adds behind an attribute's name are left out.

    >>> _field(("events", 3, "outcome")), _field(()), _field(("attributes", "age", "float"))
    ('events[3].outcome', 'body', 'attributes.age')
    """
    named = place[:2] if place[:1] == ("attributes",) else place
    return "".join(f"[{p}]" if isinstance(p, int) else f".{shown(p)}" for p in named).lstrip(".") or "body"
