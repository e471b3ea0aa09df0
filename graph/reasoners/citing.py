"""The rules' answer out of the documents: what they say to each question, as it stands, with the number of its source.

The number is the place of the excerpt, from 1. Where it is not certain that a quotation is what the user wants, it is
short, and said to be so. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.sentences import mark_of
from graph.excerpts import Excerpt
from graph.languages import is_written_in
from graph.phrases import phrase, tongue
from graph.quoting import quote_for, shortened
from graph.talk import Inquiry, Talk

MAX_ASKED: Final = 100
"""Characters of a user's question that are said again."""


@dataclass(frozen=True, slots=True)
class _Quotation:
    """What is said to one question; nothing where the documents say nothing."""

    text: str = ""
    is_sure: bool = True


def quoted(talk: Talk) -> str:
    """Return what the documents say to the question, or to each of several; empty where nothing can be quoted."""
    if talk.inquiries:
        return _quoted_each(talk)
    return _with_offer(_quotation(talk, talk.question, talk.excerpts, is_sure=talk.is_sure), talk)


def _quoted_each(talk: Talk) -> str:
    """Return an answer to each question that has one, below the question, and name those that have none."""
    language = talk.answer_language
    said = {inquiry.question: _said_to(inquiry, talk) for inquiry in talk.inquiries}
    if len(alike := set(said.values())) == 1:  # one passage for all of them, or none
        return _with_offer(alike.pop(), talk)
    shown: dict[str, str] = {}
    for question, found in said.items():
        key = "about_question" if found.text else "unanswerable_part"
        words = phrase(key, language, question=once_more(question))
        shown.setdefault(found.text or words, f"{words}\n{found.text}".strip())
    is_missing = any(not found.text for found in alike)
    is_unsure = any(not found.is_sure for found in alike)
    offer = "ask_person" if is_missing else "offer_person" if is_unsure else None
    return "\n\n".join([*shown.values(), *([phrase(offer, language)] if offer else [])])


def _with_offer(found: _Quotation, talk: Talk) -> str:
    return found.text if found.is_sure else _beneath(found.text, phrase("offer_person", talk.answer_language))


def _said_to(inquiry: Inquiry, talk: Talk) -> _Quotation:
    excerpts = {one.chunk_id: one for one in talk.excerpts}
    own = [excerpts[chunk] for chunk in inquiry.chunks if chunk in excerpts]
    return _quotation(talk, inquiry.question, own, is_sure=inquiry.is_sure)


def _quotation(talk: Talk, question: str, excerpts: Sequence[Excerpt], *, is_sure: bool) -> _Quotation:
    found = quote_for(question, excerpts)
    if found is None:
        return _Quotation()
    is_sure = is_sure and found.is_meant
    found = found if is_sure else shortened(found, question)
    language, source = talk.answer_language, excerpts[found.source]
    number = talk.excerpts.index(source) + 1
    said = [f"{_lead(found.text, language)}{found.text} [{number}]"] if found.lines else []
    is_linked = bool(source.url and source.title)
    if not said:
        helps = phrase("may_help", language, title=source.title, url=source.url or "")
        return _Quotation(helps, is_sure=False) if is_linked else _Quotation()
    if found.has_more and is_linked and not talk.channel.shows_sources:
        said = [_beneath(said[0], phrase("read_on", language, title=source.title, url=source.url or ""))]
    return _Quotation("\n".join(said if is_sure else [phrase("unsure", language), *said]), is_sure)


def _beneath(text: str, line: str) -> str:
    """Return a text with a line below it; one below a list begins a paragraph, else it were read as part of an item."""
    last = text.rpartition("\n")[2]
    return f"{text}\n\n{line}" if mark_of(last) else f"{text}\n{line}"


def _lead(text: str, language: str) -> str:
    """Return the words that announce a quotation in another language than the user's."""
    if is_written_in(text, language):
        return ""
    own = "ar" if is_written_in(text, "ar") else "en"
    return f"{phrase('other_language', language, tongue=tongue(own, language))}\n"


def once_more(question: str) -> str:
    """Return a question as it is said again: on one line, without its mark, which would end our sentence."""
    plain = " ".join(question.split()).rstrip("?؟!. ")
    return plain if len(plain) <= MAX_ASKED else f"{plain[: MAX_ASKED - 1]}…"
