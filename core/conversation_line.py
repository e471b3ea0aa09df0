"""The line between a user's pages and whoever answers: turns go into their stream, words to the pages.

Gateway, API and consumer all speak over it. What is told has a key of its own, so that telling it again adds nothing.
"""

from typing import Any

from redis.asyncio import Redis

from core import streams
from core.conversations import ConversationTurn, HandledBy, Message
from core.frames import ended_frame, handoff_frame, message_frame
from core.outbox import Outbox


class ConversationLine:
    """Passes on what has been stored."""

    def __init__(self, redis: Redis, *, shards: int) -> None:
        self._redis = redis
        self._outbox = Outbox(redis)
        self._shards = shards

    async def queue(self, turn: ConversationTurn) -> None:
        """Put a turn into its stream."""
        stream = streams.shard_of(streams.CONVERSATIONS, self._shards, turn.company_id, turn.user_id)
        await self._redis.xadd(stream, {streams.FIELD: streams.encode_conversation_turn(turn)})

    async def stop(self, turn: ConversationTurn) -> None:
        """Ask for the end of the answer that a turn is writing, or is about to write; later ones are not meant."""
        key = streams.stop_key(turn.company_id, turn.user_id)
        await self._redis.set(key, turn.turn_id, ex=streams.STOP_SECONDS)

    async def tell_message(self, company_id: str, user_id: str, message: Message) -> None:
        """Bring a message to the user's pages, once however often it is told."""
        await self._outbox.publish(company_id, user_id, message_frame(message), key=message.message_id)

    async def tell_handoff(
        self, company_id: str, user_id: str, conversation_id: str, handled_by: HandledBy, key: str, **facts: Any
    ) -> None:
        """Tell the user's pages who answers from now on; `key` names the occasion."""
        frame = handoff_frame(conversation_id, handled_by, **facts)
        await self._outbox.publish(company_id, user_id, frame, key=f"handoff:{conversation_id}:{key}")

    async def tell_withdrawn(self, company_id: str, user_id: str, conversation_id: str, ticket_id: str) -> None:
        """Tell the user's pages that they wait for a person no more; once, however they took the wish back."""
        await self.tell_handoff(company_id, user_id, conversation_id, HandledBy.AGENT, f"withdrawn:{ticket_id}")

    async def tell_ended(self, company_id: str, user_id: str, conversation_id: str, code: str) -> None:
        """Tell the user's pages that a conversation is over."""
        frame = ended_frame(conversation_id, code)
        await self._outbox.publish(company_id, user_id, frame, key=f"ended:{conversation_id}")
