"""The process that parses hostile files: `python -m knowledge.converting.worker FD LIMITS`.

It reads documents from a socket and answers with Markdown or a refusal, until the socket closes. Before the first one
it gives up what parsing does not need: memory beyond a cap, writing files, the network, starting programs. Its owner
kills it when it takes too long; it holds nothing that would be lost.
"""

import json
import os
import resource
import socket
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from knowledge.converting import frames
from knowledge.converting.readers import heavy_readers, read
from knowledge.converting.sniffing import Kind
from knowledge.documents import ConvertLimits, Document, Raw, Unreadable

LARGEST_HEAD: Final = 100_000
"""Bytes of a request's first frame: all but the content."""
_FORBIDDEN: Final = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec")
_FORBIDDEN_STARTS: Final = ("os.posix_spawn", "os.fork", "urllib.", "ftplib.", "smtplib.", "shutil.", "os.remove")
_CPU_STEP: Final = 1


def serve(connection: socket.socket, limits: ConvertLimits) -> None:
    """Answer documents until the other side closes. A first empty frame says that the worker is ready."""
    frames.send(connection, b"")
    while True:
        try:
            head = json.loads(frames.receive(connection, LARGEST_HEAD))
            content = frames.receive(connection, limits.max_bytes)
        except EOFError:
            return
        _allow_cpu(limits.seconds)
        frames.send(connection, json.dumps(answer(head, content, limits)).encode())


def answer(head: dict[str, Any], content: bytes, limits: ConvertLimits) -> dict[str, Any]:
    """Return `{"document": …}` or `{"refusal": …}` for one request."""
    raw = Raw(content, head["name"], head["media_type"], head["url"])
    try:
        return {"document": asdict(read(raw, Kind(head["kind"]), limits))}
    except Unreadable as error:
        return {"refusal": {"code": error.code, "detail": error.detail, "errors": list(error.errors)}}


def decode_answer(payload: bytes) -> Document:
    """Return the document of an answer, or raise the Unreadable that it holds."""
    told = json.loads(payload)
    if refusal := told.get("refusal"):
        raise Unreadable(refusal["code"], refusal["detail"], errors=refusal["errors"])
    return Document(**{**told["document"], "notices": tuple(told["document"]["notices"])})


def confine(limits: ConvertLimits) -> None:
    """Give up, for good, what parsing does not need. Where a system knows no such cap, the others still hold."""
    heavy_readers()
    for kind, most in (
        (resource.RLIMIT_AS, _address_space() + limits.memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))
    sys.addaudithook(_forbid)


def _address_space() -> int:
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    return 0


def _allow_cpu(seconds: float) -> None:
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + _CPU_STEP, hard))


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN or event.startswith(_FORBIDDEN_STARTS):
        raise PermissionError(f"{event} is not for a parser")
    if event == "open" and _is_writing(arguments):
        raise PermissionError("a parser writes no file")


def _is_writing(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = (*arguments, None, None, None)[:3]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def main() -> None:
    """Run the worker on the socket that was inherited under the given number."""
    limits = ConvertLimits(**json.loads(sys.argv[2]))
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        confine(limits)
        serve(connection, limits)


if __name__ == "__main__":
    main()
