"""Who waits for a person and takes the wish back, and what else is asked in the same message: tables."""

import pytest

from graph.conversing.understanding import read_message
from graph.handoff.withdrawals import asks_besides, takes_back
from tests.graph.talks import make_talk


@pytest.mark.parametrize(
    "text",
    [
        "never mind, I don't need a person any more",
        "please let the bot answer",
        "forget it, I found it",
        "Never mind",
        "nevermind I figured it out",
        "I changed my mind",
        "cancel that",
        "cancel my request please",
        "no need for an agent",
        "no need to wait any more",
        "I no longer need someone",
        "you can answer",
        "the bot is fine",
        "I'd rather talk to you",
        "ok it works now",
        "I solved it myself",
        "switch me back to the assistant",
        "غيرت رأيي، لا أحتاج إلى أحد",
        "خلاص ما أحتاج أحد",
        "غيّرت رأيي",
        "لا داعي، وجدت الحل",
        "خلي البوت يرد",
        "ما في داعي",
        "انسى الموضوع",
        "ما عاد أحتاج حد",
        "مش عايز حد خلاص",
        "ألغ الطلب",
        "never mind. how do I export my contacts?",
    ],
)
def test_who_needs_no_person_any_more_takes_the_wish_back(text: str) -> None:
    assert takes_back(make_talk(text, called_for="wish"))
    assert takes_back(make_talk(text, called_for="failures"))
    assert not takes_back(make_talk(text, called_for="safety"))
    assert not takes_back(make_talk(text))


@pytest.mark.parametrize(
    "text",
    [
        "how do I cancel my subscription?",
        "I don't mind waiting",
        "is anybody there?",
        "where is my agent?",
        "I want to talk to a person, never mind the bot",
        "how do I find the export?",
        "I forget it every time",
        "don't forget it please",
        "did you forget that?",
        "I need a human now",
        "still waiting",
        "the bot settings do not open",
        "I still have not found it",
        "كم أنتظر؟",
        "أريد موظفا",
        "أين الشخص؟",
        "كيف ألغي اشتراكي؟",
        "ما لقيت الحل",
    ],
)
def test_who_waits_on_takes_nothing_back(text: str) -> None:
    assert not takes_back(make_talk(text, called_for="wish"))


@pytest.mark.parametrize("grave", ["I want to kill myself", "never mind, I want to die"])
def test_who_spoke_of_danger_keeps_the_person(grave: str) -> None:
    assert not takes_back(make_talk(grave, called_for="wish"))
    assert not takes_back(make_talk("never mind", f"user: {grave}", called_for="wish"))


@pytest.mark.parametrize(
    ("text", "besides"),
    [
        ("never mind. how do I export my contacts?", True),
        ("forget it, I found it", False),
        ("never mind, thanks!", False),
        ("please let the bot answer", False),
        ("I don't need a person any more, what is a live key?", True),
        ("خلاص ما أحتاج أحد", False),
        ("غيرت رأيي، كيف أصدر جهات الاتصال؟", True),
    ],
)
def test_a_question_beside_it_is_one(text: str, besides: bool) -> None:
    assert asks_besides(text) is besides


def test_it_is_part_of_what_is_understood() -> None:
    talk = make_talk("never mind", called_for="wish")
    understanding = read_message(talk)
    assert understanding.takes_back
    assert not read_message(make_talk("never mind")).takes_back
