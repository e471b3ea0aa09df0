"""A passage meets a question only where it speaks of all that is asked: what is done, and what it is done to."""

from pathlib import Path

import pytest

import local
from core.passages import Passage, Scores
from knowledge.retrieval.fitting import fit

HELP = Path(local.__file__).parent / "demo" / "help"


def section(language: str, name: str, heading: str) -> Passage:
    """Return a section of the demo's help centre; the text before the first one has the title for its heading."""
    title, _, text = (HELP / language / f"{name}.md").read_text().removeprefix("# ").partition("\n")
    parts = dict(part.partition("\n")[::2] for part in f"{title}\n{text}".split("\n## "))
    path = (title,) if heading == title else (title, heading)
    return Passage("chunk", "source", title, path, parts[heading].strip(), Scores(1.0), language=language)


DELETE = ("en", "privacy-and-your-data", "Delete a workspace")
PLAN = ("en", "plans-and-billing", "Change or cancel a plan")
PRICES = ("en", "plans-and-billing", "Plans")
REFUNDS = ("en", "plans-and-billing", "Refunds")
KEY = ("en", "connect-your-crm", "Find your API key")
REFUSED = ("en", "connect-your-crm", "The CRM refuses the key")
TEST = ("en", "connect-your-crm", "Test the connection")
TWO_STEPS = ("en", "keep-your-account-safe", "Turn on two-step sign-in")
PASSWORD = ("en", "keep-your-account-safe", "Change or reset a password")
INVITE = ("en", "invite-your-team", "Send an invitation")
TEAM = ("en", "invite-your-team", "Invite your team")
PHONE = ("en", "keep-your-account-safe", "I lost my phone")
IMPORT = ("en", "import-contacts", "Import your contacts")
PRICES_AR = ("ar", "plans-and-billing", "الأسعار")
TEAM_AR = ("ar", "invite-your-team", "دعوة فريقك")
NUMBERS = ("en", "read-your-first-report", "Why the numbers differ from my CRM")
PLAN_AR = ("ar", "plans-and-billing", "تغيير الاشتراك أو إلغاؤه")
TWO_STEPS_AR = ("ar", "keep-your-account-safe", "تفعيل التحقق بخطوتين")
PASSWORD_AR = ("ar", "keep-your-account-safe", "نسيت كلمة المرور")
IMPORT_AR = ("ar", "import-contacts", "استيراد جهات الاتصال")


@pytest.mark.parametrize(
    ("question", "where", "is_met"),
    [
        ("how do I delete my account", DELETE, False),
        ("how do I delete my workspace", DELETE, True),
        ("can I remove the workspace", DELETE, True),
        ("can I cancel an invitation", PLAN, False),
        ("how do I cancel the import", PLAN, False),
        ("how do I cancel my plan", PLAN, True),
        ("how do I delete the API key", KEY, False),
        ("where do I find my api key", KEY, True),
        ("how do I turn off two-step sign-in", TWO_STEPS, False),
        ("how do I sign up", TWO_STEPS, False),
        ("how do I turn on two-step sign-in", TWO_STEPS, True),
        ("how do I disable two-step sign-in", TWO_STEPS, False),
        ("how do I change my email address", PASSWORD, False),
        ("how do I change my password", PASSWORD, True),
        ("it rejects my crm_test_ key", REFUSED, True),
        ("how do I import deals", NUMBERS, False),
        ("what was the question", REFUNDS, False),
        ("how long is a live key", KEY, True),
        ("what does it cost", PRICES, True),
        ("what does it cost for ten people", PRICES, True),
        ("test", TEST, False),
        ("refunds", REFUNDS, True),
        ("how do I invite my team", INVITE, True),
        ("how do I invite a teammate", INVITE, True),
        ("how do I invite people", TEAM, True),
        ("how do I log in without my phone", PHONE, True),
        ("how do I log out without my phone", PHONE, False),
        ("switch on 2FA", TWO_STEPS, True),
        ("switch off 2FA", TWO_STEPS, False),
        ("how do I turn of two step login", TWO_STEPS, False),
        ("how do I invite a colleague", INVITE, True),
        ("where is my API token", KEY, True),
        ("how do I edit the price", PLAN, False),
        ("where is the change log", PASSWORD, False),
        ("how do I export contacts", IMPORT, False),
        ("how do I upload contacts", IMPORT, True),
        ("كم ثمن الاشتراك", PRICES_AR, True),
        ("كيف أعطل التحقق بخطوتين", TWO_STEPS_AR, False),
        ("كيف أدعو زملائي", TEAM_AR, True),
        ("كيف ألغي دعوة", PLAN_AR, False),
        ("كيف ألغي اشتراكي", PLAN_AR, True),
        ("كيف أوقف التحقق بخطوتين", TWO_STEPS_AR, False),
        ("كيف أفعّل التحقق بخطوتين", TWO_STEPS_AR, True),
        ("نسيت كلمة السر", PASSWORD_AR, True),
        ("كيف أستورد جهات اتصالي", IMPORT_AR, True),
    ],
)
def test_the_action_and_its_object_must_both_be_met(question: str, where: tuple[str, str, str], is_met: bool) -> None:
    assert fit(question, section(*where)).is_met is is_met


@pytest.mark.parametrize(
    ("question", "is_trouble"),
    [("how do I invite people", True), ("the invitation did not arrive", False), ("no invitation arrived", False)],
)
def test_a_section_about_a_failure_is_told_apart(question: str, is_trouble: bool) -> None:
    assert fit(question, section("en", "invite-your-team", "The invitation did not arrive")).is_trouble is is_trouble


@pytest.mark.parametrize("question", ["", "?", "how do I do it", "كيف ألغي اشتراكي"])
def test_where_words_do_not_tell_nothing_is_held_against_a_passage(question: str) -> None:
    assert fit(question, section(*PLAN)).is_met


def test_of_other_languages_words_do_not_tell() -> None:
    german = Passage("c", "s", "Abo", ("Abo",), "Der Tarif endet am Monatsende.", Scores(1.0), language="de-AT")
    assert fit("Wie lösche ich mein Konto", german).is_met


@pytest.mark.parametrize(("question", "share"), [("do you sell boats", 0.0), ("can I cancel a boat", 0.5)])
def test_how_much_is_met(question: str, share: float) -> None:
    assert fit(question, section(*PLAN)).share == share
