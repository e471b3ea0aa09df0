"""Summaries by a model, of masked texts, in few words; a rule makes them where no model can."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints

from core.conversations import Role
from core.errors import ProviderFailed
from graph.journal import Calls
from graph.languages import primary
from graph.memory.summary import MAX_SUMMARY, Unsummarised, summarise_by_rule
from graph.plaintext import plain_text
from graph.prompting import load_prompt
from graph.reasoner import Reasoned
from graph.reasoners.asking import ask
from graph.reasoners.provider import Provider
from graph.talk import Said

MAX_MESSAGE: Final = 600
"""Characters of a message that a model gets to read for a summary."""
MAX_MESSAGES: Final = 40
"""Messages that a model reads at once; of more, the oldest are left to the rule."""
_WRITERS: Final = {Role.USER: "user", Role.ASSISTANT: "agent", Role.AGENT: "person", Role.SYSTEM: "note"}


class SummaryAnswer(BaseModel):
    """A summary, as a model says it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    summary: Annotated[str, StringConstraints(min_length=1, max_length=1200, strip_whitespace=True)]


async def summarise(provider: Provider, older: Unsummarised, calls: Calls) -> Reasoned[str]:
    """Return a model's summary of all so far.

    Raises:
        ProviderFailed: no answer, or one that says nothing.
        BudgetExhausted: no budget holds the call.
    """
    prompt = load_prompt("summary")
    answer = await ask(provider, prompt, _file(older), SummaryAnswer, calls)
    summary = plain_text(answer.summary).strip()[:MAX_SUMMARY]
    if not any(letter.isalnum() for letter in summary):
        raise ProviderFailed(f"{provider.name} summarised nothing")
    return Reasoned(summary, provider.name, prompt.version)


def _file(older: Unsummarised) -> dict[str, Any]:
    first, rest = _split(older.messages)
    previous = summarise_by_rule(first, older.previous, older.language) if first else older.previous
    file = {
        "language": primary(older.language),
        "summary_so_far": previous,
        "messages": [{"by": _WRITERS[said.role], "text": _shown(said.text)} for said in rest],
    }
    return {name: value for name, value in file.items() if value}


def _split(messages: Sequence[Said]) -> tuple[Sequence[Said], Sequence[Said]]:
    return messages[:-MAX_MESSAGES], messages[-MAX_MESSAGES:]


def _shown(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 1]}…"
