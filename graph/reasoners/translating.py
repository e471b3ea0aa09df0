"""A translation asked of a model: held to what must not change, and asked for once more where it did not hold."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import StringConstraints

from core.errors import ProviderFailed
from graph.answers import AnswerShape
from graph.journal import Calls
from graph.prompting import load_prompt
from graph.reasoner import Reasoned
from graph.reasoners.asking import ask
from graph.reasoners.provider import Provider
from graph.translation import mistakes_of, translation_key


class TranslationAnswer(AnswerShape):
    """A translation, as a model says it."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


async def translate(provider: Provider, text: str, to: str, terms: Mapping[str, str], calls: Calls) -> Reasoned[str]:
    """Return a model's faithful translation.

    Raises:
        ProviderFailed: no answer, or an unfaithful one twice.
        BudgetExhausted: no budget holds the call.
    """
    prompt, mistakes = load_prompt("translate"), tuple[str, ...]()
    for attempt in range(2):
        # A turn may translate several texts: each is a question of its own in the journal.
        own = replace(prompt, version=f"{prompt.version}-{translation_key(text, to, terms).hex()[:8]}-{attempt}")
        answer = await ask(provider, own, _file(text, to, terms, mistakes), TranslationAnswer, calls)
        mistakes = tuple(mistakes_of(text, answer.text, to, terms))
        if not mistakes:
            return Reasoned(answer.text, provider.name, prompt.version)
    raise ProviderFailed(f"{provider.name} translated unfaithfully twice")


def _file(text: str, to: str, terms: Mapping[str, str], mistakes: tuple[str, ...]) -> dict[str, Any]:
    file = {"to": to, "terms": dict(terms), "text": text, "mistakes": list(mistakes)}
    return {name: value for name, value in file.items() if value}
