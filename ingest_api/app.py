"""The application: routes, the edge around them, and the errors that the framework raises, as problems."""

from collections.abc import Iterable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import BodyTooLarge, InvalidRequest, ProductError
from ingest_api import access, openapi, problems
from ingest_api.middleware import Edge
from ingest_api.refusals import MethodNotAllowed, UnknownRoute
from ingest_api.routes import ROUTERS, events, knowledge
from ingest_api.wiring import Services

VERSION: Final = "1"


def create_app(services: Services) -> Edge:
    """Build the app over open services: the edge, and the routes behind it. Nothing is started.

    Raises RuntimeError for a route that the table of `access` does not know.
    """
    app, intake = _routed_app(services)
    return Edge(
        app,
        telemetry=services.telemetry,
        access_log=services.access_log,
        fast={events.PATH: intake},
        limits={knowledge.SOURCES_PATH: services.settings.knowledge.kb_max_document_bytes + knowledge.FORM_BYTES},
    )


def _routed_app(services: Services) -> tuple[FastAPI, events.EventIntake]:
    app = _bare_app()
    app.state.services = services
    intake = _event_intake(services)
    app.router.routes.insert(0, Route(events.PATH, intake, methods=["POST"]))
    if undecided := access.find_undecided(routes_of(app)):
        raise RuntimeError(f"routes without a line in ingest_api/access.py: {undecided}")
    for kind in (RequestValidationError, HTTPException, ProductError, Exception):
        app.add_exception_handler(kind, answer_error)
    openapi.install(app)
    return app, intake


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document; needs no store and no settings."""
    return openapi.build_document(_bare_app())


def _bare_app() -> FastAPI:
    app = FastAPI(
        title="Onboarding agent",
        version=VERSION,
        description=openapi.DESCRIPTION,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    return app


def _event_intake(services: Services) -> events.EventIntake:
    return events.EventIntake(
        keyring=services.keyring,
        tokens=services.tokens,
        quota=services.quota,
        appender=services.appender,
        telemetry=services.telemetry,
        shards=services.settings.store.stream_shards,
    )


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Return every (method, path template) that the app answers, but for HEAD, which goes with GET."""
    return [
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer any error of a route with its problem."""
    problem = problems.answer(translate(error), request.scope["exchange"])
    response = Response(problem.body, problem.status)
    response.raw_headers = problem.headers
    return response


def translate(error: Exception) -> Exception:
    """Return our error for one of the framework's, and any other as it is."""
    if isinstance(error, RequestValidationError):
        return InvalidRequest(errors=list(_faults(error.errors())))
    if not isinstance(error, HTTPException):
        return error
    status = error.status_code
    known: dict[int, ProductError] = {404: UnknownRoute(), 405: MethodNotAllowed(), 413: BodyTooLarge()}
    return known.get(status) or (InvalidRequest() if status < 500 else ProductError())


def _faults(errors: Iterable[Any]) -> Iterable[dict[str, str]]:
    """Name field and fault, never the value: it may be personal."""
    for error in errors:
        yield {"field": ".".join(map(str, error["loc"])), "detail": str(error["msg"])}
