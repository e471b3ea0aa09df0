import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug import Request

from channels.addresses import resolve
from channels.message import DeliveryFailed, Message
from channels.posting import Poster, judge
from channels.webhook import WebhookChannel
from core.security import create_webhook_secret

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
MESSAGE = Message(
    message_id="0193-m", event="escalation.created", at=NOW, title="A user is stuck", text="Why\n\nWhat to do",
    facts=(("User", "u <1>"), ("Page", "/crm")), link="https://acme.example/u/1?a=1&b=2", data={"user_id": "u <1>"},
)  # fmt: skip
OPEN = Poster(timeout=5, allow_private=True)


def received(server: HTTPServer) -> list[Request]:
    return [request for request, _ in server.log]


async def failure_of(channel: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await channel.send(MESSAGE)
    return caught.value


async def test_a_webhook_carries_a_signature_that_the_receiver_can_check(httpserver: HTTPServer) -> None:
    secret = create_webhook_secret()
    httpserver.expect_request("/hook", method="POST").respond_with_data("", status=204)
    await WebhookChannel(httpserver.url_for("/hook"), secret, OPEN).send(MESSAGE)
    (request,) = received(httpserver)
    verified = Webhook(secret).verify(request.data, dict(request.headers))
    assert verified == {"type": "escalation.created", "timestamp": NOW.isoformat(), "data": {"user_id": "u <1>"}}
    assert request.headers["webhook-id"] == "0193-m"
    assert request.headers["Host"] == f"{httpserver.host}:{httpserver.port}"
    with pytest.raises(WebhookVerificationError):
        Webhook(create_webhook_secret()).verify(request.data, dict(request.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(request.data.replace(b"u <1>", b"u <2>"), dict(request.headers))


@pytest.mark.parametrize(
    ("status", "headers", "permanent", "retry_after"),
    [
        (400, {}, True, None),
        (401, {}, True, None),
        (404, {}, True, None),
        (410, {}, True, None),
        (408, {}, False, None),
        (429, {"Retry-After": "7"}, False, 7.0),
        (500, {}, False, None),
        (503, {"Retry-After": "nonsense"}, False, None),
    ],
)
async def test_what_an_answer_means(
    httpserver: HTTPServer, status: int, headers: dict[str, str], permanent: bool, retry_after: float | None
) -> None:
    httpserver.expect_request("/hook").respond_with_data("no", status=status, headers=headers)
    failure = await failure_of(WebhookChannel(httpserver.url_for("/hook"), create_webhook_secret(), OPEN))
    assert (failure.reason, failure.permanent, failure.retry_after) == (f"http_{status}", permanent, retry_after)


async def test_a_redirect_is_not_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("", status=307, headers={"Location": "/inside"})
    httpserver.expect_request("/inside").respond_with_data("secret")
    failure = await failure_of(WebhookChannel(httpserver.url_for("/hook"), create_webhook_secret(), OPEN))
    assert (failure.reason, failure.permanent) == ("redirect_refused", True)
    assert [request.path for request in received(httpserver)] == ["/hook"]


async def test_nobody_there_may_be_somebody_later() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    failure = await failure_of(WebhookChannel(f"http://127.0.0.1:{port}/", create_webhook_secret(), OPEN))
    assert (failure.reason, failure.permanent) == ("connection_failed", False)


async def test_a_server_that_does_not_answer_is_given_up_on_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        failure = await failure_of(WebhookChannel(url, create_webhook_secret(), Poster(0.2, allow_private=True)))
    assert (failure.reason, failure.permanent) == ("timeout", False)


async def test_a_server_that_answers_byte_by_byte_is_given_up_on_in_time(httpserver: HTTPServer) -> None:
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500:
                        connection.sendall(bytes([byte]))
                        threading.Event().wait(0.02)
                except OSError:
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        failure = await failure_of(WebhookChannel(url, create_webhook_secret(), Poster(0.3, allow_private=True)))
        dripping.join(20)
    assert failure.reason == "timeout"


@pytest.mark.parametrize("url", ["ftp://example.com/", "file:///etc/passwd", "http://", "nonsense"])
async def test_only_web_addresses_are_used(url: str) -> None:
    failure = await failure_of(WebhookChannel(url, create_webhook_secret(), OPEN))
    assert (failure.reason, failure.permanent) == ("invalid_url", True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "[::ffff:127.0.0.1]"])
async def test_private_addresses_are_refused_before_a_byte_is_sent(httpserver: HTTPServer, host: str) -> None:
    httpserver.expect_request("/hook").respond_with_data("")
    url = f"http://{host}:{httpserver.port}/hook"
    failure = await failure_of(WebhookChannel(url, create_webhook_secret(), Poster(5)))
    assert (failure.reason, failure.permanent) == ("private_address", True)
    assert received(httpserver) == []


async def test_a_name_that_answers_differently_the_second_time_gains_nothing(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to the address that was checked; nobody asks the resolver again."""
    asked: list[str] = []
    genuine = socket.getaddrinfo

    def rebinding(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        asked.append(host)
        return genuine("127.0.0.1" if host == "rebind.example" else host, port, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    httpserver.expect_request("/hook").respond_with_data("")
    url = f"http://rebind.example:{httpserver.port}/hook"
    await WebhookChannel(url, create_webhook_secret(), OPEN).send(MESSAGE)
    assert asked.count("rebind.example") == 1
    assert received(httpserver)[0].headers["Host"] == f"rebind.example:{httpserver.port}"
    failure = await failure_of(WebhookChannel(url, create_webhook_secret(), Poster(5)))
    assert failure.reason == "private_address"


async def test_one_private_address_among_several_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def several(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("93.184.216.34", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", several)
    with pytest.raises(DeliveryFailed, match="private_address"):
        await resolve("mixed.example", 443, allow_private=False)
    assert await resolve("mixed.example", 443, allow_private=True) == "93.184.216.34"


async def test_an_unknown_name_may_be_known_later() -> None:
    failure = await failure_of(WebhookChannel("http://nowhere.invalid/", create_webhook_secret(), Poster(5)))
    assert (failure.reason, failure.permanent) == ("unknown_host", False)


def test_a_success_passes() -> None:
    judge(204, None, NOW + timedelta(seconds=1))


def test_the_body_is_json_of_the_specified_shape(httpserver: HTTPServer) -> None:
    from channels.webhook import document_of

    assert orjson.loads(orjson.dumps(document_of(MESSAGE))).keys() == {"type", "timestamp", "data"}
