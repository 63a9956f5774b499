"""Application: the addresses of a service, what each takes and gives, as ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.telemetry import TelemetryConfig
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from recsys_core.errors import RecLensError
from recsys_core.serving import bodies
from recsys_core.serving.json_body import read_body, shown
from recsys_core.serving.keys import Keys
from recsys_core.serving.refusals import Json, Refused, answer_of
from recsys_core.serving.request_limits import RequestLimits, client_of
from recsys_core.serving.service import Service

VERSION = "1"  # of the addresses and bodies
EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
SCHEMA = "#/components/schemas/{model}"
NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, operation_spans=False)  # nothing leaves
OPEN_TO_ALL: dict[str, Any] = {"security": []}
WRONG_BODY = (400, 413, 415, 422)
ALWAYS = (401, 421, 429)  # of the limits around the application
Body = TypeVar("Body", bound=BaseModel)
Answer = Callable[[Body, Request], Awaitable[Any]]


def make_app(service: Service, *, keys: Keys | None = None, rate: float = 0.0) -> FastAPI:
    """The application that answers for a service.

    It opens and closes nothing: whoever made the service does. No page of it loads anything from elsewhere, and no
    body is validated on the way out (a test holds the answers against ``/openapi.json``).

    Parameters
    ----------
    keys
        Those of who may ask; without them only this machine's own names are answered to.
    rate
        Requests a second of one caller; 0 for no limit.
    """
    app = FastAPI(
        title="RecLens",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
    )
    _add_questions(app, service)
    _add_state(app, service, bool(keys))
    app.add_exception_handler(RecLensError, _refuse)
    app.add_exception_handler(HTTPException, _no_route)
    described = Json(_described(app, bool(keys))).body

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(described, media_type=Json.media_type)

    app.add_middleware(RequestLimits, metrics=service.metrics, keys=keys or Keys(), rate=rate)
    return app


def _add_questions(app: FastAPI, service: Service) -> None:
    def post(path: str, takes: type[Body], gives: type[BaseModel], answer: Answer[Body], also: tuple[int, ...]) -> None:
        async def handle(request: Request) -> Response:
            return Json(await answer(await read_body(request, takes), request))

        about = {"requestBody": {"required": True, "content": {Json.media_type: {"schema": _ref(takes)}}}}
        app.post(
            path,
            name=path[1:],
            description=takes.__doc__,
            responses=_responses(gives, *WRONG_BODY, *also),
            openapi_extra=about,
            response_class=Json,
        )(handle)

    b = bodies
    post("/recommend", b.RecommendBody, b.RecommendAnswer, lambda body, _: service.recommend(body), (404, 503))
    post("/score", b.ScoreBody, b.ScoreAnswer, lambda body, _: service.score(body), (404, 503))
    post("/explain", b.ExplainBody, b.ExplainAnswer, lambda body, _: service.explain(body), (404, 503))
    post(
        "/feedback",
        b.FeedbackBody,
        b.FeedbackAnswer,
        lambda body, r: service.feedback(body, client_of(r)),
        (503,),
    )


def _add_state(app: FastAPI, service: Service, has_keys: bool) -> None:
    @app.get("/version", responses=_responses(bodies.VersionAnswer), response_class=Json)
    async def version() -> Response:
        """What answers now."""
        return Json(service.version())

    @app.get("/healthz", responses=_responses(bodies.Alive), openapi_extra=OPEN_TO_ALL, response_class=Json)
    async def healthz() -> Response:
        """That the process answers at all."""
        return Json({"alive": True})

    @app.get("/readyz", responses=_responses(bodies.Ready, 503), openapi_extra=OPEN_TO_ALL, response_class=Json)
    async def readyz(request: Request) -> Response:
        """Whether it takes requests; what keeps a newer version from being served does not keep the old one from it."""
        if service.is_draining:
            raise Refused(503, "serve.draining")
        may_know = not has_keys or client_of(request)
        problem = service.watcher.problem if may_know else None
        said = problem and {"error": problem.key, "message": str(problem)}
        return Json({"ready": True, "version": service.watcher.engine.served.version, "problem": said})

    @app.get("/metrics", responses={200: {"content": {"text/plain": {}}}}, response_class=Response)
    async def metrics() -> Response:
        """Prometheus' text format."""
        return Response(service.metrics.exposition(), headers={"content-type": EXPOSITION})


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, RecLensError)
    return answer_of(error)


async def _no_route(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (404 and 405) in our words."""
    assert isinstance(error, HTTPException)
    allowed = (error.headers or {}).get("Allow", "")
    if error.status_code == 405:
        path, method = shown(request.url.path), shown(request.method)
        refused = Refused(405, "serve.method", path=path, method=method, allowed=allowed)
    else:
        refused = Refused(error.status_code, "serve.no_route", path=shown(request.url.path))
    answer = answer_of(refused)
    answer.headers.update(error.headers or {})
    return answer


def _responses(gives: type[BaseModel], *refusals: int) -> dict[int | str, dict[str, Any]]:
    refused: dict[int | str, dict[str, Any]] = {code: {"model": bodies.Refusal} for code in (*ALWAYS, *refusals)}
    return {200: {"model": gives}} | refused


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": SCHEMA.format(model=model.__name__)}


def _described(app: FastAPI, has_keys: bool) -> dict[str, Any]:
    """The description of all addresses, with the schemas of what is sent, which the routes do not name."""
    found = get_openapi(title=app.title, version=app.version, routes=app.routes)
    schemas = found["components"]["schemas"]
    for model in (bodies.RecommendBody, bodies.ScoreBody, bodies.ExplainBody, bodies.FeedbackBody):
        said = model.model_json_schema(ref_template=SCHEMA)
        schemas |= said.pop("$defs", {}) | {model.__name__: said}
    if has_keys:
        found["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
        found["security"] = [{"key": []}]
    return found
