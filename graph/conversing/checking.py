"""Whether a sentence of an answer may be said: markup goes, claims need proof, and markers name what proves them. Pure.

What proves a claim: the passages that were found, what tools returned in this turn, what is known of the user, and what
the company says itself in its playbook. What the user claims about the product proves nothing.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from core.conversations import Citation
from core.passages import Passage
from graph.context import Backing, Claims
from graph.conversing.guarding import links_of
from graph.dates import ARABIC, ENGLISH, respelt
from graph.excerpts import safe_url
from graph.guardrails import Judged
from graph.languages import is_written_in
from graph.plaintext import plain_text
from graph.talk import Talk, Verdict
from graph.tools.anchoring import is_anchored
from graph.tools.counts import counting, without_counters

UNANSWERABLE: Final = "UNANSWERABLE"
"""What a model is told to say where nothing that it was given answers; our own words take its place."""
_OF_MODELS: Final = ("language", "own_deed")
MAX_SHOWN: Final = 2
"""Sources named at one sentence."""

_WITH_FIGURES: Final = "It takes 12 days."
_WITH_CLAIM: Final = "They say that it is open."
"""Sentences for which everything is read that others are held against."""
_MARKER: Final = re.compile(r"\s*\[(\d{1,2})\](?!\()")
_LAST_STOP: Final = re.compile(r"[.!?؟…:]+[\"'”’»)]*$")


class Guard(Protocol):
    """What looks at sentences on their way out (`graph.guardrails.SentenceGuard`)."""

    def check(self, sentence: str) -> Judged:
        """Return the sentence as it may be said, or why it may not."""
        ...


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the sentences of one round are held against; make it by `grounds_for`.

    `given` are texts that prove as passages do, without being cited; `links` are those that an answer may hold,
    `sources` the citations of the passages, ready but for their markers.
    """

    talk: Talk
    passages: tuple[Passage, ...]
    claims: Claims | None
    guard: Guard
    given: tuple[str, ...]
    links: frozenset[str]
    sources: Mapping[str, Citation]

    def make_ready(self) -> None:
        """Read once what every sentence is held against: while a model thinks, not while a sentence waits."""
        self.guard.check(_WITH_FIGURES)
        if self.claims is not None:
            product = self.talk.config.tone.product_name
            self.claims.check(_WITH_CLAIM, (), self.passages, self.given, context=product)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence that may be said, and the chunks that prove it."""

    text: str
    cited: tuple[str, ...] = ()
    is_claim: bool = False


Checked = Spoken | tuple[Verdict, ...]
"""What became of a sentence: how it may be said, or why it may not."""


def grounds_for(talk: Talk, passages: tuple[Passage, ...], claims: Claims | None, guard: Guard) -> Grounds:
    """Return the grounds of a round by what is known and was found by now."""
    given = tuple(text for text in _given(talk) if text)
    sources = {passage.chunk_id: _source(passage, claims) for passage in passages}
    return Grounds(talk, passages, claims, guard, given, links_of(talk, passages), sources)


def check_sentence(raw: str, grounds: Grounds, *, is_verbatim: bool) -> Checked:
    """Return the sentence as it may be said, or the verdicts that withhold it. Blanks around it do not matter.

    `is_verbatim` marks words that are our own, or quoted as they stand: they are not held against the passages, nor to
    a language, and lose a link that no source names. A model's sentence with one is withheld: without it, it would be
    half of one.
    """
    named = _named_chunks(raw, grounds.talk)
    bare = plain_text(_MARKER.sub("", raw), grounds.links if is_verbatim else None)
    if bare.strip(" .!*") == UNANSWERABLE:
        return (Verdict("unanswerable", "answer"),)
    if not any(letter.isalnum() for letter in bare):
        return ()
    judged = grounds.guard.check(bare)
    if judged.text is None and not (is_verbatim and _may_be_quoted(judged)):
        return judged.verdicts
    if is_verbatim:
        return Spoken(judged.text or bare, named, is_claim=bool(named))
    return _proven(judged.text or bare, named, grounds)


def _may_be_quoted(judged: Judged) -> bool:
    """Tell whether what speaks against a sentence concerns a model's words alone: one that is quoted may name many
    buttons, or be announced as written in another language; and our own words tell what we do."""
    return all(verdict.rule in _OF_MODELS for verdict in judged.verdicts)


def _proven(text: str, named: tuple[str, ...], grounds: Grounds) -> Checked:
    backing = _backing(text, named, grounds)
    if not backing.text and (said := _said_otherwise(text, named, grounds) or _counted(text, grounds)):
        backing = said
    if not backing.text:
        if is_anchored(text, _stated(grounds.talk), grounds.talk.answer_language):
            return Spoken(text, is_claim=True)
        return tuple(Verdict(reason, "answer") for reason in backing.withheld or ("unsupported",))
    own = tuple(chunk for chunk in named if chunk in backing.cited)
    return Spoken(text, (own or backing.cited)[:MAX_SHOWN], is_claim=bool(backing.cited))


def _backing(text: str, named: tuple[str, ...], grounds: Grounds) -> Backing:
    """Return what proves a sentence: mostly the passages that it names, which are asked first, since it waits."""
    if grounds.claims is None:
        return Backing("", withheld=("no_passage",))
    product = grounds.talk.config.tone.product_name
    if own := [passage for passage in grounds.passages if passage.chunk_id in named]:
        backing = grounds.claims.check(text, named, own, (), context=product)
        if backing.cited and not backing.withheld:
            return backing
    return grounds.claims.check(text, named, grounds.passages, grounds.given, context=product)


def _said_otherwise(text: str, named: tuple[str, ...], grounds: Grounds) -> Backing | None:
    """Return what proves a sentence whose dates and times are put into the words by which results say them."""
    months = ARABIC if is_written_in(text, "ar") else ENGLISH
    tried = (_backing(said, named, grounds) for said in respelt(text, months) if said != text)
    return next((backing for backing in tried if backing.text), None)


def _counted(text: str, grounds: Grounds) -> Backing | None:
    """Return what proves a sentence that names what a record counts; such records alone may."""
    bare, lines = without_counters(text), counting(_stated(grounds.talk))
    if grounds.claims is None or bare == text or not lines:
        return None
    backing = grounds.claims.check(bare, (), (), lines, context=grounds.talk.config.tone.product_name)
    return backing if backing.text else None


def with_markers(text: str, markers: Sequence[int]) -> str:
    """Return a sentence that names its sources, before its full stop."""
    if not markers:
        return text
    named = "".join(f" [{marker}]" for marker in markers)
    stop = _LAST_STOP.search(text)
    return f"{text[: stop.start()]}{named}{stop[0]}" if stop else f"{text}{named}"


def citation_of(chunk_id: str, marker: int, grounds: Grounds) -> Citation | None:
    """Return the citation of a chunk under a marker; None for a chunk that nothing is known of."""
    source = grounds.sources.get(chunk_id)
    return None if source is None else source.model_copy(update={"marker": marker})


def _source(passage: Passage, claims: Claims | None) -> Citation:
    readable = claims.readable(passage.document_title) if claims else ""
    return Citation(
        title=plain_text(readable)[:200],
        url=safe_url(passage.url),
        chunk_id=passage.chunk_id,
        attribution=passage.attribution,
    )


def _named_chunks(raw: str, talk: Talk) -> tuple[str, ...]:
    """Return the chunks that the markers of a sentence name; numbers that were not given name none."""
    numbers = [int(found[1]) for found in _MARKER.finditer(raw)]
    known = dict(enumerate(talk.excerpts, start=1))
    return tuple(dict.fromkeys(known[number].chunk_id for number in numbers if number in known))


def _stated(talk: Talk) -> Iterator[str]:
    """Yield what tools said in this turn, record by record."""
    for result in talk.results:
        yield from result.statements


def _given(talk: Talk) -> Iterator[str]:
    yield from _stated(talk)
    for fact in talk.facts:
        yield f"{fact.name.replace('_', ' ')}: {fact.value}"
    yield from talk.trace
    yield json.dumps(dict(talk.context), ensure_ascii=False, default=str) if talk.context else ""
    yield talk.customer_name or ""
    yield talk.playbook.title
    yield from talk.playbook.greeting.values()
    for stage in talk.playbook.stages.values():
        yield from (question.wording(talk.answer_language) for question in stage.questions)
