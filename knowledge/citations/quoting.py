"""Which sentences of a passage are fit to be quoted to a reader, and which of them fits a question best. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from core.passages import Passage
from core.sentences import split_sentences, without_mark
from knowledge.citations.credentials import ASKS_FOR_SECRETS, asks_for_secrets
from knowledge.citations.instructions import addresses_model, visible
from knowledge.citations.words import read_sentence

MIN_WORDS: Final = 2
"""Content words below which a sentence says too little to be quoted."""
SHARED_WORDS: Final = 2
"""Content words that a sentence must share with an error that was shown: one alone is often but the field's name."""


def quotable(passage: Passage, query: str) -> tuple[str, ...]:
    """Return the sentences of a passage that speak to its readers, the one with most words of the query first.

    Left out are headings, rows of tables, lead-ins, questions, fragments, what is addressed to a model, and what asks
    for secrets. Signs of list items and characters that nobody sees are taken off.
    """
    wanted = frozenset(read_sentence(query).stems)
    kept = [text for text in _sentences(passage) if _is_quotable(text)]
    return tuple(sorted(kept, key=lambda text: -len(wanted & frozenset(read_sentence(text).stems))))


def to_the_point(sentences: Sequence[str], said: str, subject: str = "") -> tuple[str, ...]:
    """Return those of some sentences that speak of what was said, those that speak of little else first.

    One must share two content words with it, or all where it has but one, and say more than it does. `said` is what a
    form answered, say, whose repeated words weigh more; words of the `subject`, such as the step's title, are in every
    sentence about it and do not count.
    """
    beside = frozenset(read_sentence(subject).stems)
    wanted = Counter(word for word in read_sentence(said).stems if word not in beside)
    least = max(1, min(SHARED_WORDS, len(wanted)))
    words = {text: frozenset(read_sentence(text).stems) for text in sentences}
    kept = [text for text in sentences if len(words[text] & wanted.keys()) >= least and words[text] - wanted.keys()]
    return tuple(sorted(kept, key=lambda text: -sum(wanted[word] for word in words[text]) / len(words[text])))


def refused(passage: Passage) -> tuple[str, ...]:
    """Return why sentences of a passage are kept from every reader, as stable words, each once."""
    return (ASKS_FOR_SECRETS,) if any(asks_for_secrets(text) for text in _sentences(passage)) else ()


def _sentences(passage: Passage) -> Iterator[str]:
    return (
        " ".join(visible(without_mark(one.text)).split())
        for one in split_sentences(passage.text)
        if not one.text.startswith("#")
    )


def _is_quotable(text: str) -> bool:
    if text.startswith(("|", "```")) or text.endswith((":", "：", "?", "؟")):
        return False
    if addresses_model(text) or asks_for_secrets(text):
        return False
    return len(set(read_sentence(text).stems)) >= MIN_WORDS
