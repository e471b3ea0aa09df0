"""How a converter and its worker talk: frames of a length and so many bytes, over a socket that both sides distrust."""

import socket
import struct
import time
from typing import Final

_LENGTH: Final = struct.Struct(">Q")
_STEP: Final = 1 << 20


def send(connection: socket.socket, payload: bytes) -> None:
    """Send one frame."""
    connection.sendall(_LENGTH.pack(len(payload)))
    connection.sendall(payload)


def receive(connection: socket.socket, most: int, seconds: float | None = None) -> bytes:
    """Return the next frame of at most `most` bytes.

    Raises:
        EOFError: the other side is gone.
        TimeoutError: the frame was not there in full after `seconds`.
        ValueError: the frame is larger than agreed.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size, deadline))
    if length > most:
        raise ValueError(f"a frame of {length} bytes; at most {most} were agreed")
    return _exactly(connection, length, deadline)


def _exactly(connection: socket.socket, count: int, deadline: float | None) -> bytes:
    pieces = bytearray()
    while len(pieces) < count:
        if deadline is not None:
            connection.settimeout(max(deadline - time.monotonic(), 1e-3))
        piece = connection.recv(min(_STEP, count - len(pieces)))
        if not piece:
            raise EOFError
        pieces += piece
    return bytes(pieces)
