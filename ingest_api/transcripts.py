"""Transcripts of conversations as files: for people to read, and for tables. Pure.

A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a line end for a formula (OWASP, CSV
injection); such cells get an apostrophe in front. In the text form, lines of a message after its first are indented, so
that nobody can write what looks like another one's message.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

from core.conversations import Message
from db.conversation_rows import Conversation

Format: TypeAlias = Literal["json", "text", "csv"]
MEDIA_TYPES: Final[dict[Format, str]] = {
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
EXTENSIONS: Final[dict[Format, str]] = {"json": "json", "text": "txt", "csv": "csv"}
_COLUMNS: Final = (
    "position", "created_at", "role", "author", "language", "text", "citations", "status", "rating", "message_id",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_LABELS: Final = {"user": "User", "assistant": "Assistant", "agent": "Person", "system": "Note"}


def as_text(conversation: Conversation, said: Iterable[Message]) -> str:
    """Return a transcript to read: a head, then each message with its time (UTC) and who said it."""
    head = [
        f"Conversation {conversation.conversation_id}",
        f"User: {_one_line(conversation.user_id)}",
        f"Playbook: {conversation.playbook}, stage: {conversation.stage}, state: {conversation.state}",
        f"Begun: {_moment(conversation.created_at)}",
    ]
    return "\n".join([*head, "", *map(_entry, said)]) + "\n"


def _entry(message: Message) -> str:
    who = _LABELS[message.role] + (f" ({_one_line(message.author)})" if message.author else "")
    lines = message.text.splitlines() or [""]
    sources = [
        f"    [{one.marker or '-'}] {_one_line(one.title)} {one.url or ''}".rstrip() for one in message.citations
    ]
    rest = [f"    {line}" for line in lines[1:]]
    return "\n".join([f"[{_moment(message.created_at)}] {who}: {lines[0]}", *rest, *sources])


def as_csv(said: Sequence[Message]) -> str:
    """Return a table with a row for each message."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    writer.writerows([_cell(value) for value in _row(message)] for message in said)
    return buffer.getvalue()


def _row(message: Message) -> Iterable[object]:
    citations = "; ".join(f"{one.title} {one.url or ''}".strip() for one in message.citations)
    known = {**message.model_dump(mode="json"), "citations": citations}
    return (known[name] for name in _COLUMNS)


def _cell(value: object) -> object:
    """Return a value as a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _one_line(text: str) -> str:
    return " ".join(text.split())
