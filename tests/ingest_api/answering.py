"""A stand-in for the consumer: takes turns from their stream and answers them by the functions of `db`, as it would."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core import streams
from core.conversations import Citation, ConversationTurn, Message, Role, answer_id
from core.tasks import end
from db import conversation_turns, messages
from db.messages import NewMessage
from ingest_api.wiring import Services


@dataclass
class Responder:
    """Answers every turn with what `answer` makes of its messages. `delay` is in seconds, `failing` an error's code."""

    services: Services
    answer: Callable[[tuple[Message, ...]], str] = lambda asked: "You said: " + " / ".join(one.text for one in asked)
    delay: float = 0.0
    outcome: str = "answered"
    failing: str | None = None
    answered: list[str] = field(default_factory=list)

    async def run(self) -> None:
        last: Any = "0"
        while True:
            for _, entries in await self.services.redis.xread({streams.CONVERSATIONS: last}, block=500) or []:
                for entry_id, fields in entries:
                    last = entry_id
                    await asyncio.sleep(self.delay)
                    await self.take(streams.decode_conversation_turn(fields[streams.FIELD]))

    async def take(self, turn: ConversationTurn) -> None:
        now = datetime.now(UTC)
        async with self.services.database.transaction(turn.company_id) as connection:
            begun = await conversation_turns.begin(connection, turn.company_id, turn.turn_id, now)
            if begun is None or begun.status != "running":
                return
            if self.failing is None or self.outcome != "failed":
                await messages.insert_answer(connection, self._said(turn, begun.asked), now)
            status = "failed" if self.outcome == "failed" else "done"
            await conversation_turns.finish(
                connection, turn.company_id, turn.turn_id, status, self.outcome, error=self.failing, now=now
            )
        self.answered.append(turn.turn_id)
        key = streams.turn_ended_key(turn.turn_id)
        await self.services.redis.lpush(key, b"1")
        await self.services.redis.expire(key, 60)

    def _said(self, turn: ConversationTurn, asked: tuple[Message, ...]) -> NewMessage:
        return NewMessage(
            company_id=turn.company_id,
            conversation_id=turn.conversation_id,
            message_id=answer_id(turn.turn_id),
            role=Role.ASSISTANT,
            text=self.answer(asked),
            trace_id=turn.trace_id,
            language="en",
            citations=[Citation(title="Help", url="https://help.example/a", marker=1, chunk_id="c")],
            turn_id=turn.turn_id,
        )


@asynccontextmanager
async def answering(services: Services, **changes: Any) -> AsyncIterator[Responder]:
    """A responder at work."""
    responder = Responder(services, **changes)
    task = asyncio.create_task(responder.run())
    try:
        yield responder
    finally:
        await end([task])
