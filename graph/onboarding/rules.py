"""The four methods of onboarding without any model: what is known is collected, questions are the playbook's own, and a
recommendation is an article of the help pages that an answer of the user speaks for. Pure.

The confidences are priors, not measured rates: an article found for the user's own goal stands above one that was found
for a topic which an answer suggests.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.conversations import Citation
from core.recommendations import MAX_DRAFTS, MAX_STEPS, Recommendation
from graph.excerpts import Excerpt
from graph.languages import is_written_in
from graph.onboarding.answers import known, learned
from graph.onboarding.checking import check_drafts
from graph.onboarding.flow import answered, standing
from graph.onboarding.pleasantries import plainly
from graph.onboarding.values import AskedQuestion, ConversationContext, Drafts, Questions, Verdicts
from graph.phrases import phrase
from graph.plaintext import plain_text
from graph.questions import telling_words
from graph.quoting import quote_for
from graph.talk import Fact, Talk

VERSION: Final = "onboarding-1"
MAX_QUESTIONS: Final = 3
MAX_OBSTACLES: Final = 3
ABOUT_GOAL: Final = 0.8
ABOUT_TOPIC: Final = 0.7
MAX_STEP: Final = 300
"""Characters of a step (`core.recommendations`)."""
_WENT_WRONG: Final = re.compile(
    r"\b(?:fail|refus|error|dismiss|abandon|stuck|again and again|loop|gave up|cancel)", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"(?:(?:more than|over|about|around|we are|اكثر من|حوالي) )?(\d{1,5})\b")
_ELSEWHERE: Final = re.compile(r"\b(?:tool|tools|crm|system|app|اداه|نظام)\b")
"""What says that data is in another product rather than in a file (`plainly`)."""
_TROUBLE: Final = re.compile(
    r"\b(?:fix|errors?|problems?|troubles?\w*|fail\w*|wrong|broken|missing|refused|not|cannot|never|"
    r"(?:more|longer|larger) than|too (?:many|large|big|long))\b|"
    r"(?<!\w)(?:(?:ال)?(?:خطا|اخطاء|مشكله|مشاكل|فشل)|اصلاح|حل|تعذر|لا|لم|لن|ليس|اكثر من)(?!\w)"
)
"""What says in a heading that the passage is the cure of a trouble: it makes no sense to who has none (`plainly`)."""
_NOTHING: Final = frozenset({"no", "none", "nothing", "لا", "لا شيء"})


@dataclass(frozen=True, slots=True)
class Topic:
    """Something to recommend where an answer (`fact`) speaks for it; `words` are those of articles about it."""

    key: str
    fact: str
    speaks_for: Callable[[str], bool]
    words: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Reason:
    key: str
    fact: str
    confidence: float


def _says_several(value: str) -> bool:
    """Tell whether an answer names a number of people beyond one; whatever else was said speaks for no team."""
    found = _NUMBER.match(plainly(value))
    return found is not None and int(found[1]) > 1


TOPICS: Final = (
    Topic(
        "connect",
        "existing_data",
        lambda value: _ELSEWHERE.search(plainly(value)) is not None,
        re.compile(r"connect|integrat|sync|ربط|اربط|مزامن", re.IGNORECASE),
    ),
    Topic(
        "import",
        "existing_data",
        lambda value: plainly(value) not in _NOTHING,
        re.compile(r"import|upload|migrat|csv|استيراد|استورد|نقل|رفع", re.IGNORECASE),
    ),
    Topic(
        "invite",
        "team_size",
        _says_several,
        re.compile(r"invit|team|member|colleague|دعو|ادع|فريق|عضو|أعضاء", re.IGNORECASE),
    ),
)
"""What is recommended beside the user's goal: the way of their data first, then the team."""


def enhance_context(talk: Talk) -> ConversationContext:
    """Return what is known of the user: by the host, from earlier, by their answers, and by what they did."""
    found = known(talk)
    return ConversationContext(
        facts=tuple(Fact(name, value) for name, value in found.items()),
        learned=learned(talk),
        goal=answered(talk, found).get("goal", ""),
        obstacles=tuple(line for line in talk.trace if _WENT_WRONG.search(line))[-MAX_OBSTACLES:],
    )


def generate_questions(talk: Talk) -> Questions:
    """Return the stage's open questions in the playbook's words, at most MAX_QUESTIONS."""
    language = talk.answer_language
    asked = (AskedQuestion(item.name, item.wording(language)) for item in standing(talk).open[:MAX_QUESTIONS])
    return Questions(tuple(asked))


def make_recommendations(talk: Talk) -> Drafts:
    """Return a draft for the user's goal, and one for each topic that an answer speaks for: the article at hand that is
    about it. No article is recommended twice."""
    found = answered(talk, known(talk))
    readable = [one for one in talk.excerpts if is_written_in(one.text, talk.answer_language)]
    drafts: dict[str, Recommendation] = {}
    for reason, excerpts in _grounds(found, readable):
        made = (_draft(excerpt, reason, found, talk) for excerpt in excerpts)
        draft = next((one for one in made if one.steps), None)
        if draft is not None and not (drafts and _is_wanted(reason.key, found.get("goal", ""))):
            drafts.setdefault(draft.citations[0].title or draft.title, draft)
    return Drafts(tuple(drafts.values())[:MAX_DRAFTS])


def validate_recommendations(talk: Talk, drafts: Drafts) -> Verdicts:
    """Return what the rules find wrong with each draft."""
    return check_drafts(talk, drafts)


def advice_queries(talk: Talk) -> tuple[str, ...]:
    """Return what to look for in the help pages before anything is recommended: the goal, and what answers suggest."""
    found = answered(talk, known(talk))
    topics = (phrase(f"advice.{topic.key}.query", talk.answer_language) for topic in _suggested(found))
    return tuple(query for query in (found.get("goal", ""), *topics) if query)


def _suggested(found: Mapping[str, str]) -> Iterator[Topic]:
    return (topic for topic in TOPICS if topic.fact in found and topic.speaks_for(found[topic.fact]))


def _grounds(found: Mapping[str, str], excerpts: Sequence[Excerpt]) -> Iterator[tuple[_Reason, list[Excerpt]]]:
    """Yield each reason to recommend something, with the passages of the one article that is most about it."""
    yield _Reason("goal", "goal", ABOUT_GOAL), _of_one_article(_about_goal(found.get("goal", ""), excerpts))
    for topic in _suggested(found):
        about = [one for one in excerpts if topic.words.search(one.title or one.text) and not _cures(one)]
        yield _Reason(topic.key, topic.fact, ABOUT_TOPIC), sorted(_of_one_article(about), key=_goes_into_detail)


def _about_goal(goal: str, excerpts: Sequence[Excerpt]) -> list[Excerpt]:
    """Return the passages that are about a goal: by their title, or by half of the goal's words; the nearest first.

    One that only shares a word in passing is about something else.
    """
    wanted = _stems(goal)
    shares = {one.chunk_id: (len(wanted & _stems(one.title)), len(wanted & _stems(one.text))) for one in excerpts}
    about = [one for one in excerpts if shares[one.chunk_id][0] or 0 < len(wanted) <= 2 * shares[one.chunk_id][1]]
    return sorted(about, key=lambda one: -shares[one.chunk_id][0])


def _is_wanted(key: str, goal: str) -> bool:
    """Tell whether a topic is what the user named as the goal, for which there is a recommendation already."""
    return any(topic.key == key and topic.words.search(goal) for topic in TOPICS)


def _of_one_article(excerpts: Sequence[Excerpt]) -> list[Excerpt]:
    """Return the passages of the first one's article, those first that number the steps to take, cures last."""
    article = [one for one in excerpts if one.title == excerpts[0].title]
    return sorted(article, key=lambda one: (_cures(one), not _numbers_steps(one)))


def _goes_into_detail(excerpt: Excerpt) -> bool:
    """Tell whether a passage neither opens its article nor numbers steps: who is new wants those first."""
    return excerpt.heading not in ("", excerpt.title) and not _numbers_steps(excerpt)


def _numbers_steps(excerpt: Excerpt) -> bool:
    return any(line.mark[:1].isdigit() for line in excerpt.lines)


def _cures(excerpt: Excerpt) -> bool:
    """Tell whether a passage is about a trouble that somebody has, by its heading or its article's."""
    return any(_TROUBLE.search(plainly(name)) for name in (excerpt.title, excerpt.heading))


def _draft(excerpt: Excerpt, reason: _Reason, found: Mapping[str, str], talk: Talk) -> Recommendation:
    """Return the recommendation to do what an article says."""
    values = {"title": excerpt.title, "goal": found.get("goal", "")}
    heading = "goal.untitled" if reason.key == "goal" and not excerpt.title else f"{reason.key}.title"
    language = talk.answer_language
    return Recommendation(
        title=phrase(f"advice.{heading}", language, **values)[:120],
        summary=phrase(f"advice.{reason.key}.why", language, **values)[:MAX_STEP],
        steps=_steps(excerpt, values[reason.key] if reason.key == "goal" else excerpt.title),
        citations=(Citation(title=excerpt.title, url=excerpt.url, marker=1, chunk_id=excerpt.chunk_id),),
        rests_on=(reason.fact,),
        confidence=reason.confidence,
        language=language,
    )


def _steps(excerpt: Excerpt, about: str) -> tuple[str, ...]:
    """Return what an article says to do, in its order: its list of steps if it has one."""
    found = quote_for(f"how {about}", [excerpt])
    return tuple(plain_text(line.text)[:MAX_STEP] for line in found.lines[:MAX_STEPS]) if found else ()


def _stems(text: str) -> set[str]:
    """Return the beginnings of the words that tell what a text is about: those that forms of a word share."""
    return {word[:6] for word in telling_words(text)}
