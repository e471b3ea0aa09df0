"""The server itself: threads of the standard library, so that it serves a test's event loop without sharing it."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.llm_server.answers import structured_answer
from tests.llm_server.behaviours import Behaviour, ok
from tests.llm_server.embeddings import embedding_list

_PATH = re.compile(r"^(/v1|/openai/deployments/[^/]+)/(chat/completions|embeddings)(\?.*)?$")


@dataclass(frozen=True)
class Recorded:
    """A request as it arrived; `at` is monotonic seconds."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float

    @property
    def text(self) -> str:
        """Everything that was sent, as one text to search."""
        return json.dumps(self.body, ensure_ascii=False)

    @property
    def schema_name(self) -> str:
        """Name of the answer shape that was asked for."""
        return str(self.body["response_format"]["json_schema"]["name"])


class LlmServer:
    """Serves on 127.0.0.1. Scripted behaviours are used up in order, then `default` holds."""

    def __init__(self, port: int = 0, default: Behaviour | None = None) -> None:
        self.default = default or ok()
        self.requests: list[Recorded] = []
        self._script: deque[Behaviour] = deque()
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self._http = _Http(port, self)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def origin(self) -> str:
        """Address for AZURE_OPENAI_ENDPOINT."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def base_url(self) -> str:
        """Address for OPENAI_BASE_URL."""
        return f"{self.origin}/v1"

    def script(self, *behaviours: Behaviour) -> None:
        """Treat the next requests so, one each."""
        with self._lock:
            self._script.extend(behaviours)

    def sent(self) -> str:
        """Return everything that reached the server, as one text."""
        return "\n".join(request.text for request in self.requests)

    def __enter__(self) -> LlmServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()

    def take(self, request: Recorded) -> Behaviour:
        """Record a request and return how to treat it."""
        with self._lock:
            self.requests.append(request)
            return self._script.popleft() if self._script else self.default


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, owner: LlmServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not _PATH.match(self.path):
            self._send(404, b'{"error": {"message": "no such path"}}')
            return
        behaviour = self.server.owner.take(Recorded(self.path, dict(self.headers), body, time.monotonic()))
        if behaviour.seconds:
            self.server.owner.stopping.wait(behaviour.seconds)
        try:
            self._carry_out(behaviour, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _carry_out(self, behaviour: Behaviour, body: dict[str, Any]) -> None:
        if behaviour.kind == "status":
            fault = {"message": behaviour.name, "code": behaviour.error_code, "type": behaviour.name}
            self._send(behaviour.status, json.dumps({"error": fault}).encode(), behaviour.headers)
        elif behaviour.kind == "raw":
            headers = {"Content-Type": behaviour.content_type}
            self._send(behaviour.status, (behaviour.text or "").encode(), headers)
        elif behaviour.kind == "disconnect":
            self._hang_up(json.dumps(self._answer(behaviour, body)).encode())
        elif body.get("stream"):
            self._stream(body, behaviour)
        else:
            if behaviour.until:
                behaviour.until.wait(60)
            self._send(200, json.dumps(self._answer(behaviour, body)).encode())

    def _answer(self, behaviour: Behaviour, body: dict[str, Any]) -> dict[str, Any]:
        is_embedding = self.path.partition("?")[0].endswith("/embeddings")
        return embedding_list(body, behaviour) if is_embedding else completion(body, behaviour)

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.close_connection = True

    def _stream(self, body: dict[str, Any], behaviour: Behaviour) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        said = 0
        for chunk in stream_chunks(completion(body, behaviour), behaviour):
            is_text = bool(chunk["choices"]) and bool(chunk["choices"][0]["delta"].get("content"))
            if is_text and behaviour.pause:
                self.server.owner.stopping.wait(behaviour.pause)
            if is_text and said and behaviour.until:
                behaviour.until.wait(60)
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()
            said += is_text
            if behaviour.stop_after is not None and said >= behaviour.stop_after:
                self._end_early(behaviour)
                return
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _end_early(self, behaviour: Behaviour) -> None:
        if behaviour.hangs:
            self.server.owner.stopping.wait(60)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


def completion(body: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    """Return a chat completion as OpenAI words it."""
    text = behaviour.text if behaviour.text is not None else structured_answer(body, behaviour.overrides)
    text = f"```json\n{text}\n```" if behaviour.fence else text
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if behaviour.refusal else text,
        "refusal": behaviour.refusal,
    }
    if behaviour.calls:
        message["tool_calls"] = [
            {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for n, (name, arguments) in enumerate(behaviour.calls)
        ]
    tokens = (len(json.dumps(body["messages"])) // 4, max(1, len(text) // 4))
    usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": body.get("model", "test"),
        "choices": [{"index": 0, "message": message, "finish_reason": behaviour.finish_reason, "logprobs": None}],
        "usage": usage if behaviour.usage else None,
    }


def stream_chunks(whole: dict[str, Any], behaviour: Behaviour) -> list[dict[str, Any]]:
    """Return the same completion as the chunks of a stream, its usage in the last one."""
    head = {**whole, "object": "chat.completion.chunk"}
    head.pop("usage")
    choice = whole["choices"][0]
    words = behaviour.pieces or re.findall(r"\S+\s*", choice["message"]["content"] or "")
    deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant"}, None)]
    deltas += [({"content": word}, None) for word in words]
    deltas += [(delta, None) for delta in _call_deltas(choice["message"].get("tool_calls", []))]
    deltas.append(({}, choice["finish_reason"]))
    chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} for delta, finish in deltas]
    return [*chunks, {**head, "choices": [], "usage": whole["usage"]}]


def _call_deltas(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return calls of tools as they are streamed: the name first, the arguments in halves."""
    deltas = []
    for index, call in enumerate(calls):
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        half = len(arguments) // 2
        first = {"index": index, "id": call["id"], "type": "function", "function": {"name": name, "arguments": ""}}
        rest = [{"index": index, "function": {"arguments": part}} for part in (arguments[:half], arguments[half:])]
        deltas += [{"tool_calls": [part]} for part in (first, *rest)]
    return deltas
