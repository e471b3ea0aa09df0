"""Answers from documents in another language: where the user's own has none, the company's are asked and translated.

The question is translated to find the passage, and what the passage says is quoted in translation, whole and checked
(`graph.translation`), never told in other words: nobody could hold those against the source. Without a model, or where
the translation is not faithful, the turn goes on as if there were no such document.
"""

from dataclasses import dataclass, replace
from typing import Final

from core.errors import Unavailable
from core.pseudonyms import PLACEHOLDER
from graph.context import TurnContext
from graph.conversing.reading import Reading, look_up, query_of
from graph.languages import primary
from graph.onboarding.answers import learned
from graph.onboarding.pleasantries import pleasantry
from graph.phrases import phrase, tongue
from graph.quoting import quote_for
from graph.reasoners.choice import reasoner_for
from graph.talk import Talk, Understanding
from graph.talk_context import TalkContext
from graph.translation import translate

VERSION: Final = "abroad-1"
_FOUND_NOTHING: Final = ("none", "irrelevant")


@dataclass(frozen=True, slots=True)
class FromAbroad:
    """An answer in the user's language, with the number of its source among the excerpts of `reading`."""

    text: str
    reading: Reading
    provider: str = "translation"
    version: str = VERSION


async def read_abroad(context: TurnContext, means: TalkContext, talk: Talk, own: Reading) -> FromAbroad | None:
    """Return what documents in the company's language say to the question, translated; None where nothing does.

    `own` is what was found in the user's language.
    """
    home = primary(context.config.tone.language)
    if means.translations is None or own.facts.get("outcome") not in _FOUND_NOTHING or not _asks(talk, home):
        return None
    try:
        return await _read(context, means, talk, home)
    except Unavailable:
        return None


async def _read(context: TurnContext, means: TalkContext, talk: Talk, home: str) -> FromAbroad | None:
    # What is masked is not looked for, and need not survive.
    query = await _translated(context, means, talk, PLACEHOLDER.sub("", query_of(talk)).strip(), home)
    if not query:
        return None
    reading = await look_up(context, _in(talk, home), query)
    found = quote_for(query, reading.excerpts) if reading.is_sure else None
    if found is None:
        return None
    said = await _translated(context, means, talk, means.pseudonyms.mask(found.text), talk.answer_language)
    if not said:
        return None
    language, source = talk.answer_language, reading.excerpts[found.source]
    lead = phrase("other_language_translated", language, tongue=tongue(home, language))
    is_told = source.url and source.title and not talk.channel.shows_sources
    rest = phrase("read_on", language, title=source.title, url=source.url or "") if is_told else ""
    text = f"{lead}\n{said} [{found.source + 1}]"
    return FromAbroad(f"{text}\n{rest}" if rest else text, reading)


async def _translated(context: TurnContext, means: TalkContext, talk: Talk, text: str, to: str) -> str | None:
    if means.translations is None:
        return None
    return await translate(
        text,
        to,
        glossary=context.config.conversations.glossary,
        reasoner=reasoner_for(context),
        calls=context.calls(talk.turn),
        cache=means.translations,
    )


def _asks(talk: Talk, home: str) -> bool:
    """Tell whether a message asks something in another language than the company's."""
    is_foreign = primary(talk.answer_language) != home
    return is_foreign and not learned(talk) and pleasantry(talk.question) is None


def _in(talk: Talk, language: str) -> Talk:
    """Return the talk as if it were held in a language."""
    understood = talk.understanding or Understanding(language)
    return replace(talk, understanding=replace(understood, language=language))
