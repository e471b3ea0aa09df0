"""What is sent to tools and what their answers mean, as tables."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.security import create_webhook_secret
from core.tools import ToolDefinition
from graph.tools.contracts import Content, Invocation, ToolFailed
from stream_consumer.tools.answers import content_of
from stream_consumer.tools.requests import MAX_TARGET, request_of

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def definition(url: str = "https://shop.example/orders", **fields: Any) -> ToolDefinition:
    return ToolDefinition.model_validate({"name": "lookup", "description": "x", "url": url, **fields})


def invocation(**arguments: Any) -> Invocation:
    return Invocation("key", "call", "company", "u&1=2", "conversation", "turn", arguments)


@pytest.mark.parametrize(
    ("url", "arguments", "target"),
    [
        ("https://Shop.Example:443/a/../orders", {}, "/orders?"),
        ("https://shop.example", {"q": "a&b=c d/é"}, "/?q=a%26b%3Dc+d%2F%C3%A9&"),
        ("https://shop.example/o?x=1&x=2", {"x": [3, "4"]}, "/o?x=1&x=2&x=3&x=4&"),
        ("https://shop.example/o", {"n": 1.5, "yes": True, "no": None, "o": {"a": [1]}, "e": []},
         "/o?n=1.5&yes=true&no=null&o=%7B%22a%22%3A%5B1%5D%7D&"),
        ("https://shop.example/o", {"_user_id": "somebody else"}, "/o?"),
    ],
)  # fmt: skip
def test_the_query_of_a_get(url: str, arguments: dict[str, Any], target: str) -> None:
    request = request_of(definition(url, method="GET"), create_webhook_secret(), invocation(**arguments), NOW)
    about = "_company_id=company&_user_id=u%261%3D2&_conversation_id=conversation&_call_id=call"
    assert request.url.raw_path.decode() == (
        target + about
        if "_user_id" not in arguments
        else f"{target}_user_id=u%261%3D2&{about.replace('_user_id=u%261%3D2&', '')}"
    )
    assert request.body is None


@pytest.mark.parametrize(
    ("fields", "arguments", "code"),
    [
        ({"url": "https://shop.example:25/"}, {}, "not_allowed"),
        ({"method": "GET"}, {"q": "x" * MAX_TARGET}, "arguments_too_large"),
    ],
)
def test_what_cannot_be_sent(fields: dict[str, Any], arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(ToolFailed, match=code):
        request_of(definition(**fields), create_webhook_secret(), invocation(**arguments), NOW)


def test_an_address_in_disguise_is_seen_for_what_it_is() -> None:
    assert str(definition("http://0x7f000001/").url) == "http://127.0.0.1/"


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/json", b'{"a": [1]}', Content({"a": [1]})),
        ("application/vnd.api+json; charset=utf-8", b'"x"', Content("x")),
        ("", b"{}", Content({})),
        ("", b"plain", Content("plain")),
        ("text/plain", b"7", Content(7)),
        ("text/plain", b"\xef\xbb\xbfbom \xff", Content("bom \ufffd")),
        ("text/csv", "a,b\nقهوة,2".encode(), Content("a,b\nقهوة,2")),
        ("application/json", b"", Content("the tool answered with nothing")),
        ("text/plain", b"  \n", Content("the tool answered with nothing")),
    ],
)
def test_answers(kind: str, body: bytes, expected: Content) -> None:
    assert content_of(200, kind, body, is_cut=False) == expected


def test_an_answer_that_was_cut_is_a_text_even_where_it_was_json() -> None:
    assert content_of(200, "application/json", b'[{"a": 1}, {"a"', is_cut=True) == Content(
        '[{"a": 1}, {"a"', is_cut=True
    )


@pytest.mark.parametrize(
    ("status", "kind", "body", "said"),
    [
        (400, "application/problem+json", b'{"detail": "x"}', {"detail": "x"}),
        (410, "text/plain", b"gone", "gone"),
        (422, "text/html", b"<html>", None),
        (409, "", b"", None),
        (403, "text/plain", b"internal", None),
        (502, "text/plain", b"internal", None),
    ],
)
def test_a_refusal_comes_with_its_reason_where_that_helps(status: int, kind: str, body: bytes, said: Any) -> None:
    with pytest.raises(ToolFailed) as failed:
        content_of(status, kind, body, is_cut=False)
    assert (failed.value.code, failed.value.said) == (f"http_{status}", said)
