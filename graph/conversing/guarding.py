"""What an answer of this turn may draw on, for the guard that looks at each of its sentences."""

import json
from collections.abc import Iterator, Sequence

from core.links import links_in
from core.passages import Passage
from core.playbooks import Stage
from core.pseudonyms import Pseudonyms
from graph.conversing.talkfile import role_of
from graph.excerpts import safe_url
from graph.guardrails import SentenceGuard
from graph.prompting import load_prompt
from graph.talk import Talk


def guard_for(talk: Talk, passages: Sequence[Passage], pseudonyms: Pseudonyms) -> SentenceGuard:
    """Return the guard of a round: it knows what was found and returned by now, and what the user said."""
    return SentenceGuard(
        talk,
        given=tuple(given_texts(talk, passages)),
        instructions=f"{load_prompt('converse').system}\n{role_of(talk)}",
        links=links_of(talk, passages),
        pseudonyms=pseudonyms,
    )


def links_of(talk: Talk, passages: Sequence[Passage]) -> frozenset[str]:
    """Return the links that an answer may hold: those of its passages, and a product's name that looks like one."""
    named = links_in(talk.config.tone.product_name or "")
    return frozenset(url for passage in passages if (url := safe_url(passage.url))).union(named)


def given_texts(talk: Talk, passages: Sequence[Passage]) -> Iterator[str]:
    """Yield what was given in this turn, by documents, tools, the playbook and the user."""
    for passage in passages:
        yield passage.document_title
        yield passage.text
        yield passage.url or ""  # which may hold what looks like personal data, such as the address of a machine
    for result in talk.results:
        yield result.text
        yield from result.figures
    yield from (said.text for said in (*talk.messages, *talk.asked))
    yield from (fact.value for fact in talk.facts)
    yield from talk.trace
    yield talk.summary
    yield json.dumps(dict(talk.context), ensure_ascii=False, default=str)
    yield from (question for stage in talk.playbook.stages.values() for question in _wordings(stage, talk))


def _wordings(stage: Stage, talk: Talk) -> Iterator[str]:
    return (question.wording(talk.answer_language) for question in stage.questions)
