"""Checks an answer sentence by sentence against the passages found for it, and withholds what they do not say.

Words decide first (`knowledge.citations.support`). Two further opinions may be handed in as values: how similar a
sentence is to each passage (cosine of embeddings), and what a model judged. Either can carry a sentence whose words
differ from the passage's; neither outweighs a number, name or denial that disagrees. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from core.passages import Passage
from core.sentences import Sentence, split_sentences, without_mark
from knowledge.citations.credentials import ASKS_FOR_SECRETS, asks_for_secrets
from knowledge.citations.kinds import kind_of
from knowledge.citations.support import CLAUSE, Ground, Support, best_support, ground_of
from knowledge.citations.words import read_sentence

Verdict = Literal["supported", "contradicted", "unsupported", "free"]
Judgement = Literal["supported", "contradicted", "unsupported"]
MAX_ANSWER: Final = 20_000
"""Characters of an answer that are read; what follows is withheld."""
_AND: Final = re.compile(
    r"\s*[;؛–—]\s+|,?\s+(?:and|but|while|whereas)\s+|[،,]\s+(?:و|لكن|ولكن|بينما)|\s+(?:ولكن|لكن|بينما)\s+",
    re.IGNORECASE,
)
_STEPS: Final = re.compile(r"\s*[,،]\s+(?:and\s+)?(?:then\s+)?|\s+(?:and\s+)?then\s+|\s+ثم\s+", re.IGNORECASE)
"""Where one step ends and the next begins, in a sentence that tells several; one passage must have them all."""
_CLAUSE_WORDS: Final = 2
_UNANSWERED: Final[Mapping[str, str]] = {
    "en": "I did not find an answer to that in our help pages. Would you like to talk to a person?",
    "ar": "لم أجد إجابة عن ذلك في صفحات المساعدة. هل تودّ التحدث إلى أحد زملائنا؟",
}


@dataclass(frozen=True, slots=True)
class CitationPolicy:
    """How much it takes; the values were chosen on one half of the labelled sentences and measured on the other.

    `min_coverage` is the share of a claim's content words (0..1) that a place of a passage must hold. With a similarity
    of at least `min_similarity` (cosine, -1..1) `min_coverage_if_similar` is enough. A claim that falls short of
    both, but of which a place with something against it holds `contradiction_coverage`, is called contradicted.
    """

    min_coverage: float = 0.7
    min_coverage_if_similar: float = 0.5
    min_similarity: float = 0.7
    contradiction_coverage: float = 0.5


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """One sentence of an answer: the chunks that support it, best first, and why it stays or goes.

    `reason` is a stable word: overlap, similar, judged, clauses · number, name, negation, opposite, quantifier ·
    little_overlap, no_passage, too_long · question, greeting, offer, generic.
    """

    text: str
    chunk_ids: tuple[str, ...]
    verdict: Verdict
    reason: str
    coverage: float = 0.0

    @property
    def is_kept(self) -> bool:
        """Whether a reader gets to see it."""
        return self.verdict in ("supported", "free")


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """An answer after the check. `text` lacks what was withheld, and says so when nothing that was claimed is left.

    `is_grounded` tells that at least one claim is supported and `text` is the answer's own. `miscited` are chunks that
    the answer cites and that support no sentence of it.
    """

    sentences: tuple[CheckedSentence, ...]
    text: str
    is_grounded: bool
    miscited: tuple[str, ...] = ()

    @property
    def cited(self) -> tuple[str, ...]:
        """Chunks that support what is left, in order of use."""
        return tuple(dict.fromkeys(chunk for one in self.sentences if one.is_kept for chunk in one.chunk_ids))

    @property
    def withheld(self) -> tuple[CheckedSentence, ...]:
        """Sentences that a reader does not get to see."""
        return tuple(sentence for sentence in self.sentences if not sentence.is_kept)


def check(
    answer: str,
    cited: Sequence[str],
    passages: Sequence[Passage],
    policy: CitationPolicy = CitationPolicy(),
    *,
    similarity: Mapping[str, Mapping[str, float]] | None = None,
    judgements: Mapping[str, Judgement] | None = None,
    context: str = "",
    language: str = "en",
) -> CheckedAnswer:
    """Return the answer with each sentence's support, and without the sentences that have none.

    Args:
        answer: plain text or Markdown, as composed.
        cited: chunk ids that the answer itself names; they come first among a sentence's supporters.
        passages: what was found; each may support any sentence, cited or not.
        policy: how much overlap it takes.
        similarity: by sentence (its text, as `split_sentences` gives it) and chunk id, a cosine.
        judgements: by sentence, what a model said of it.
        context: words that need no proof, such as the product's name.
        language: BCP 47 tag of the words that say that nothing was found; English where there are none.
    """
    grounds = [ground_of(passage, context) for passage in _cited_first(passages, cited)]
    opinions = _Opinions(policy, similarity or {}, judgements or {})
    pieces = split_sentences(answer[:MAX_ANSWER])
    checked = tuple(_check_sentence(piece.text, grounds, opinions) for piece in pieces)
    has_claims = any(one.verdict != "free" for one in checked)
    is_grounded = any(one.verdict == "supported" for one in checked)
    text = _joined(answer, pieces, checked) if is_grounded or not has_claims else unanswered(language)
    used = {chunk for one in checked if one.is_kept for chunk in one.chunk_ids}
    return CheckedAnswer(checked, text, is_grounded, tuple(chunk for chunk in cited if chunk not in used))


def unanswered(language: str) -> str:
    """Return the words that say that nothing was found, and offer a person."""
    return _UNANSWERED.get(language.split("-")[0].lower(), _UNANSWERED["en"])


@dataclass(frozen=True, slots=True)
class _Opinions:
    policy: CitationPolicy
    similarity: Mapping[str, Mapping[str, float]]
    judgements: Mapping[str, Judgement]

    def of(self, sentence: str, support: Support, chunk_id: str) -> str | None:
        """Return why a passage supports a sentence, or None."""
        if support.conflict:
            return None
        if support.coverage >= self.policy.min_coverage:
            return "overlap"
        similar = self.similarity.get(sentence, {}).get(chunk_id, -1.0) >= self.policy.min_similarity
        if similar and support.coverage >= self.policy.min_coverage_if_similar:
            return "similar"
        judged = self.judgements.get(sentence) == "supported"
        return "judged" if judged and support.coverage >= self.policy.min_coverage_if_similar else None


def _check_sentence(sentence: str, grounds: Sequence[Ground], opinions: _Opinions) -> CheckedSentence:
    if asks_for_secrets(sentence):
        return CheckedSentence(sentence, (), "unsupported", ASKS_FOR_SECRETS)
    kind = kind_of(sentence)
    if kind != "claim":
        return CheckedSentence(sentence, (), "free", kind)
    whole = _check_claim(sentence, sentence, grounds, opinions)
    if whole.verdict == "supported" or whole.reason == "judged":
        return whole
    for separator in (CLAUSE, _AND, _STEPS):
        least = 1 if separator is _STEPS else _CLAUSE_WORDS
        parts = [_check_claim(part, sentence, grounds, opinions) for part in _clauses(sentence, separator, least)]
        chunks = _shared(parts) if separator is _STEPS else _first_of_each(parts)
        if chunks and all(part.verdict == "supported" for part in parts):
            return CheckedSentence(sentence, chunks, "supported", "clauses", min(part.coverage for part in parts))
    return whole


def _first_of_each(parts: Sequence[CheckedSentence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chunk for part in parts for chunk in part.chunk_ids[:1]))


def _shared(parts: Sequence[CheckedSentence]) -> tuple[str, ...]:
    """Return the chunks that support every part."""
    return tuple(chunk for chunk in parts[0].chunk_ids if all(chunk in part.chunk_ids for part in parts))


def _check_claim(claim: str, sentence: str, grounds: Sequence[Ground], opinions: _Opinions) -> CheckedSentence:
    """Check a sentence or a clause of it; opinions are kept by the whole sentence."""
    reading = read_sentence(without_mark(claim))
    found = [(ground.chunk_id, best_support(reading, ground)) for ground in grounds]
    judged = opinions.judgements.get(sentence)
    supporters = [(chunk, one, why) for chunk, one in found if (why := opinions.of(sentence, one, chunk))]
    best = max((one for _, one in found), key=lambda one: one.coverage, default=Support(0.0))
    if supporters and judged in (None, "supported"):
        chunks = tuple(chunk for chunk, _, _ in supporters)
        return CheckedSentence(claim, chunks, "supported", supporters[0][2], supporters[0][1].coverage)
    if judged in ("contradicted", "unsupported"):
        return CheckedSentence(claim, (), judged, "judged", best.coverage)
    if best.conflict and best.coverage >= opinions.policy.contradiction_coverage:
        return CheckedSentence(claim, (), "contradicted", best.conflict, best.coverage)
    return CheckedSentence(claim, (), "unsupported", "little_overlap" if found else "no_passage", best.coverage)


def _clauses(sentence: str, separator: re.Pattern[str], least: int) -> list[str]:
    """Return the parts of a sentence, or the whole where one of them has fewer content words than `least`."""
    parts = separator.split(without_mark(sentence))
    return parts if all(len(read_sentence(part).stems) >= least for part in parts) else [sentence]


def _cited_first(passages: Sequence[Passage], cited: Sequence[str]) -> list[Passage]:
    return sorted(passages, key=lambda passage: passage.chunk_id not in cited)


def _joined(answer: str, pieces: Sequence[Sentence], checked: Sequence[CheckedSentence]) -> str:
    """Return the answer with its own spaces and line breaks, without what was withheld."""
    ends = [piece.start for piece in pieces[1:]] + [pieces[-1].end] if pieces else []
    kept = [answer[piece.start : end] for piece, end, one in zip(pieces, ends, checked, strict=True) if one.is_kept]
    return "".join(kept).strip()
