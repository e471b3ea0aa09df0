"""What is sent, and how sending can fail: the Protocol that every channel keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message to people or programs.

    `message_id` is the same in every attempt, so that a receiver can drop repetitions. `facts` are label and value in
    the order in which they are shown; `data` is the whole for programs.
    """

    message_id: str
    event: str
    at: datetime
    title: str
    text: str
    facts: tuple[tuple[str, str], ...] = ()
    link: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


class DeliveryFailed(Exception):
    """The message was not taken. `reason` is a stable word; a `permanent` failure will not pass by itself.

    `retry_after` is in seconds, where the other side named a time.
    """

    def __init__(self, reason: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after


class Channel(Protocol):
    """A way out."""

    async def send(self, message: Message) -> None:
        """Send the message once; raises DeliveryFailed when the other side did not take it."""
        ...
