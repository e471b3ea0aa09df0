"""What a sentence of an answer is checked for before a user sees it; called for each one while it is written.

| rule | when |
|---|---|
| `moderation` | it insults, threatens, or tells how to do harm |
| `prompt_leak` | it repeats what the model was told |
| `placeholder` | it holds a placeholder that stands for nothing: the model made it up |
| `pii_leak` | it holds personal data that nothing in this turn gave |
| `foreign_link` | it leads somewhere that no source named |
| `invented` | it states a figure that neither a tool, nor a passage, nor the user gave |
| `language` | it is written in another language's script |

A sentence that breaks a rule is withheld. Pure. Sentences are still masked here, so the user's own data stands as
placeholders, and personal data in plain sight came from nowhere.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from core.links import links_in
from core.personal_data import find
from core.pseudonyms import PLACEHOLDER
from graph.folding import fold
from graph.guardrails.figures import invented_figures
from graph.guardrails.judgement import Judged
from graph.guardrails.moderation import moderate
from graph.languages import is_written_in
from graph.talk import Pseudonyms, Talk, Verdict

_WORD: Final = re.compile(r"\w+")
_MASK: Final = re.compile(r"\[(?:email|phone|card|iban|ip|ssn|id|key|token|secret)\]")
_LEAK_WORDS: Final = 8
"""Words in a row that a sentence shares with the instructions before it counts as repeating them."""


class SentenceGuard:
    """Checks the sentences of one turn. Building it reads what was given once; a check is cheap."""

    def __init__(
        self,
        talk: Talk,
        *,
        given: Iterable[str] = (),
        instructions: str = "",
        links: frozenset[str] = frozenset(),
        pseudonyms: Pseudonyms | None = None,
    ) -> None:
        self._language = talk.answer_language
        self._given = tuple(given)
        self._links = links
        self._pseudonyms = pseudonyms
        self._told = _shingles(instructions)

    def check(self, sentence: str) -> Judged:
        """Return the sentence if it may be said, else the verdict that withholds it."""
        rule = self._broken_rule(sentence)
        return Judged(sentence) if rule is None else Judged(None, (Verdict(rule, "refuse"),))

    def _broken_rule(self, sentence: str) -> str | None:
        if moderate(sentence):
            return "moderation"
        if self._told & _shingles(sentence):
            return "prompt_leak"
        if self._has_stray_placeholder(sentence):
            return "placeholder"
        if find(sentence) and not self._is_given(sentence):
            return "pii_leak"
        if any(link not in self._links for link in links_in(sentence)):
            return "foreign_link"
        if invented_figures(sentence, self._given):
            return "invented"
        return None if is_written_in(sentence, self._language) else "language"

    def _has_stray_placeholder(self, sentence: str) -> bool:
        if _MASK.search(sentence):
            return True
        found = [one[0] for one in PLACEHOLDER.finditer(sentence)]
        return any(self._pseudonyms is None or self._pseudonyms.unmask(one) == one for one in found)

    def _is_given(self, sentence: str) -> bool:
        return all(any(sentence[span.start : span.end] in text for text in self._given) for span in find(sentence))


def _shingles(text: str) -> frozenset[Sequence[str]]:
    words = _WORD.findall(fold(text))
    return frozenset(tuple(words[index : index + _LEAK_WORDS]) for index in range(len(words) - _LEAK_WORDS + 1))
