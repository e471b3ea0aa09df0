from dataclasses import replace

import pytest
from pytest_httpserver import HTTPServer

from channels.message import DeliveryFailed
from channels.slack import FIELDS, HEADER_LENGTH, TEXT_LENGTH, SlackChannel, blocks_of
from tests.channels.test_webhook import MESSAGE, OPEN


async def test_a_message_is_laid_out_in_blocks(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/services/T/B/x", method="POST").respond_with_data("ok")
    await SlackChannel(httpserver.url_for("/services/T/B/x"), OPEN).send(MESSAGE)
    sent = httpserver.log[0][0].get_json()
    assert sent["text"] == "A user is stuck"
    assert [block["type"] for block in sent["blocks"]] == ["header", "section", "section", "actions"]
    assert sent["blocks"][2]["fields"][0]["text"] == "*User*\nu &lt;1&gt;"
    assert sent["blocks"][3]["elements"][0]["url"] == MESSAGE.link


async def test_too_many_messages_are_taken_later(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("rate_limited", status=429, headers={"Retry-After": "3"})
    with pytest.raises(DeliveryFailed) as caught:
        await SlackChannel(httpserver.url_for("/"), OPEN).send(MESSAGE)
    assert (caught.value.permanent, caught.value.retry_after) == (False, 3.0)


async def test_a_revoked_webhook_is_given_up_on(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("no_service", status=404)
    with pytest.raises(DeliveryFailed) as caught:
        await SlackChannel(httpserver.url_for("/"), OPEN).send(MESSAGE)
    assert caught.value.permanent


def test_slacks_limits_are_kept() -> None:
    long = replace(
        MESSAGE, title="t" * 999, text="<" * 9999, facts=tuple((str(number), "v" * 9999) for number in range(30)),
    )  # fmt: skip
    header, text, facts, _ = blocks_of(long)
    assert len(header["text"]["text"]) == HEADER_LENGTH
    assert len(text["text"]["text"]) == TEXT_LENGTH
    assert len(facts["fields"]) == FIELDS
    assert max(len(field["text"]) for field in facts["fields"]) == 2000


@pytest.mark.parametrize("link", [None, "javascript:alert(1)", "https://a.example/" + "x" * 3000])
def test_only_a_usable_link_becomes_a_button(link: str | None) -> None:
    blocks = blocks_of(replace(MESSAGE, link=link, facts=(), text=""))
    assert [block["type"] for block in blocks] == ["header", "section"]
    assert blocks[1]["text"]["text"] == " "


def test_nobody_can_be_mentioned_through_a_users_text() -> None:
    text = blocks_of(replace(MESSAGE, text="<!channel> & <https://evil.example|click>"))[1]["text"]["text"]
    assert text == "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;"
