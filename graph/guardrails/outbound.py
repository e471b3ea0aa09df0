"""What a sentence of an answer is checked for before a user sees it; called for each one while it is written.

| rule | when |
|---|---|
| `moderation` | it insults, threatens, or tells how to do harm |
| `prompt_leak` | it repeats what the model was told |
| `placeholder` | it holds a placeholder that stands for nothing: the model made it up, or its source was masked |
| `pii_leak` | it holds personal data that nothing in this turn gave |
| `foreign_link` | it leads somewhere that no source named |
| `invented` | it states a figure that neither a tool, nor a passage, nor the user gave |
| `own_deed` | it says that the agent did something, or will, which no tool of this turn did |
| `language` | it is written in another language |

A sentence that breaks a rule is withheld. Pure. Sentences are still masked here, so the user's own data stands as
placeholders, and personal data in plain sight came from nowhere.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Final

from core.language_detection import detect
from core.links import links_in
from core.personal_data import find
from core.pseudonyms import PLACEHOLDER, Pseudonyms
from graph.folding import fold
from graph.guardrails.deeds import invents_deed
from graph.guardrails.figures import figures_given, invented_figures
from graph.guardrails.judgement import Judged
from graph.guardrails.moderation import moderate
from graph.languages import is_written_in, primary
from graph.talk import Talk, Verdict

_WORD: Final = re.compile(r"\w+")
_LETTER: Final = re.compile(r"[^\W\d_]")
_MASK: Final = re.compile(r"\[(?:email|phone|card|iban|ip|ssn|id|key|token|secret)\]")
_LEAK_WORDS: Final = 8
"""Words in a row that a sentence shares with the instructions before it counts as repeating them."""
_TELLING: Final = 20
"""Letters from which on the script of a sentence tells its language: "Settings > Users" is a name in any."""
_LONG: Final = 60
"""Letters from which on the words of a sentence tell its language for certain."""

_Shingles = frozenset[tuple[str, ...]]


class SentenceGuard:
    """Checks the sentences of one turn. What was given is read once, at the first sentence that needs it.

    `given` are all texts of the turn that may prove a figure or hold personal data in plain sight, `instructions` what
    the model was told, `links` those that an answer may hold, `pseudonyms` the table whose placeholders are known.
    """

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
        self._results = talk.results
        self._given = tuple(given)
        self._instructions = instructions
        self._links = links
        self._pseudonyms = pseudonyms

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
        if self._leaks_data(sentence):
            return "pii_leak"
        if any(link not in self._links for link in links_in(sentence)):
            return "foreign_link"
        if invented_figures(sentence, self._known_figures):
            return "invented"
        if invents_deed(sentence, self._results):
            return "own_deed"
        return None if _is_in_language(sentence, self._language) else "language"

    @cached_property
    def _told(self) -> _Shingles:
        return _shingles(self._instructions)

    @cached_property
    def _known_figures(self) -> frozenset[str]:
        return figures_given(self._given)

    def _has_stray_placeholder(self, sentence: str) -> bool:
        if _MASK.search(sentence):
            return True
        found = [one[0] for one in PLACEHOLDER.finditer(sentence)]
        return any(self._pseudonyms is None or self._pseudonyms.unmask(one) == one for one in found)

    def _leaks_data(self, sentence: str) -> bool:
        found = [sentence[span.start : span.end] for span in find(sentence)]
        return any(all(one not in text for text in self._given) for one in found)


def _shingles(text: str) -> _Shingles:
    """Return every row of words that is long enough to be recognised."""
    words = [word for start in range(0, len(text), 4000) for word in _WORD.findall(fold(text[start : start + 4000]))]
    return frozenset(tuple(words[index : index + _LEAK_WORDS]) for index in range(len(words) - _LEAK_WORDS + 1))


def _is_in_language(sentence: str, language: str) -> bool:
    letters = len(_LETTER.findall(PLACEHOLDER.sub("", sentence)))
    if letters >= _TELLING and not is_written_in(sentence, language):
        return False
    found = detect(sentence) if letters >= _LONG else None
    return found is None or found == primary(language)
