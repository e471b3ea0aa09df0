"""Writing to a client without waiting for it: one that does not read must not hold up the others.

The server is set up with the same limit as its high-water mark (`server.listen`), so that nothing here or in the
library ever waits for a client below it; past it the client is cut off.
"""

import contextlib
from typing import Final

from prometheus_client import Counter
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidState
from websockets.http11 import Request
from websockets.protocol import State

from core.frames import CloseCode

SENT = Counter("gateway_frames_sent_total", "Frames written to sockets")
CUT_OFF = Counter("gateway_cut_off_total", "Clients dropped because they did not read or answer")

_FORGOTTEN: Final = Request("/", Headers())


def is_open(connection: ServerConnection) -> bool:
    """Tell whether frames can be written."""
    return connection.state is State.OPEN


def write(connection: ServerConnection, data: bytes, limit: int) -> bool:
    """Write a text message, and cut the client off if more than `limit` bytes are unsent; tells whether it lives."""
    if not is_open(connection):
        return False
    broadcast((connection,), data, text=True)
    SENT.inc()
    if connection.transport.get_write_buffer_size() <= limit:
        return True
    cut_off(connection)
    return False


def is_stalled(connection: ServerConnection, limit: int) -> bool:
    """Tell whether a client does not read, or did not answer the last ping."""
    return bool(connection.pending_pings) or connection.transport.get_write_buffer_size() > limit


def cut_off(connection: ServerConnection) -> None:
    """Drop a client that does not read; a close frame would wait behind the unsent bytes, so it is best effort."""
    CUT_OFF.inc()
    with contextlib.suppress(InvalidState):
        connection.protocol.send_close(CloseCode.TOO_SLOW, "too slow")
        connection.send_data()
    connection.transport.abort()


async def ping(connection: ServerConnection) -> bool:
    """Ping an open client; returns whether it is still there."""
    try:
        await connection.ping()
    except ConnectionClosed:
        return False
    return True


def forget_request(connection: ServerConnection) -> None:
    """Drop the opening request and its answer: the URL holds a token, and headers are a fifth of a connection's memory.

    The library only asks whether there was a request.
    """
    connection.request = _FORGOTTEN
    connection.response = None
