"""Which sentences of a passage are fit to be quoted to a reader, and which of them fits a question best. Pure."""

from typing import Final

from core.passages import Passage
from knowledge.citations.instructions import addresses_model, visible
from knowledge.citations.sentences import split_sentences, without_mark
from knowledge.citations.words import read_sentence

MIN_WORDS: Final = 2
"""Content words below which a sentence says too little to be quoted."""


def quotable(passage: Passage, query: str) -> tuple[str, ...]:
    """Return the sentences of a passage that speak to its readers, the one with most words of the query first.

    Left out are headings, rows of tables, lead-ins, questions, fragments, and what is addressed to a model. Signs of
    list items and characters that nobody sees are taken off.
    """
    wanted = frozenset(read_sentence(query).stems)
    found = (" ".join(visible(without_mark(one.text)).split()) for one in split_sentences(passage.text))
    kept = [text for text in found if _is_quotable(text)]
    return tuple(sorted(kept, key=lambda text: -len(wanted & frozenset(read_sentence(text).stems))))


def _is_quotable(text: str) -> bool:
    if text.startswith(("|", "#", "```")) or text.endswith((":", "：", "?", "؟")):
        return False
    return len(set(read_sentence(text).stems)) >= MIN_WORDS and not addresses_model(text)
