"""Finds the misspelt words of questions by what a process knows of each company's words.

A word is taken for misspelt when no live chunk holds it and it is no plain word of English either, so a word as it is
written always wins. The company's words are read once per state of its knowledge, at the first question that needs
them, from a bounded number of chunks; chunk ids are hashes, so the first ones are a fair sample.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from core.passages import corrected
from db import knowledge_texts
from db.pool import Connection
from knowledge.citations.lexicon import DENIALS, GENERIC_WORDS, OPPOSITES, STOP_WORDS, SYNONYM_GROUPS
from knowledge.embedding import minilm
from knowledge.embedding.provider import Rejected
from knowledge.retrieval.analysis import spell, stems
from knowledge.retrieval.lexicon import Lexicon, Vocabulary
from knowledge.retrieval.near_words import GROUPS
from knowledge.retrieval.remembered import Remembered
from knowledge.retrieval.spelling import LANGUAGES, Spelling, is_another, spelling_of, words_of

READ: Final = 2000
"""Chunks whose words are read: about 2 MB, a fifth of a second once."""
COMPANIES: Final = 32
STRANGE: Final = 16
"""Words of a query that are looked into; with more of them it is a text and no question, or in another language."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Meant:
    """A query as it is looked for, and its words that were taken for others, each with the other."""

    text: str
    corrections: tuple[tuple[str, str], ...] = ()


class Proofreader:
    """The words of a process's companies."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._known: Remembered[tuple[str, str], Spelling] = Remembered(COMPANIES)

    async def read(
        self, connection: Connection, company_id: str, vocabulary: Vocabulary, stamp: str, query: str
    ) -> Meant:
        """Return a query as it is meant, at a stamp, which must be that of the connection's snapshot.

        Without a word that may be misspelt it costs no statement.
        """
        if not any(language in (None, *LANGUAGES) for language in vocabulary.languages):
            return Meant(query)
        plain = known_words()
        strange = (word for word in dict.fromkeys(words_of(query)) if plain and spell(word) not in plain)
        unknown = await self._unknown(connection, company_id, vocabulary, list(islice(strange, STRANGE)))
        if not unknown:
            return Meant(query)
        spelling = await self._spelling(connection, company_id, stamp)
        nearest = ((word, spelling.nearest(spell(word))) for word in unknown)
        found = tuple((word, meant) for word, meant in nearest if meant)
        return Meant(corrected(query, found), tuple(pair for pair in found if is_another(*pair)))

    async def _unknown(
        self, connection: Connection, company_id: str, vocabulary: Vocabulary, written: Sequence[str]
    ) -> list[str]:
        """Return the words that no chunk holds in any form."""
        forms = {
            word: {stem for language in vocabulary.languages for stem in stems(word, language)} for word in written
        }
        every = sorted({stem for some in forms.values() for stem in some})
        if not every:
            return []
        held = (await self._lexicon.corpus(connection, company_id, vocabulary, every)).frequencies
        return [word for word, some in forms.items() if not any(held.get(stem, 0) for stem in some)]

    async def _spelling(self, connection: Connection, company_id: str, stamp: str) -> Spelling:
        known = self._known.get((company_id, stamp))
        if known is not None:
            return known
        texts = await knowledge_texts.texts(connection, company_id, LANGUAGES, READ)
        return self._known.put((company_id, stamp), await asyncio.to_thread(spelling_of, texts))


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Return words that are no misspellings, as `spell` writes them; none, so that nothing is corrected, where the list
    of English words is missing. Reads a file at the first call.
    """
    try:
        english = minilm.whole_words()
    except Rejected as error:
        log.warning("misspelt words are not corrected", extra={"reason": str(error)})
        return frozenset()
    same = (*SYNONYM_GROUPS, *map(str.split, GROUPS))
    groups = (*same, *(side for pair in OPPOSITES for side in pair), STOP_WORDS, DENIALS, GENERIC_WORDS)
    return english | {spell(word) for group in groups for word in group}
