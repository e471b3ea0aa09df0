"""The demo product's server: its pages, its sessions, its onboarding steps, and user tokens for the SDK.

Nothing here may depend on the agent being up: when the API is away, only the token route says so.
"""

import html
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from string import Template

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from local.demo.articles import load_articles, render_pages, sitemap
from local.demo.config import DemoConfig
from local.demo.contacts import summarise
from local.demo.headers import SecurityHeaders
from local.demo.journey import STEPS, Accepted, Journey, Outcome, OutOfOrder, Rejected, Unavailable, submit
from local.demo.sessions import Sessions, set_cookie
from local.demo.tokens import TokenUnavailable, mint_user_token

STATIC = Path(__file__).parent / "static"
MAX_BODY_BYTES = 256 * 1024
RETRY_AFTER_SECONDS = 2

log = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]


def create_app(config: DemoConfig) -> Starlette:
    """The demo product as an ASGI app; it needs no network until a page asks for a user token."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with httpx2.AsyncClient() as client:
            app.state.http = client
            yield

    page = _render_page(config)
    app = Starlette(
        routes=[
            *(Route(path, show_page) for path in ("/", *(f"/{step}" for step in STEPS))),
            Route("/session", show_session),
            Route("/session/reset", reset_session, methods=["POST"]),
            Route("/session/token", issue_token),
            Route("/session/steps/{step}", submit_step, methods=["POST"]),
            Route("/health", show_health),
            Route("/help/sitemap.xml", show_sitemap),
            Route("/help", show_help),
            Route("/help/{slug:path}", show_help),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(SecurityHeaders, config=config)],
        lifespan=lifespan,
    )
    app.state.config, app.state.sessions, app.state.page = config, Sessions(), page
    app.state.help = render_pages(load_articles(), config.company)
    return app


def run(config: DemoConfig) -> None:
    """Serve the demo product until a signal stops it."""
    uvicorn.run(create_app(config), host=config.host, port=config.port, log_level="warning", server_header=False)


async def show_page(request: Request) -> Response:
    """Every page is the same document; the router in the browser picks the view by the path."""
    return _with_session(request, lambda _journey: HTMLResponse(request.app.state.page))


async def show_session(request: Request) -> Response:
    """What the page draws from: who the visitor is, what is saved, which step comes next, and the report."""
    return _with_session(request, lambda journey: JSONResponse(_describe(journey)))


async def reset_session(request: Request) -> Response:
    """Start over as another visitor."""
    sessions: Sessions = request.app.state.sessions
    if found := sessions.find(request):
        sessions.forget(found[0])
    session_id, journey = sessions.open()
    response = JSONResponse(_describe(journey))
    set_cookie(response, session_id, secure=request.url.scheme == "https")
    return response


async def issue_token(request: Request) -> Response:
    """A user token for the SDK: 401 without a session, 503 when the API gives none."""
    found = request.app.state.sessions.find(request)
    if found is None:
        return _problem(401, "Your session has ended. Please reload the page.")
    try:
        minted = await mint_user_token(request.app.state.http, request.app.state.config, found[1].user_id)
    except TokenUnavailable as reason:
        log.warning("no user token: %s", reason)
        return _problem(503, "The guide is not available just now.", retry_after=RETRY_AFTER_SECONDS)
    return JSONResponse(minted.model_dump())


async def submit_step(request: Request) -> Response:
    """Complete one step with a JSON form: 200, 404 unknown step, 409 too early, 413, 415, 422 with errors, 503."""
    step = request.path_params["step"]
    if step not in STEPS:
        return _problem(404, "There is no such step.")
    # A form of another site cannot send this content type without a preflight, which nobody answers.
    if not request.headers.get("content-type", "").startswith("application/json"):
        return _problem(415, "Send the form as JSON.")
    body = await _read_body(request)
    if body is None:
        return _problem(413, f"This is too long. At most {MAX_BODY_BYTES // 1024} KB can be sent.")
    form = _parse_form(body)
    if form is None:
        return _problem(422, "Send the form as a JSON object.")
    return _apply(request, step, form)


async def show_health(_request: Request) -> Response:
    """The demo itself is up; says nothing about the agent."""
    return JSONResponse({"status": "ok"})


async def show_help(request: Request) -> Response:
    """A page of the help centre; 304 for a reader who has it."""
    page = request.app.state.help.get(request.path_params.get("slug", "").rstrip("/"))
    if page is None:
        return HTMLResponse("<!doctype html><title>Not found</title><h1>There is no such article</h1>", 404)
    headers = {"ETag": page.etag, "Content-Language": page.language}
    if request.headers.get("if-none-match") == page.etag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(page.body, headers=headers)


async def show_sitemap(request: Request) -> Response:
    """The addresses of all articles."""
    return Response(sitemap(load_articles(), str(request.base_url)), media_type="application/xml")


def _apply(request: Request, step: str, form: dict[str, object]) -> Response:
    sessions: Sessions = request.app.state.sessions
    found = sessions.find(request)
    if found is None:
        return _problem(401, "Your session has ended. Please reload the page.")
    outcome = submit(found[1], step, form)
    if isinstance(outcome, Accepted | Unavailable):
        sessions.save(found[0], outcome.journey)
    return _answer(outcome)


def _answer(outcome: Outcome) -> Response:
    match outcome:
        case Accepted(journey, first):
            return JSONResponse({**_describe(journey), "first_time": first})
        case Rejected(errors):
            return _problem(422, "Please check the marked fields.", errors=dict(errors))
        case OutOfOrder(current):
            return _problem(409, "Another step comes first.", current=current)
        case Unavailable():
            return _problem(
                503,
                "The import service did not answer. Nothing was imported: please try again.",
                retry_after=RETRY_AFTER_SECONDS,
            )


def _describe(journey: Journey) -> dict[str, object]:
    return {
        "user_id": journey.user_id,
        "steps": list(STEPS),
        "current": journey.current,
        "saved": {step: dict(values) for step, values in journey.saved.items()},
        "report": summarise(journey.contacts) if journey.contacts else None,
    }


def _with_session(request: Request, respond: Callable[[Journey], Response]) -> Response:
    sessions: Sessions = request.app.state.sessions
    if found := sessions.find(request):
        return respond(found[1])
    session_id, journey = sessions.open()
    response = respond(journey)
    set_cookie(response, session_id, secure=request.url.scheme == "https")
    return response


def _render_page(config: DemoConfig) -> str:
    values = {
        "company": config.company,
        "api_url": config.public_api_url,
        "ws_url": config.ws_url,
        "public_key": config.public_key,
    }
    escaped = {name: html.escape(value) for name, value in values.items()}
    return Template((STATIC / "index.html").read_text(encoding="utf-8")).substitute(escaped)


async def _read_body(request: Request) -> bytes | None:
    """The body, or None as soon as it is longer than allowed."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _parse_form(body: bytes) -> dict[str, object] | None:
    try:
        form = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return form if isinstance(form, dict) else None


def _problem(status: int, message: str, retry_after: int | None = None, **details: object) -> Response:
    headers = {"Retry-After": str(retry_after)} if retry_after else None
    return JSONResponse({"message": message, **details}, status_code=status, headers=headers)
