"""Plain HTTP beside the sockets: `/healthz`, `/readyz`, `/metrics`; every other path but `/ws/…` is a 404."""

from collections.abc import Callable
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

Ready = Callable[[], bool]


class Probes:
    """Answers requests that are not for a socket."""

    def __init__(self, ready: Ready) -> None:
        self._ready = ready

    def __call__(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return the answer, or None to let the opening handshake go on."""
        path = request.path.partition("?")[0]
        match path:
            case "/healthz":
                return connection.respond(HTTPStatus.OK, "ok\n")
            case "/readyz":
                well = self._ready()
                status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
                return connection.respond(status, "ready\n" if well else "not ready\n")
            case "/metrics":
                response = connection.respond(HTTPStatus.OK, generate_latest().decode())
                del response.headers["Content-Type"]
                response.headers["Content-Type"] = CONTENT_TYPE_LATEST
                return response
        return None if path.startswith("/ws/") else connection.respond(HTTPStatus.NOT_FOUND, "not found\n")
