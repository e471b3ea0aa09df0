"""What has come of a streamed answer so far: text, calls of tools, how it ended, what it took.

Filled chunk by chunk, so that an answer that breaks off leaves behind what it took until then.
"""

from dataclasses import dataclass, field
from typing import Final

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata

from graph.talk import ToolCall

MAX_TEXT: Final = 65_536
CUT: Final = "length"


@dataclass(slots=True)
class _Call:
    call_id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class Received:
    """An answer under way. `finish` is None until the provider has said how it ended."""

    texts: list[str] = field(default_factory=list)
    finish: str | None = None
    usage: UsageMetadata | None = None
    length: int = 0
    _calls: dict[int, _Call] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All the text that came."""
        return "".join(self.texts)

    @property
    def has_begun(self) -> bool:
        """Whether anything came that was paid for."""
        return bool(self.texts or self._calls)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls that came, in order; those without a name are none."""
        ordered = (self._calls[index] for index in sorted(self._calls))
        return tuple(
            ToolCall(call.call_id or f"call-{n}", call.name, call.arguments or "{}")
            for n, call in enumerate(ordered)
            if call.name
        )

    def take(self, chunk: AIMessageChunk) -> str:
        """Take a chunk; return its text. What passes MAX_TEXT counts as cut off."""
        text = chunk.content if isinstance(chunk.content, str) else ""
        self.length += len(text) + sum(len(part.get("args") or "") for part in chunk.tool_call_chunks)
        if self.length > MAX_TEXT:
            self.finish = CUT
            return ""
        if text:
            self.texts.append(text)
        for part in chunk.tool_call_chunks:
            call = self._calls.setdefault(part.get("index") or 0, _Call())
            call.call_id = call.call_id or part.get("id") or ""
            call.name += part.get("name") or ""
            call.arguments += part.get("args") or ""
        self.finish = chunk.response_metadata.get("finish_reason") or self.finish
        self.usage = chunk.usage_metadata or self.usage
        return text
