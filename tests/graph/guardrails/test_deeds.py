"""Claims of own deeds are told from steps, conditions and offers, and pass only where a tool did it."""

from typing import Any

import pytest

from graph.guardrails import SentenceGuard
from graph.guardrails.deeds import claims_deed, invents_deed
from graph.talk import ToolCall, ToolResult, Understanding
from tests.graph.talks import make_talk


def result(name: str, status: Any = "done") -> ToolResult:
    return ToolResult(ToolCall("c", name, "{}"), status, "")


@pytest.mark.parametrize(
    "sentence",
    [
        "It is done.",
        "Done!",
        "OK, all done.",
        "Great, that's taken care of.",
        "Everything is sorted now.",
        "I have created the ticket.",
        "I’ve just reset your password.",
        "I created a ticket for you; let me know if you need anything else.",
        "We have cancelled your plan.",
        "I already told our team about it.",
        "I am sending the invitation now.",
        "I'll forward this to our team.",
        "I will go ahead and delete the workspace.",
        "Let me open a ticket for that.",
        "Your password has been reset.",
        "Our team has been notified.",
        "A refund was issued.",
        "I can't see your account, but I have opened a case.",
        "Ticket created.",
        "تم إنشاء التذكرة.",
        "لقد قمت بإلغاء اشتراكك.",
        "تم ذلك.",
        "أرسلتُ الدعوة إلى زميلك.",
        "سأرسل لك الرابط الآن.",
        "تمت إضافة زميلك.",
    ],
)
def test_claims(sentence: str) -> None:
    assert claims_deed(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "You are done when the bar is green.",
        "Press Save and you are done.",
        "Press Save, and it is done.",
        "It is done in Settings.",
        "This is done by the owner of the workspace.",
        "You have created a ticket.",
        "Once your file has been imported, open Reports.",
        "If the invitation has been sent, it can be resent.",
        "Your account has been created once you confirm the e-mail.",
        "You see the message “Your key has been saved”.",
        "The page then says that your password has been changed.",
        "The invitation is sent at once.",
        "Contacts are imported every hour.",
        "I can create a ticket for you.",
        "Would you like me to create a ticket?",
        "If you like, I will open a ticket.",
        "Shall I call a person?",
        "I have not changed anything.",
        "I cannot send e-mails.",
        "I have found three articles about it.",
        "I looked at what you tried.",
        "I understand that it failed.",
        "I'll explain the steps.",
        "Let me show you how to send an invitation.",
        "The owner who has cancelled the plan can renew it.",
        "Add the people you have invited.",
        "1. Open Settings and press Reset.",
        "إذا تم إرسال الدعوة فيمكنك إعادة إرسالها.",
        "بعد أن تم استيراد الملف افتح التقارير.",
        "تظهر رسالة «تم حفظ المفتاح».",
        "يمكنني فتح تذكرة لك.",
        "هل أرسلت الدعوة؟",
        "لم أقم بتغيير شيء، ولن أرسل شيئًا.",
        "اضغط على «إرسال» لإرسال الدعوة.",
        "يتم الاستيراد كل ساعة.",
        "",
    ],
)
def test_no_claims(sentence: str) -> None:
    assert not claims_deed(sentence)


@pytest.mark.parametrize(
    ("sentence", "results", "is_invented"),
    [
        ("I have created the ticket.", (), True),
        ("I have created the ticket.", (result("create_ticket"),), False),
        ("I have created the ticket.", (result("create_ticket", "failed"),), True),
        ("I have created the ticket.", (result("create_ticket", "refused"),), True),
        ("I have created the ticket.", (result("search_knowledge"),), True),
        ("I have created the ticket.", (result("lookup_record"), result("advance_stage")), True),
        ("I have deleted the workspace.", (result("create_ticket"),), True),
        ("I have told a colleague.", (result("request_human"),), False),
        ("It is done.", (result("create_ticket"),), False),
        ("It is done.", (result("get_stock"),), True),
        ("I have refunded the order.", (result("refund_order"),), False),
        ("تم إنشاء التذكرة.", (result("create_ticket"),), False),
        ("تم حذف مساحة العمل.", (result("create_ticket"),), True),
        ("Press Save and you are done.", (), False),
    ],
)
def test_a_deed_needs_a_tool_that_did_it(sentence: str, results: tuple[ToolResult, ...], is_invented: bool) -> None:
    assert invents_deed(sentence, results) is is_invented


@pytest.mark.parametrize(("language", "sentence"), [("en", "I have reset it for you."), ("ar", "تم إنشاء التذكرة.")])
def test_the_guard_withholds_it_by_name(language: str, sentence: str) -> None:
    talk = make_talk(understanding=Understanding(language=language))
    judged = SentenceGuard(talk).check(sentence)
    assert (judged.text, [verdict.rule for verdict in judged.verdicts]) == (None, ["own_deed"])


def test_a_wall_of_words_is_judged_at_once() -> None:
    assert not claims_deed("the " * 5000)
    assert not claims_deed("i have just " * 2000)
