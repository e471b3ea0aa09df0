"""The entrance to conversion: `Converter` for many documents, `convert` for one.

Kinds with large parsers go to a worker process that is kept over many documents, killed when it takes too long, and
replaced when it dies. A document that brings it down is refused; the next one meets a fresh worker.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import asdict, replace
from types import TracebackType
from typing import Final, Self

from core.errors import Unavailable
from core.language_detection import detect
from knowledge import licences
from knowledge.converting import frames
from knowledge.converting.readers import read
from knowledge.converting.sniffing import IN_PROCESS, Kind, sniff
from knowledge.converting.worker import decode_answer
from knowledge.documents import DAMAGED, TOO_COMPLEX, ConvertLimits, Document, Raw, Unreadable

_START_SECONDS: Final = 60.0
_WALL: Final = 3.0
"""Wall time that a conversion may take, as a multiple of its CPU time."""
_MOST_DOCUMENTS: Final = 200
"""Documents after which a worker is replaced: parsers cache, and caches grow."""
_BYTES_PER_CHARACTER: Final = 6
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")
"""Environment of the worker. Keys and addresses of the product are not for a parser."""
_BROKEN: Final = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)


class Converter:
    """Converts documents one at a time; not for use by several threads at once. Close it, or use it in a `with`."""

    def __init__(self, limits: ConvertLimits | None = None) -> None:
        self.limits = limits or ConvertLimits()
        self._worker: _Worker | None = None

    def convert(self, raw: Raw) -> Document:
        """Return the document as Markdown, with its language and the places that declare its licence.

        Blocks for at most three times `limits.seconds`, and the start of a process.

        Raises:
            Unreadable: the document is to blame; see the codes of `knowledge.documents`.
            Unavailable: no worker could be started; the document may be fine.
        """
        kind = sniff(raw, self.limits)
        document = read(raw, kind, self.limits) if kind in IN_PROCESS else self._ask(raw, kind)
        notices = dict.fromkeys([*document.notices, *licences.notices_in(document.markdown)])
        language = detect(document.markdown) or _known(document.language)
        return replace(document, language=language, notices=tuple(notices))

    def close(self) -> None:
        """End the worker, if there is one. The converter may be used again."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _ask(self, raw: Raw, kind: Kind) -> Document:
        if self._worker is None:
            self._worker = _Worker(self.limits)
        try:
            payload = self._worker.ask(raw, kind)
        except BaseException:
            self.close()
            raise
        if self._worker.answered >= _MOST_DOCUMENTS:
            self.close()
        return decode_answer(payload)


def convert(raw: Raw, limits: ConvertLimits | None = None) -> Document:
    """Convert a single document; as `Converter.convert`."""
    with Converter(limits) as converter:
        return converter.convert(raw)


class _Worker:
    """One worker process and the socket to it."""

    def __init__(self, limits: ConvertLimits) -> None:
        self._limits = limits
        self.answered = 0
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "knowledge.converting.worker", str(theirs.fileno()), json.dumps(asdict(limits))],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            )
        try:
            frames.receive(self._socket, 0, _START_SECONDS)
        except (EOFError, OSError, ValueError):
            self.kill()
            raise Unavailable("The document reader did not start.") from None

    def ask(self, raw: Raw, kind: Kind) -> bytes:
        """Send a document and return the answer; raises Unreadable when the worker ends or does not answer in time."""
        head = {"name": raw.name, "media_type": raw.media_type, "url": raw.url, "kind": kind}
        seconds = _WALL * self._limits.seconds
        try:
            self._socket.settimeout(seconds)
            frames.send(self._socket, json.dumps(head).encode())
            frames.send(self._socket, raw.content)
            payload = frames.receive(self._socket, _BYTES_PER_CHARACTER * self._limits.characters + 1_000_000, seconds)
        except TimeoutError:
            raise Unreadable(TOO_COMPLEX, f"Reading it took longer than {seconds:g} seconds.") from None
        except (EOFError, OSError, ValueError):
            raise self._death() from None
        self.answered += 1
        return payload

    def kill(self) -> None:
        """End the process at once and wait for its end; nothing in it is worth keeping."""
        self._process.kill()
        self._process.wait()
        self._socket.close()

    def _death(self) -> Unreadable:
        self._process.kill()
        status = -self._process.wait()
        if status == signal.SIGXCPU:
            return Unreadable(TOO_COMPLEX, f"Reading it took more than {self._limits.seconds:g} seconds of work.")
        if status in _BROKEN:
            return Unreadable(DAMAGED, "The document is malformed in a way that broke its reader.")
        return Unreadable(TOO_COMPLEX, "Reading it needed more memory than one document may have.")


def _known(declared: str | None) -> str | None:
    """Return a declared language's two letters, or None when it is no such code."""
    code = (declared or "").strip().lower()[:2]
    return code if len(code) == 2 and code.isalpha() and code.isascii() else None
