"""Checks drafts of recommendations by rules, whoever made them: nothing invented, nothing without a ground. Pure.

The checker of the maker–checker pair stands above these: a model may object to more, and never to less.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from core.links import links_in
from core.passages import Passage
from core.recommendations import DraftVerdict, Fault, Recommendation, Risk, riskier
from graph.context import Claims
from graph.languages import is_written_in
from graph.onboarding.answers import known
from graph.onboarding.pleasantries import plainly
from graph.onboarding.values import Drafts, Verdicts
from graph.talk import Talk

MIN_CONFIDENCE: Final = 0.5
"""Below it a draft is not shown."""
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_OF_OTHERS: Final = re.compile(
    r"\b(?:invit|member|team|permission|role|notif|publish|share|everyone|all users)|دعو|فريق|صلاحي|مشارك",
    re.IGNORECASE,
)
_GRAVE: Final = re.compile(
    r"\b(?:delet|remov|eras|billing|payment|plan|upgrade|downgrade|password|api key|secret|admin|"
    r"security|single sign|export|merge|overwrit)|حذف|محو|دفع|خطة|كلمة مرور|مفتاح|أمان|صلاحيات المدير",
    re.IGNORECASE,
)


def check_drafts(talk: Talk, drafts: Drafts) -> Verdicts:
    """Return a verdict on each draft, in their order."""
    return Verdicts(tuple(check_draft(talk, draft, drafts.items[:number]) for number, draft in enumerate(drafts.items)))


def check_draft(talk: Talk, draft: Recommendation, earlier: Sequence[Recommendation] = ()) -> DraftVerdict:
    """Return what speaks against a draft; `earlier` are those before it, which it must not repeat."""
    faults = tuple(dict.fromkeys(_faults(talk, draft, earlier)))
    return DraftVerdict(
        passes=not faults, faults=faults, confidence=draft.confidence, risk=riskier(draft.risk, risk_of(draft))
    )


def hold_to_passages(
    drafts: Drafts, verdicts: Verdicts, claims: Claims, passages: Sequence[Passage], given: Sequence[str], product: str
) -> Verdicts:
    """Return the verdicts with those refused whose steps the documents do not say.

    Held to them are the drafts that pass and have steps. `given` are texts that prove as documents do.
    """
    judged = zip(drafts.items, verdicts.items, strict=True)
    return Verdicts(
        tuple(
            verdict if not verdict.passes or _is_backed(draft, claims, passages, given, product) else _refused(verdict)
            for draft, verdict in judged
        )
    )


def risk_of(draft: Recommendation) -> Risk:
    """Return the risk that a draft's words and changes speak of: of data, money or access, of others, or neither."""
    words = " ".join((draft.title, *draft.steps, *(f"{one.setting} {one.value}" for one in draft.changes)))
    if draft.changes and _GRAVE.search(words):
        return "high"
    return "medium" if draft.changes or _OF_OTHERS.search(words) else "low"


def _faults(talk: Talk, draft: Recommendation, earlier: Sequence[Recommendation]) -> Iterator[Fault]:
    texts = (draft.title, draft.summary, *draft.steps, *(change.value for change in draft.changes))
    cited = {citation.chunk_id for citation in draft.citations}
    if not draft.steps and not draft.changes:
        yield "nothing_to_do"
    if not cited and not draft.rests_on:
        yield "no_ground"
    if cited - {excerpt.chunk_id for excerpt in talk.excerpts}:
        yield "unknown_source"
    if set(draft.rests_on) - known(talk).keys():
        yield "unknown_fact"
    if _numbers(" ".join(texts)) - _numbers(" ".join(_grounds(talk))):
        yield "invented_number"
    if {link for text in texts for link in links_in(text)} - {one.url for one in talk.excerpts if one.url}:
        yield "foreign_link"
    if not is_written_in(" ".join(texts), talk.answer_language):
        yield "wrong_language"
    if plainly(draft.title) in {plainly(other.title) for other in earlier}:
        yield "repeated"
    if draft.confidence < MIN_CONFIDENCE:
        yield "low_confidence"


def _grounds(talk: Talk) -> Iterator[str]:
    yield from known(talk).values()
    yield from talk.trace
    for excerpt in talk.excerpts:
        yield f"{excerpt.title} {excerpt.text}"
    for said in (*talk.messages, *talk.asked):
        yield said.text


def _numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(text))


def _is_backed(
    draft: Recommendation, claims: Claims, passages: Sequence[Passage], given: Sequence[str], product: str
) -> bool:
    cited = [citation.chunk_id for citation in draft.citations if citation.chunk_id]
    return all(claims.check(step, cited, passages, given, context=product).text for step in draft.steps)


def _refused(verdict: DraftVerdict) -> DraftVerdict:
    return verdict.model_copy(update={"passes": False, "faults": (*verdict.faults, "unsupported")})
