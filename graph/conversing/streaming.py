"""The way of an answer to the user while it is written: cut into sentences, each checked, unmasked, and sent at once.

Nothing waits for the whole answer, and nothing is sent unchecked. A sentence whose end is in sight is checked while the
model writes its last letters. An answer that is begun anew (another provider, a tool that was asked first) starts a
new run, which takes the place of what the page shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.conversations import Citation
from core.ids import new_id
from core.pseudonyms import Pseudonyms
from graph.conversing.checking import Checked, Grounds, Spoken, check_sentence, citation_of, with_markers
from graph.conversing.sentences import SentenceBuffer
from graph.handoff.offers import is_offer
from graph.talk import Stopped, Verdict
from graph.talk_context import Delivery

MAX_AHEAD: Final = 3
"""Checks of one sentence before it is finished; a text may look finished at every letter."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """What was said in a run. `claims` counts the sentences that a passage proves.

    `lost_beginning` tells that a sentence was withheld before any of them: what is left may be half of a way.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    claims: int = 0
    lost_beginning: bool = False


class AnswerStream:
    """A `TextSink` that checks and sends. One per turn; `hold_to` names what the next round is held against."""

    def __init__(self, grounds: Grounds, delivery: Delivery, pseudonyms: Pseudonyms) -> None:
        self._grounds = grounds
        self._delivery = delivery
        self._pseudonyms = pseudonyms
        self._begin()

    def _begin(self) -> None:
        self._run = new_id()
        self._buffer = SentenceBuffer()
        self._said: list[str] = []
        self._citations: dict[tuple[str, str | None], Citation] = {}
        self._verdicts: list[Verdict] = []
        self._claims = 0
        self._lost_beginning = False
        self._is_touched = False
        self._ahead: dict[str, Checked] = {}

    @property
    def is_touched(self) -> bool:
        """Whether anything was written in this run."""
        return self._is_touched

    async def hold_to(self, grounds: Grounds) -> None:
        """Begin a round that is held against these grounds."""
        self._grounds = grounds
        self._ahead.clear()
        grounds.make_ready()
        await self.restart()

    async def restart(self) -> None:
        """Forget what came so far; the next sentence begins a new run."""
        if self._is_touched:
            self._begin()

    async def write(self, piece: str) -> None:
        """Take the next piece of a model's text; raises Stopped."""
        self._is_touched = True
        await self._say_all(self._buffer.feed(piece), is_verbatim=False)
        self._check_ahead()

    async def say(self, text: str, *, is_verbatim: bool) -> None:
        """Take a text that is there as a whole; raises Stopped."""
        self._is_touched = True
        buffer = SentenceBuffer()
        await self._say_all([*buffer.feed(text), *buffer.flush()], is_verbatim=is_verbatim)

    async def finish(self, *, is_cut: bool = False) -> Streamed:
        """Say what is left, but no half sentence, and return all that was said; raises Stopped."""
        left = self._buffer.flush()
        await self._say_all(left[:-1] if is_cut else left, is_verbatim=False)
        return self.so_far()

    def so_far(self) -> Streamed:
        """Return what was said until now."""
        cited = tuple(self._citations.values())
        said = "".join(self._said).strip()
        return Streamed(said, cited, tuple(self._verdicts), self._claims, self._lost_beginning)

    async def _say_all(self, sentences: Iterable[str], *, is_verbatim: bool) -> None:
        for sentence in sentences:
            if self._grounds.talk.declines_person and is_offer(sentence):
                continue
            checked = None if is_verbatim else self._ahead.get(sentence.strip())
            if checked is None:
                checked = check_sentence(sentence, self._grounds, is_verbatim=is_verbatim)
            self._ahead.clear()
            if isinstance(checked, Spoken):
                await self._say(checked, sentence)
            else:
                self._verdicts += checked
                self._lost_beginning = self._lost_beginning or bool(checked and not self._claims)

    def _check_ahead(self) -> None:
        """Check what is about to be a sentence: then it need not wait for that when it is one."""
        expected = self._buffer.expected()
        if expected is not None and expected not in self._ahead and len(self._ahead) < MAX_AHEAD:
            self._ahead[expected] = check_sentence(expected, self._grounds, is_verbatim=False)

    async def _say(self, spoken: Spoken, raw: str) -> None:
        """Send a sentence with the blanks that it was written with, unless the user wants no more."""
        cited_before = dict(self._citations)
        markers = [marker for chunk in spoken.cited if (marker := self._marker_of(chunk)) is not None]
        masked = with_markers(spoken.text, tuple(dict.fromkeys(markers)))
        text = f"{self._blank_before(raw)}{self._pseudonyms.unmask(masked)}{raw[len(raw.rstrip()) :]}"
        turn = self._grounds.talk.turn
        if not await self._delivery.delta(turn, self._run, len(self._said), text):
            self._citations = cited_before
            raise Stopped
        self._said.append(text)
        self._claims += spoken.is_claim

    def _blank_before(self, raw: str) -> str:
        """Return the blanks before a sentence; one where they went with a sentence that was withheld."""
        if not self._said:
            return ""
        return raw[: len(raw) - len(raw.lstrip())] or ("" if self._said[-1][-1:].isspace() else " ")

    def _marker_of(self, chunk_id: str) -> int | None:
        """Return the number of the document that a chunk belongs to: the next one when it is cited first."""
        citation = citation_of(chunk_id, len(self._citations) + 1, self._grounds)
        if citation is None:
            return None
        return self._citations.setdefault((citation.title, citation.url), citation).marker
