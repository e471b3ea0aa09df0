"""Messages to Slack by an incoming webhook, laid out with Block Kit."""

from typing import Any, Final

import orjson

from channels.message import Message
from channels.posting import Poster

HEADER_LENGTH: Final = 150
TEXT_LENGTH: Final = 3000
FIELD_LENGTH: Final = 2000
FIELDS: Final = 10
URL_LENGTH: Final = 3000
"""Limits of Block Kit; Slack refuses a message that exceeds one."""


class SlackChannel:
    """Posts messages to one incoming webhook. Slack answers 429 with `Retry-After` above one message a second."""

    def __init__(self, url: str, poster: Poster) -> None:
        self._url = url
        self._poster = poster

    async def send(self, message: Message) -> None:
        """Post the message; raises DeliveryFailed."""
        body = orjson.dumps({"text": _escape(message.title), "blocks": blocks_of(message)})
        await self._poster.post(self._url, body, {"Content-Type": "application/json; charset=utf-8"})


def blocks_of(message: Message) -> list[dict[str, Any]]:
    """Return the message as Block Kit blocks, each within Slack's limits."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(message.title, HEADER_LENGTH)}},
        {"type": "section", "text": _markdown(message.text, TEXT_LENGTH)},
    ]
    if message.facts:
        fields = [_fact(label, value) for label, value in message.facts[:FIELDS]]
        blocks.append({"type": "section", "fields": fields})
    if message.link and len(message.link) <= URL_LENGTH and message.link.startswith(("http://", "https://")):
        button = {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": message.link}
        blocks.append({"type": "actions", "elements": [button]})
    return blocks


def _fact(label: str, value: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": _cut(f"*{_escape(label)}*\n{_escape(value)}", FIELD_LENGTH)}


def _markdown(text: str, limit: int) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": _cut(_escape(text), limit) or " "}


def _escape(text: str) -> str:
    """Keep texts from mentioning everybody or faking links: the three characters that Slack reads as control."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
