"""The talk as a model gets to read it: who it speaks as, what was said, and everything else as one block of data. Pure.

The company's own playbook is part of the task. Whatever users, documents, pages and tools said is not: it stands in
messages of the user, or in the block, which no text inside can close.
"""

from collections.abc import Iterator
from typing import Any, Final

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from core.conversations import Role
from graph.casefile import quote
from graph.onboarding.answers import QUESTIONS
from graph.onboarding.flow import standing
from graph.prompting import Prompt
from graph.talk import Said, Talk, ToolResult
from graph.tools.offers import stage_now, stage_of

MAX_SAID: Final = 1500
"""Characters of an earlier message; the question itself is read whole."""
MAX_TRACE: Final = 12
MAX_ARGUMENTS: Final = 500
"""Characters of what a tool was asked, where its result is shown."""


def messages_of(prompt: Prompt, talk: Talk) -> tuple[BaseMessage, ...]:
    """Return the messages of a round: the task and its examples, what was said before, the question with its data."""
    system = SystemMessage(f"{prompt.system}\n\n{role_of(talk)}")
    last = HumanMessage(f"{quote(_data(talk))}\n\n{talk.question or '(no words)'}")
    return (system, *_examples(prompt), *_history(talk), last)


def _examples(prompt: Prompt) -> Iterator[BaseMessage]:
    """Yield questions with their data, and answers in words: small models write as they are shown."""
    for shown, answer in prompt.examples:
        data = {name: value for name, value in shown.items() if name != "user_says"}
        yield HumanMessage(f"{quote(data)}\n\n{shown['user_says']}")
        yield AIMessage(answer["text"])


def role_of(talk: Talk) -> str:
    """Return what the playbook says of who speaks, and of the stage that the conversation is in."""
    playbook, stage = talk.playbook, stage_of(talk)
    lines = [
        f"The product is called {talk.config.tone.product_name}.",
        f"Who you are: {playbook.persona}",
        f"Tone: {playbook.tone}",
        f"Stage: {stage.title} ({stage_now(talk)}).",
        *(f"- {rule}" for rule in stage.rules),
    ]
    if stage.next:
        lines.append(f"It may lead to: {', '.join(stage.next)}.")
    return "\n".join(lines)


def _history(talk: Talk) -> Iterator[BaseMessage]:
    for said in talk.messages:
        text = said.text[:MAX_SAID]
        if said.role is Role.USER:
            yield HumanMessage(text)
        elif said.role in (Role.ASSISTANT, Role.AGENT):
            yield AIMessage(_by(said, text))


def _by(said: Said, text: str) -> str:
    return text if said.role is Role.ASSISTANT else f"(written by a colleague) {text}"


def _data(talk: Talk) -> dict[str, Any]:
    known = {fact.name: fact.value for fact in talk.facts}
    asked = [item.wording(talk.answer_language) for item in standing(talk).open]
    fields = {
        "language": talk.answer_language,
        "passages": [
            {"n": number, "title": one.title, "text": one.text, "url": one.url}
            for number, one in enumerate(talk.excerpts, start=1)
        ],
        "passages_may_not_fit": not talk.is_sure,
        "results": [_result(one) for one in talk.results],
        "user": {"name": talk.customer_name, "anonymous": talk.is_anonymous, "facts": known, **_context(talk)},
        "summary_of_earlier_messages": talk.summary,
        "what_they_just_did": list(talk.trace[-MAX_TRACE:]),
        "open_questions": asked,
    }
    # That nothing was found is said outright: a small model that sees no passages makes some up.
    return {
        name: value for name, value in fields.items() if name == "passages" or value not in (None, False, "", [], {})
    }


def _result(one: ToolResult) -> dict[str, Any]:
    """Return a result as values rather than as a block of its own: a block within a block is hard to read."""
    called = {"tool": one.call.name, "arguments": one.call.arguments[:MAX_ARGUMENTS], "status": one.status}
    return {**called, "result": one.text} if one.data is None else {**one.data, **called}


def _context(talk: Talk) -> dict[str, Any]:
    given = {name: value for name, value in talk.context.items() if name != QUESTIONS}
    return {"context": given} if given else {}
