"""What a model is asked to fill in about a conversation: bounded shapes, turned into our own values here.

A model's words are taken as far as they can be proven: facts that the user said, questions that are open, sources that
were given. What is left of them then goes through the rules' check like anybody's.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field, StringConstraints

from core.conversations import Citation
from core.playbooks import Question, kept
from core.recommendations import DraftVerdict, Recommendation, Risk
from graph.answers import AnswerShape
from graph.languages import is_written_in
from graph.onboarding.answers import SKIPPED, answer_to
from graph.onboarding.flow import standing
from graph.onboarding.pleasantries import plainly
from graph.onboarding.values import AskedQuestion
from graph.plaintext import plain_text
from graph.talk import Fact, Talk

MAX_DRAFTED: Final = 3
MAX_ASKED: Final = 3
_SAY_LITTLE: Final = frozenset({"yes", "the", "and", "for", "with", "not", "نعم", "في", "من"})
"""Words that prove nothing."""
_Name = Annotated[str, StringConstraints(max_length=64)]


class LearnedAnswer(AnswerShape):
    """Something that the user told, by the name of the playbook's question."""

    name: _Name
    value: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ContextAnswer(AnswerShape):
    """What a model reads out of the user's message."""

    absent: ClassVar[Mapping[str, Any]] = {"learned": (), "goal": "", "obstacles": ()}

    learned: list[LearnedAnswer] = Field(max_length=6)
    goal: Annotated[str, StringConstraints(max_length=200)]
    obstacles: list[Annotated[str, StringConstraints(max_length=160)]] = Field(max_length=3)

    def facts(self, talk: Talk) -> tuple[Fact, ...]:
        """Return what answers a question of the playbook and was said by the user, in the questions' order."""
        questions = {item.name: item for stage in talk.playbook.stages.values() for item in stage.questions}
        found = {
            one.name: value for one in self.learned if (value := _proven(questions.get(one.name), one.value, talk))
        }
        return tuple(Fact(name, found[name]) for name in questions if name in found)


class QuestionAnswer(AnswerShape):
    """A question in a model's words."""

    name: _Name
    text: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class QuestionsAnswer(AnswerShape):
    """The questions to put next, as a model words them."""

    questions: list[QuestionAnswer] = Field(max_length=MAX_ASKED)

    def asked(self, open_items: Sequence[Question], language: str) -> tuple[AskedQuestion, ...]:
        """Return those that are open, each once; in the playbook's words where the model's will not do."""
        items = {item.name: item for item in open_items}
        worded = {one.name: one.text for one in reversed(self.questions) if one.name in items}
        names = dict.fromkeys(one.name for one in self.questions if one.name in items)
        return tuple(AskedQuestion(name, _worded(worded[name], items[name], language)) for name in names)


class DraftAnswer(AnswerShape):
    """A recommendation, as a model says it. What it rests on comes first, so that a model looks before it writes."""

    absent: ClassVar[Mapping[str, Any]] = {"cited": (), "rests_on": (), "steps": (), "risk": "low"}

    cited: list[Annotated[int, Field(ge=0, le=9)]] = Field(max_length=3)
    rests_on: list[_Name] = Field(max_length=4)
    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    summary: Annotated[str, StringConstraints(min_length=1, max_length=160)]
    steps: list[Annotated[str, StringConstraints(min_length=1, max_length=160)]] = Field(max_length=4)
    risk: Risk
    confidence: float = Field(ge=0, le=1)

    def convert(self, talk: Talk, known: Mapping[str, str]) -> Recommendation | None:
        """Return our draft, with the sources and answers that exist; None where no words are left of it."""
        title, summary = plain_text(self.title), plain_text(self.summary)
        if not (title.strip() and summary.strip()):
            return None
        numbered = dict(enumerate(talk.excerpts, start=1))
        cited = [numbered[number] for number in dict.fromkeys(self.cited) if number in numbered]
        names = dict.fromkeys(plainly(name).replace(" ", "_") for name in self.rests_on)
        return Recommendation(
            title=title,
            summary=summary,
            steps=tuple(step for text in self.steps if (step := plain_text(text).strip())),
            citations=tuple(
                Citation(title=one.title, url=one.url, marker=number, chunk_id=one.chunk_id)
                for number, one in enumerate(cited, start=1)
            ),
            rests_on=tuple(name for name in names if known.get(name, SKIPPED) != SKIPPED),
            confidence=self.confidence,
            risk=self.risk,
            language=talk.answer_language,
        )


class DraftsAnswer(AnswerShape):
    """Recommendations, as a model says them, most useful first."""

    recommendations: list[DraftAnswer] = Field(max_length=MAX_DRAFTED)


class CheckAnswer(AnswerShape):
    """What a model that checks says of one draft: first what is wrong, then whether it may be shown."""

    absent: ClassVar[Mapping[str, Any]] = {"problem": ""}

    n: int = Field(ge=0, le=9)
    problem: Annotated[str, StringConstraints(max_length=160)]
    is_sound: bool
    confidence: float = Field(ge=0, le=1)


class ChecksAnswer(AnswerShape):
    """What a model that checks says of the drafts."""

    checks: list[CheckAnswer] = Field(max_length=4)

    def applied(self, verdicts: Sequence[DraftVerdict]) -> tuple[DraftVerdict, ...]:
        """Return the rules' verdicts with the model's objections added. A draft that it says nothing of is refused."""
        said = {one.n: one for one in reversed(self.checks)}
        return tuple(
            _judged(verdict, said.get(number)) if verdict.passes else verdict
            for number, verdict in enumerate(verdicts, start=1)
        )


def _judged(verdict: DraftVerdict, check: CheckAnswer | None) -> DraftVerdict:
    if check is None:
        return verdict.model_copy(update={"passes": False, "faults": ("checker",), "problem": "not checked"})
    agreed = {"confidence": min(verdict.confidence, check.confidence), "problem": check.problem}
    if check.is_sound:
        return verdict.model_copy(update=agreed)
    return verdict.model_copy(update={**agreed, "passes": False, "faults": ("checker",)})


def _proven(question: Question | None, value: str, talk: Talk) -> str | None:
    """Return a value that a model read out of the user's words, if the user did say it; None else.

    A choice may be a conclusion (“there are four of us”: 2 to 10) where its question is the one that was due; elsewhere
    a word of it must have been said, as of any other value.
    """
    read = None if question is None else answer_to(question, value)
    if question is None or read is None or read == SKIPPED:
        return None
    choice = next((one for one in question.choices if read == kept(one)), None)
    if choice is not None and standing(talk).question is question:
        return read
    return read if _shares_words(" ".join(choice.values()) if choice else read, talk.question) else None


def _shares_words(value: str, said: str) -> bool:
    words = {word for word in plainly(value).split() if len(word) > 2 or word.isdecimal()} - _SAY_LITTLE
    return bool(words & set(plainly(said).split()))


def _worded(text: str, question: Question, language: str) -> str:
    bare = plain_text(text)
    is_fit = bare.rstrip().endswith(("?", "؟")) and is_written_in(bare, language)
    return bare if is_fit else question.wording(language)
