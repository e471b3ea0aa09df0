"""What clients send, and how they misbehave: each is answered by itself, and no other notices."""

import asyncio
import json
import socket as sockets
from base64 import b64encode
from urllib.parse import urlsplit

import pytest

from core.frames import MAX_FRAME_BYTES
from core.ids import ack_event_id, new_id
from core.nudges import Nudge
from local.installation import Company
from tests.ws_gateway.harness import Author, Client, Inside, inside, token
from ws_gateway.session import BURST


async def answer(client: Client, message: str | bytes) -> dict[str, object]:
    await client.socket.send(message)
    return await client.frame()


@pytest.mark.parametrize("status", ["shown", "clicked", "dismissed", "snoozed"])
async def test_a_report_becomes_an_event_before_the_pong(
    gateway: Inside, company: Company, author: Author, status: str
) -> None:
    client = await gateway.join(company)
    nudge = await author.nudge(company)
    await client.expect("nudge")
    await client.ack(nudge, status)
    assert await client.pong() == []
    (event,) = [event for event in await author.events() if event.event_type == f"nudge_{status}"]
    assert event.event_id == ack_event_id(nudge.nudge_id, status)
    assert (event.company_id, event.user_id) == (company.company_id, "u1")
    assert event.properties == {"nudge_id": nudge.nudge_id}
    assert event.session_id == f"ws:{client.hello['connection_id']}"


async def test_reports_made_again_are_one_event_by_its_key(gateway: Inside, company: Company, author: Author) -> None:
    clients = [await gateway.join(company) for _ in range(2)]
    nudge = await author.save(company)
    for client in clients * 2:
        await client.ack(nudge, "shown")
        await client.pong()
    events = await author.reported("nudge_shown", at_least=4)
    assert len({(event.event_id, event.occurred_ms) for event in events}) == 1


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="broken JSON"),
        pytest.param("[" * 50_000, id="deep JSON"),
        pytest.param('{"type":"launch"}', id="unknown type"),
        pytest.param(b'{"type":"ping"}', id="binary"),
        pytest.param(json.dumps({"type": "nudge.ack", "nudge_id": "n1", "status": "shown"}), id="no nudge's id"),
        pytest.param(json.dumps({"type": "nudge.ack", "nudge_id": new_id(), "status": "sent"}), id="not theirs to say"),
        pytest.param('{"type":"stop","conversation_id":"\\ud800"}', id="lone surrogate"),
    ],
)
async def test_a_bad_frame_is_answered_and_the_line_stays(
    gateway: Inside, company: Company, message: str | bytes
) -> None:
    client = await gateway.join(company)
    reply = await answer(client, message)
    assert (reply["type"], reply["code"]) == ("error", "invalid_frame")
    assert await client.pong() == []


async def test_a_frame_beyond_the_limit_ends_the_line(gateway: Inside, company: Company) -> None:
    big, other = await gateway.join(company), await gateway.join(company)
    await big.socket.send("x" * MAX_FRAME_BYTES)
    assert (await big.frame())["code"] == "invalid_frame"
    await big.socket.send("x" * (MAX_FRAME_BYTES + 1))
    assert await big.closed() == 1009
    assert await other.pong() == []


async def test_a_text_that_is_no_utf_8_ends_the_line(gateway: Inside, company: Company) -> None:
    client = await gateway.join(company)
    await client.socket.send(b"\xff\xfe", text=True)
    assert await client.closed() == 1007


async def test_a_flood_ends_the_line(gateway: Inside, company: Company) -> None:
    flooding, other = await gateway.join(company), await gateway.join(company)
    for _ in range(BURST * 3):
        if flooding.socket.close_code is None:
            await flooding.socket.send('{"type":"ping"}')
    assert await flooding.closed() == 4429
    assert await other.pong() == []


class Mute:
    """A client that opens a socket and never reads what comes."""

    def __init__(self, site: Inside, company: Company, user: str = "u1") -> None:
        self._url = urlsplit(site.url(user, token=token(company, user)))

    async def __aenter__(self) -> "Mute":
        loop = asyncio.get_running_loop()
        self.socket = sockets.socket()
        self.socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        await loop.sock_connect(self.socket, (self._url.hostname, self._url.port))
        head = (
            f"GET {self._url.path}?{self._url.query} HTTP/1.1\r\nHost: gateway\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {b64encode(b'k' * 16).decode()}\r\n\r\n"
        )
        await loop.sock_sendall(self.socket, head.encode())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.socket.close()


async def registered(site: Inside, number: int) -> None:
    async with asyncio.timeout(20):
        while len(site.running.registry) != number:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_one_that_never_reads_is_cut_off_and_the_others_get_everything(
    database_url: str, redis_url: str, secret_key: str, company: Company, author: Author
) -> None:
    async with inside(database_url, redis_url, secret_key, gateway_buffer_bytes=65_536) as gateway:
        client = await gateway.join(company)
        async with Mute(gateway, company):
            await registered(gateway, 2)
            sent = 0
            while len(gateway.running.registry) == 2:
                await author.outbox.send(company.company_id, "u1", {"type": "typing", "n": sent, "pad": "x" * 60_000})
                assert (await client.expect("typing"))["n"] == sent
                sent += 1
                assert sent < 1000, "never cut off"
        assert await client.pong() == []


async def test_one_that_answers_no_ping_is_cut_off(
    database_url: str, redis_url: str, secret_key: str, company: Company
) -> None:
    async with inside(database_url, redis_url, secret_key, gateway_heartbeat_seconds=0.5) as gateway:
        client = await gateway.join(company)
        async with Mute(gateway, company):
            await registered(gateway, 2)
            await registered(gateway, 1)
        assert await client.pong() == []


async def test_one_that_vanishes_in_the_middle_of_the_handshake_leaves_nothing(
    gateway: Inside, company: Company
) -> None:
    for _ in range(20):
        async with Mute(gateway, company):
            pass
    client = await gateway.join(company)
    assert await client.pong() == []
    await registered(gateway, 1)


async def test_reports_of_one_do_not_delay_the_pong_of_another(
    gateway: Inside, company: Company, author: Author
) -> None:
    """A pong waits for the reports of its own client alone."""
    first, second = await gateway.join(company), await gateway.join(company, "u2")
    nudge: Nudge = await author.save(company)
    await asyncio.gather(first.ack(nudge, "shown"), second.pong())
    assert await first.pong() == []
