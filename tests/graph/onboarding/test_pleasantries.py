"""Small talk is told from what is about something, by whole messages."""

import pytest

from graph.onboarding.pleasantries import (
    asks_for_advice,
    asks_something,
    complains,
    needs_no_answer,
    passes_over,
    plainly,
    pleasantry,
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hi", "greeting"),
        ("hello there!!", "greeting"),
        ("Hey, good morning 👋", "greeting"),
        ("السَّلامُ عليكم ورحمة الله", "greeting"),
        ("أهلًا", "greeting"),
        ("Thanks a lot!", "thanks"),
        ("ok great, thank you so much :)", "thanks"),
        ("شكرًا جزيلًا", "thanks"),
        ("Bye!", "goodbye"),
        ("That’s all for now", "goodbye"),
        ("إلى اللقاء", "goodbye"),
        ("hi, how are you?", "how_are_you"),
        ("كيف حالك؟", "how_are_you"),
        ("Are you a bot?", "who_are_you"),
        ("hello, who are you", "who_are_you"),
        ("هل أنت إنسان؟", "who_are_you"),
        ("can you help me please?", "what_can_you_do"),
        ("HELP", "what_can_you_do"),
        ("ساعدني من فضلك", "what_can_you_do"),
        ("yes it works now", "thanks"),
        ("ok", "affirm"),
        ("👍", "affirm"),
        ("❤️ 🎉", "thanks"),
        ("👎", None),
        ("no problem", "noted"),
        ("لا مشكلة", "noted"),
        ("I have a question", "what_can_you_do"),
        ("تمام", "affirm"),
        ("And why do you ask?", "why_do_you_ask"),
        ("ولماذا تسأل؟", "why_do_you_ask"),
        ("Why is my import failing?", None),
        ("Hi, how do I import contacts?", None),
        ("thanks, but it still fails", None),
        ("Are you a bot or can you refund me?", None),
        ("help me import my contacts", None),
        ("it works on my phone but not here", None),
        ("شكرًا ولكن كيف أستورد جهات الاتصال؟", None),
        ("", None),
        ("???", None),
        ("hi " * 200, None),
    ],
)
def test_small_talk(text: str, kind: str | None) -> None:
    assert pleasantry(text) == kind


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("Thanks Sam", True),
        ("Thank you, Nora. Have a nice day!", True),
        ("thanks\nSam,\nbye", False),
        ("thanks Sam\nbye", True),
        ("ok", True),
        ("no", True),
        ("hello?", True),
        ("👍", True),
        ("شكرًا لك يا سارة", True),
        ("تمام، مع السلامة", True),
        ("ok thanks, and how do I import?", False),
        ("Thanks. How do I import contacts?", False),
        ("ok import", False),
        ("what can you do?", False),
        ("شكرًا، وكيف أستورد جهات الاتصال؟", False),
        ("", False),
    ],
)
def test_what_is_said_to_a_person_and_needs_no_answer(text: str, is_so: bool) -> None:
    assert needs_no_answer(text) is is_so


@pytest.mark.parametrize(
    "text",
    ["skip", "Skip this question, please", "No thanks.", "I don't know", "N/A", "لا أعرف", "تخطَّ", "التالي", "no"],
)
def test_questions_may_be_passed_over(text: str) -> None:
    assert passes_over(text)


@pytest.mark.parametrize(
    "text", ["skipping rope shop", "I know no tools but Excel", "none of them except HubSpot", "لا أستعمل إلا إكسل"]
)
def test_answers_are_not_passed_over(text: str) -> None:
    assert not passes_over(text)


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("what is a plan", True),
        ("a plan?", True),
        ("ما هذا", True),
        ("Hello, can I pay later", True),
        ("Whatever works", False),
        ("Manager", False),
        ("", False),
    ],
)
def test_questions(text: str, does: bool) -> None:
    assert asks_something(text) is does


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("So, what do you recommend?", True),
        ("Any suggestions", True),
        ("بماذا تنصحني؟", True),
        ("I recommend my friends to you", False),
        ("", False),
    ],
)
def test_wishes_for_advice(text: str, does: bool) -> None:
    assert asks_for_advice(text) is does


@pytest.mark.parametrize("text", ["ok " * 26 + "x", "hi there " * 8 + "!", "a" * 80, "\u202e\u200f" * 40])
def test_odd_texts_take_no_time(text: str) -> None:
    assert pleasantry(text) is None or text.startswith("hi")


def test_comparison_forgives_what_people_leave_out() -> None:
    assert plainly("  أهلًا،  وسهـلًا! إلى اللقاء") == "اهلا وسهلا الي اللقاء"


@pytest.mark.parametrize(
    ("text", "is_complaint"),
    [
        ("it does not work", True),
        ("It still DOESN'T work!!", True),
        ("nothing happens", True),
        ("I'm stuck", True),
        ("can't open it", True),
        ("👎", True),
        ("لا يعمل", True),
        ("عندي مشكلة", True),
        ("الصفحة لا تفتح", True),
        ("مش شغال", True),
        ("it works", False),
        ("this works now", False),
        ("how does it work", False),
        ("no problem", False),
        ("my key is not accepted", False),
        ("the import fails", False),
        ("error 500", False),
        ("لا أستطيع استيراد جهات الاتصال", False),
        ("", False),
        ("…", False),
        ("it does not work " * 20, False),
    ],
)
def test_complaints_that_name_nothing(text: str, is_complaint: bool) -> None:
    assert complains(text) is is_complaint
