"""Webhooks to programs, signed as Standard Webhooks (https://www.standardwebhooks.com) describe it."""

from datetime import UTC, datetime
from typing import Any

import orjson
from standardwebhooks import Webhook

from channels.message import Message
from channels.posting import Poster


class WebhookChannel:
    """Posts messages as JSON to one URL; the receiver checks `webhook-signature` and drops a `webhook-id` it knows."""

    def __init__(self, url: str, secret: str, poster: Poster) -> None:
        self._url = url
        self._signer = Webhook(secret)
        self._poster = poster

    async def send(self, message: Message) -> None:
        """Post the message; raises DeliveryFailed."""
        body = orjson.dumps(document_of(message))
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "onboarding-agent",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message.message_id, now, body.decode()),
        }
        await self._poster.post(self._url, body, headers)


def document_of(message: Message) -> dict[str, Any]:
    """Return the body of a webhook: `type`, `timestamp` and `data`, as the specification names them."""
    return {"type": message.event, "timestamp": message.at.isoformat(), "data": dict(message.data)}
