"""A stand-in for the API, the gateway and a host's web server: does what the contract says, or misbehaves on demand.

The host's pages and the API have different origins (127.0.0.1 and localhost), so that CORS is as real as in production.
"""

import base64
import json
import mimetypes
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

KEY = "pk_test"
WAIT_SECONDS = 15.0


def token_for(user_id: str, lifetime: float = 3600) -> str:
    """Return an unsigned user token; the stand-in believes everybody."""
    parts = ({"alg": "none"}, {"sub": user_id, "company": "c1", "exp": int(time.time() + lifetime)}, "x")
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


def nudge(nudge_id: str, **more: Any) -> dict[str, Any]:
    """Return a nudge frame."""
    content = {
        "nudge_id": nudge_id,
        "nudge_type": "tooltip",
        "target_element": None,
        "title": "A tip",
        "body": f"About {nudge_id}",
        "actions": [],
        "language": "en",
        "dir": "ltr",
        "stuck_point": "somewhere",
        "expires_at": "2099-01-01T00:00:00Z",
    }
    return {"type": "nudge", "nudge": content | more}


@dataclass
class Request:
    """One request that reached the API."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Reply:
    """What the API answers; `body` is JSON."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Rule = Callable[[Request], Reply | None]
"""Answers a request out of turn, or leaves it to the usual course."""


def wait_until(
    condition: Callable[[], object], what: str, seconds: float = WAIT_SECONDS, pause: Callable[[], object] | None = None
) -> None:
    """Wait until a condition holds; the limit is a safety net, nothing is measured. `pause` lets a browser work on."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        if pause:
            pause()
        else:
            time.sleep(0.02)


class StandIn:
    """Servers in threads of this process; everything they saw can be asked."""

    def __init__(self, dist: Path) -> None:
        self.dist = dist
        self.requests: list[Request] = []
        self.accepted: list[dict[str, Any]] = []
        self.pages: dict[str, tuple[str, dict[str, str]]] = {}
        self.files: Callable[[str], bytes | None] = lambda path: None
        self.rule: Rule | None = None
        self.down = False
        self.nonce = ""
        self.sockets: list[ServerConnection] = []
        self.dialled: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []
        self.refuse: list[int] = []
        self.seq = 0
        self.epoch = "epoch-1"
        self.missed = 0
        self._durable: list[tuple[str, int, dict[str, Any]]] = []
        self._anonymous = 0
        # A request is seen by a test only once it is decided what it is answered.
        self._lock = threading.RLock()
        # Frames go out one after another, and an answer to a frame is sent before a test sees that frame.
        self._line = threading.RLock()

    # -- life ---------------------------------------------------------------------------------------------------------

    def __enter__(self) -> "StandIn":
        standin = self

        class Handler(_Handler):
            owner = standin

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._gateway: Server = serve(self._talk, "127.0.0.1", 0)
        # By itself the first would look twice a second only whether it is to stop.
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        threading.Thread(target=self._gateway.serve_forever, daemon=True).start()
        port = self._http.server_address[1]
        self.site, self.api = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        self.ws = f"ws://localhost:{self._gateway.socket.getsockname()[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gateway.shutdown()
        self._http.shutdown()
        self._http.server_close()

    # -- the host's pages ---------------------------------------------------------------------------------------------

    def host(
        self,
        body: str = "",
        *,
        path: str = "/",
        init: str | None = "{}",
        headers: dict[str, str] | None = None,
        tag: str = "crossorigin",
    ) -> str:
        """Put a page up that starts the SDK with the usual options and these, and return its address."""
        start = f"OnboardingAgent.init(Object.assign({self.options}, {init}));" if init is not None else ""
        self.pages[path + "?init"] = (start, {"Content-Type": "text/javascript"})
        nonce = f'nonce="{self.nonce}"' if self.nonce else ""
        sdk = f'<script {nonce} {tag} src="{self.api}/sdk/onboarding-agent-sdk.js"></script>'
        script = f'{sdk}<script {nonce} src="{path}?init"></script>'
        html = f"<!doctype html><html><head><title>Host</title>{script}</head><body>{body}</body></html>"
        self.pages[path] = (html, {"Content-Type": "text/html; charset=utf-8"} | (headers or {}))
        return self.site + path

    @property
    def options(self) -> str:
        """The usual options, as JavaScript."""
        return json.dumps({"apiKey": KEY, "apiUrl": self.api, "wsUrl": self.ws, "userToken": token_for("u1")})

    # -- what was seen ------------------------------------------------------------------------------------------------

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the accepted events of these types, each once, as the database would have them."""
        with self._lock:
            unique = {event["event_id"]: event for event in self.accepted}
        return [event for event in unique.values() if event["event_type"] in kinds]

    def posts(self, path: str = "/api/v1/events") -> list[Request]:
        """Return the requests to a path of the API, once it is decided what they are answered."""
        with self._lock:
            return [request for request in self.requests if request.method == "POST" and request.path == path]

    # -- the API ------------------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        """Return what the API says."""
        with self._lock:
            self.requests.append(request)
            ruled = self.rule(request) if self.rule and request.method == "POST" else None
            if ruled:
                return ruled
            if request.path == "/api/v1/events":
                return self._take(request)
            if request.path == "/api/v1/anonymous-tokens":
                if set(request.json) - {"token"}:
                    return Reply(422, {"code": "invalid_request"})
                self._anonymous += 1
                user_id = f"anon-{self._anonymous}"
                return Reply(
                    201, {"token": token_for(user_id), "user_id": user_id, "expires_at": "2099-01-01T00:00:00Z"}
                )
            return Reply(200, {"merged": True})

    def script(self, name: str) -> bytes:
        """Return one of the built scripts, or nothing."""
        return (self.dist / name).read_bytes()

    def _take(self, request: Request) -> Reply:
        batch = request.json
        bad = [index for index, event in enumerate(batch["events"]) if event["event_type"] == "bad"]
        if bad:
            errors = [{"index": index, "code": "invalid", "detail": "bad"} for index in bad]
            return Reply(422, {"code": "invalid_events", "errors": errors})
        if request.headers.get("X-API-Key", batch.get("api_key")) != KEY:
            return Reply(401, {"code": "unauthenticated"})
        self.accepted += batch["events"]
        return Reply(202, {"accepted": len(batch["events"])})

    # -- the gateway --------------------------------------------------------------------------------------------------

    def _talk(self, socket: ServerConnection) -> None:
        assert socket.request
        address = urlsplit(socket.request.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        self.dialled.append({"path": address.path, **query})
        if self.refuse:
            socket.close(self.refuse.pop(0))
            return
        with suppress(ConnectionClosed):
            with self._line:
                self._greet(socket, int(query["after"]) if query.get("epoch") == self.epoch else None)
                self.sockets.append(socket)
            for message in socket:
                with self._line:
                    self._hear(socket, json.loads(message))
        with self._line:
            if socket in self.sockets:
                self.sockets.remove(socket)

    def _greet(self, socket: ServerConnection, after: int | None) -> None:
        """Say hello; a page that resumes then gets the durable frames of this epoch that it has not seen."""
        seq, resumed = (self.seq, False) if after is None else (after, True)
        hello = {"type": "hello", "connection_id": "c", "epoch": self.epoch, "seq": seq, "resumed": resumed}
        missed = [frame for epoch, number, frame in self._durable if epoch == self.epoch and number > seq]
        for frame in [hello, *missed]:
            socket.send(json.dumps(frame))

    def _hear(self, socket: ServerConnection, frame: dict[str, Any]) -> None:
        if frame["type"] == "ping":
            socket.send('{"type":"pong"}')
        else:
            self.frames.append(frame)

    def push(self, frame: dict[str, Any]) -> None:
        """Send a durable frame to every open socket, and to one that resumes later."""
        with self._line:
            self.seq += 1
            numbered = frame | {"seq": self.seq}
            self._durable.append((self.epoch, self.seq, numbered))
            self.tell(numbered)

    def tell(self, frame: dict[str, Any]) -> None:
        """Send a frame to every open socket; one that a closing page just let go of gets nothing."""
        with self._line:
            for socket in self.sockets:
                with suppress(ConnectionClosed):
                    socket.send(json.dumps(frame))

    def hang_up(self, code: int) -> None:
        """Close every open socket; from now on only others are among the open ones."""
        with self._line:
            closing, self.sockets = self.sockets, []
        for socket in closing:
            socket.close(code)


class _Handler(BaseHTTPRequestHandler):
    owner: StandIn
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/sdk/"):
            script = self.owner.script(path.removeprefix("/sdk/"))
            return self._send(200 if script else 404, script, {"Content-Type": "text/javascript"})
        if path.startswith("/api/"):
            reply = self.owner.answer(Request("GET", self.path, dict(self.headers), b""))
            return self._send(reply.status, json.dumps(reply.body).encode(), {"Content-Type": "application/json"})
        body, headers = self.owner.pages.get(self.path) or self.owner.pages.get(path) or (None, {})
        if body is not None:
            return self._send(200, body.encode(), headers)
        found = self.owner.files(path)
        kind = mimetypes.guess_type(self.path)[0] or "text/html"
        return self._send(404 if found is None else 200, found or b"", {"Content-Type": kind})

    def do_OPTIONS(self) -> None:
        self._send(
            204,
            b"",
            {
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": "authorization,content-type,x-api-key,x-user-token",
                "Access-Control-Max-Age": "600",
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/host/"):
            return self._send(int(self.path.rsplit("/", 1)[1]), b"{}", {"Content-Type": "application/json"})
        if self.owner.down:
            # A connection that breaks off is what an API that is away looks like to a page.
            self.owner.missed += 1
            self.close_connection = True
            return self.connection.close()
        reply = self.owner.answer(Request("POST", self.path, dict(self.headers), body))
        self._send(reply.status, json.dumps(reply.body).encode(), {"Content-Type": "application/json", **reply.headers})
        return None

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            cors = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
            for name, value in {**cors, **headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""
