"""What the service can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "serve.body": "{field} {problem}.",
    "serve.problem.missing": "is missing",
    "serve.problem.extra": "is no field of this body",
    "serve.problem.text": "must be a text",
    "serve.problem.unicode": "holds half of a character (a lone surrogate)",
    "serve.problem.empty": "must have {least} {least|character|characters} at least",
    "serve.problem.long": "must have {most} characters at most",
    "serve.problem.whole": "must be a whole number",
    "serve.problem.number": "must be a number",
    "serve.problem.finite": "must be a finite number",
    "serve.problem.yes_or_no": "must be true or false",
    "serve.problem.list": "must be a list",
    "serve.problem.object": "must be an object",
    "serve.problem.few": "must hold {least} {least|entry|entries} at least",
    "serve.problem.many": "must hold {most} entries at most",
    "serve.problem.least": "must be {least} at least",
    "serve.problem.most": "must be {most} at most",
    "serve.problem.nobody": "says of nobody: user_id, attributes or history is needed",
    "serve.problem.other": "cannot be used ({kind})",
    "serve.content_type": "the body must be application/json, not {value}.",
    "serve.utf8": "the body is no UTF-8 (byte {place}).",
    "serve.json": "the body is no JSON (character {place}).",
    "serve.deep": "the body is nested too deeply.",
    "serve.digits": "the body holds a number with too many digits.",
    "serve.twice": "the body says {name} twice in one object.",
    "serve.not_finite": "the body holds {value}, which is no number of JSON.",
    "serve.size": "the body is too long: {most} bytes at most. Send it in parts.",
    "serve.event_item": "events[{place}] ({event}): no item {item} in the data that are served.",
    "serve.event_outcome": "events[{place}] ({event}): outcome is {value}, and must be 0 or 1.",
    "serve.event_rating": "events[{place}] ({event}): outcome is {value}, and must lie between {low} and {high}.",
    "serve.reasons": "k is {k}: with reasons it may be {most} at most.",
    "serve.excluded": "{n} {n|id|ids} to exclude {n|is|are} of no item of these data.",
    "serve.not_noted": "the log could not take this list: send feedback on its items without a list.",
    "serve.busy": "{limit} requests are being answered or wait already. Come back later.",
    "serve.rate": "more than {rate} requests a second. Come back later.",
    "serve.no_key": "this service asks for a key in the header X-API-Key (or Authorization: Bearer).",
    "serve.host": "this service answers to this machine's own names only. Start it with --host and a key for others.",
    "serve.no_route": "no address {path}. /openapi.json lists them.",
    "serve.method": "{path} does not take {method}; it takes {allowed}.",
    "serve.unexpected": "something unexpected happened ({kind}); the service's own output says what.",
    "serve.draining": "the service is ending. Ask another one.",
    "serve.keys_wanted": (
        "--host {host} can be reached from outside: give the keys of those who may ask by --key-file, a line each, "
        "or one in {variable}."
    ),
    "serve.no_keys": "{path} holds no key. Write one a line, such as the output of 'openssl rand -hex 24'.",
    "serve.key": (
        "line {line}: a key has {least} characters at least, plain letters and digits without blanks, such as the "
        "output of 'openssl rand -hex 24'."
    ),
    "serve.port": "{host} port {port} cannot be listened on: {reason}. Take another --port.",
    "serve.replaced": "model {model} was replaced while it was read.",
    "serve.other_data": (
        "{path} holds other data now than those that are served: the old version goes on. Start the service again to "
        "serve the new one."
    ),
    "serve.load": "the version that should be served cannot be opened ({kind}: {reason}): the old one goes on.",
    "serve.answers": "version {version} gives scores that are no numbers.",
}
