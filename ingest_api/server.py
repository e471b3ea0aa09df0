"""The process of the API: uvicorn around the app, settings from the environment, a graceful stop on SIGTERM.

Writes nothing to stdout; logs go to stderr. Several workers share one listening socket.
"""

import gc
import logging
import os
import signal
import tempfile
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from core import logs
from core.settings import (
    ApiSettings,
    ConversationSettings,
    LlmSettings,
    LogSettings,
    SecuritySettings,
    StoreSettings,
    load,
)
from ingest_api.app import create_app
from ingest_api.wiring import Settings, open_services
from knowledge.settings import KnowledgeSettings

DRAIN_SECONDS: Final = 10
"""Time that requests under way are given on a stop."""
HUNG_SECONDS: Final = 60
"""Time in which one of several workers must answer its parent before it is replaced. A busy machine takes many seconds
to import what a worker needs, and one that is killed meanwhile begins anew, for ever."""
_log = logging.getLogger(__name__)


def load_settings() -> Settings:
    """Read all settings from the environment; raises SettingsError with one readable line."""
    return Settings(
        load(StoreSettings),
        load(SecuritySettings),
        load(ApiSettings),
        load(LogSettings),
        load(KnowledgeSettings),
        load(ConversationSettings),
        load(LlmSettings),
    )


class Application:
    """Opens the services when the server starts, serves, and closes them when it stops (ASGI lifespan).

    `failure` is why they could not be opened.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()
        self._app: ASGIApp = _not_started
        self.failure: Exception | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request, or follow the server's life."""
        return self._live(receive, send) if scope["type"] == "lifespan" else self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            services = await self._stack.enter_async_context(open_services(self._settings))
            self._app = create_app(services)
        except Exception as error:
            self.failure = error
            _log.critical("api.start_failed", extra={"reason": str(error)})
            await send({"type": "lifespan.startup.failed", "message": ""})
            return
        _settle_memory()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stack.aclose()
        await send({"type": "lifespan.shutdown.complete"})


async def _not_started(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("the server has not started")


def _settle_memory() -> None:
    """Take what was built at the start out of the collector's sight, and let it look less often.

    A request leaves no cycles behind; with the defaults, looking for them takes several per cent of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def build_application() -> Application:
    """Return the app of one worker process (uvicorn's factory)."""
    settings = load_settings()
    logs.configure("api", level=settings.log.log_level, form=settings.log.log_format)
    return Application(settings)


def run() -> None:
    """Serve until SIGTERM or SIGINT; raises SettingsError before anything starts, and why a start failed."""
    settings = load_settings()
    logs.configure("api", level=settings.log.log_level, form=settings.log.log_format)
    for stop in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises the signal again after its graceful stop
        signal.signal(stop, lambda *_: None)
    options = server_options(settings.api)
    if settings.api.api_workers == 1:
        application = Application(settings)
        server = uvicorn.Server(uvicorn.Config(application, **options))
        server.run()
        if not server.started:
            raise application.failure or SystemExit(3)
        return
    with tempfile.TemporaryDirectory(prefix="oa-api-metrics-") as directory:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        uvicorn.run("ingest_api.server:build_application", factory=True, workers=settings.api.api_workers, **options)


def server_options(settings: ApiSettings) -> dict[str, Any]:
    """Return uvicorn's options."""
    return {
        "host": settings.api_host,
        "port": settings.api_port,
        "loop": "uvloop",
        "http": "httptools",
        "interface": "asgi3",
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "timeout_graceful_shutdown": DRAIN_SECONDS,
        "timeout_worker_healthcheck": HUNG_SECONDS,
        "backlog": 4096,
    }


if __name__ == "__main__":
    run()
