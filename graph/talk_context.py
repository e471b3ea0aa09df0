"""What a conversation turn may do: the counterpart of `graph.context` for conversations.

The Protocols are kept by whoever runs turns (`stream_consumer`); the graph knows no store.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.budgets import Allowance
from core.conversations import ConversationTurn, Message
from core.pseudonyms import Pseudonyms
from graph.guardrails.moderation import Moderator
from graph.talk import Answer, Talk, ToolCall, ToolResult, ToolSpec, Understanding


class Delivery(Protocol):
    """Brings an answer to the user's pages while it is written; failures to reach them are no failures of a turn."""

    async def typing(self, turn: ConversationTurn) -> None:
        """Show that an answer is being written."""
        ...

    async def delta(self, turn: ConversationTurn, run: str, index: int, text: str) -> bool:
        """Send a checked, unmasked sentence; False, and nothing sent, if the user has stopped this answer."""
        ...

    async def is_stopped(self, turn: ConversationTurn) -> bool:
        """Tell whether the user stopped this answer."""
        ...


class Conversations(Protocol):
    """Keeps what comes of a turn. Repeatable: a turn that runs again stores nothing twice.

    Every method raises `core.turns.TurnGone` once the turn was erased with its user.
    """

    async def begin_recommending(self, talk: Talk) -> None:
        """Note that recommendations are being made; storing the answer notes what came of it."""
        ...

    async def store_answer(self, talk: Talk, answer: Answer, understanding: Understanding) -> Message:
        """Store the answer, move the stage, count unanswered turns, in one transaction; then publish it."""
        ...

    async def hand_over(self, talk: Talk, reason: str, summary: str, words: str) -> str:
        """Open a ticket, put the conversation into the queue, and tell the user `words`; returns the ticket's id.

        Without words the user was told already.
        """
        ...


class Tools(Protocol):
    """The runtime of tools."""

    def specs(self, talk: Talk) -> Sequence[ToolSpec]:
        """Return the tools that this user may cause to be used at this stage."""
        ...

    async def run(self, talk: Talk, calls: Sequence[ToolCall], round_number: int) -> Sequence[ToolResult]:
        """Run calls and return a result for each, in order; never raises for a fault of a tool or its arguments."""
        ...


class Translations(Protocol):
    """Keeps translations of one company. Every method raises `core.errors.Unavailable` while the store is away."""

    async def find(self, key: bytes) -> str | None:
        """Return the translation kept under a key, or None."""
        ...

    async def keep(self, key: bytes, language: str, text: str) -> None:
        """Keep a translation; one that is there stays."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkContext:
    """What a conversation turn may use, beside what every turn may (`graph.context.TurnContext.talk`).

    Without `translations` nothing is translated; without a `moderator` the local rules judge alone.
    """

    talk: Talk
    allowance: Allowance
    pseudonyms: Pseudonyms
    conversations: Conversations
    delivery: Delivery
    tools: Tools
    translations: Translations | None = None
    moderator: Moderator | None = None
