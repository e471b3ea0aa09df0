"""Who asks for a person and who does not: tables in English and Arabic."""

import pytest

from graph.folding import fold
from graph.handoff.wishes import declines_person, wants_person


@pytest.mark.parametrize(
    "text",
    [
        "let me talk to a human",
        "I want to speak with a real person",
        "can I chat with someone?",
        "connect me to an agent",
        "put me through to your manager please",
        "transfer me to customer service",
        "is there a real person I can talk to?",
        "agent",
        "human please!!",
        "customer support",
        "I need a human",
        "get me someone else",
        "please have somebody call me back",
        "I want a callback",
        "I don't want to talk to a bot",
        "stop, no more robots",
        "you can't help me, can somebody else take a look?",
        "how can I contact support?",
        "please escalate this",
        "I'd rather deal with a person about this",
        "T\u200bALK TO A H\u200bUMAN",
        "ｔａｌｋ ｔｏ ａ ｈｕｍａｎ",
        "أريد التحدث إلى موظف",
        "ابغى اكلم شخص حقيقي",
        "عايز اتكلم مع حد من خدمة العملاء",
        "حولني على موظف لو سمحت",
        "ممكن أتواصل مع الدعم الفني؟",
        "موظف",
        "خدمة العملاء",
        "لا أريد التحدث مع روبوت",
        "بدي احكي مع انسان",
        "خلوا أحد يتصل بي",
        "اريد موظف بشري الان",
    ],
)
def test_a_person_is_asked_for(text: str) -> None:
    assert wants_person(fold(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "where is the human resources module?",
        "the agent settings do not save",
        "how do I add a person to my team?",
        "invite an agent to the inbox",
        "how many operators does my plan have?",
        "our customers cannot talk to an agent in the widget",
        "how do visitors chat with a support agent?",
        "I don't want to talk to a person",
        "I will talk to my manager first",
        "schedule a meeting with somebody of my team",
        "how do I transfer a contact to someone else in the workspace?",
        "how do I escalate a ticket to another agent?",
        "how do I assign a deal to a representative?",
        "is the live chat widget free?",
        "contact fields are missing",
        "call the API with a token",
        "a representative sample of users",
        "person account fields",
        "the support ticket form is empty",
        "I am an agent of the company",
        "human error in the import",
        "who is the operator of this service, legally?",
        "Manager",
        "Sales",
        "talk about the invoice",
        "contactless payment",
        "أين قسم الموارد البشرية؟",
        "كيف أضيف موظف إلى فريقي؟",
        "إعدادات الوكيل لا تحفظ",
        "لا يستطيع عملائي التحدث مع موظف من الموقع",
        "كم عدد الموظفين في خطتي؟",
        "كيف أحذف شخص من المشروع",
        "مدير",
        "what are your phone support hours?",
        "is live support included in the Team plan?",
        "do you offer phone support",
        "ما هو رقم هاتف الدعم؟",
    ],
)
def test_words_of_the_product_are_no_wish(text: str) -> None:
    assert not wants_person(fold(text))


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to talk to a human",
        "I do not want to speak with a real person",
        "I don't want to speak to someone",
        "I don't want you to transfer me to an agent",
        "I don't want to be transferred to an agent",
        "please don't connect me to an agent",
        "I'd rather not talk to a person",
        "no human please",
        "no agent",
        "don't call me",
        "do not escalate this",
        "answer without talking to a human",
        "لا أريد التحدث مع موظف",
        "لا اريد موظف",
        "ما ابغى اكلم موظف",
        "مش عايز اتكلم مع حد",
        "لا تحولني إلى موظف",
        "بدون موظف",
        "not a human, the bot is fine",
        "no need for an agent",
        "i want to talk to noone",
        "please don't connect me to anyone. how do I rename my workspace",
        "no human needed",
        "I want to talk to no one",
        "Ich möchte nicht mit einem Menschen sprechen",
        "Je ne veux pas parler à un conseiller",
        "No quiero hablar con una persona",
        "Não quero falar com um atendente",
        "Non voglio parlare con un operatore",
        "Temsilciyle konuşmak istemiyorum",
    ],
)
def test_who_wants_no_person_gets_none(text: str) -> None:
    assert not wants_person(fold(text))
    assert declines_person(fold(text))


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to talk to a bot, I want a human",
        "I don't want to talk to a machine, human please",
        "I do not want to talk to you anymore",
        "I don't want to talk to a human from sales, I want to talk to support",
        "I did not get an answer, connect me to an agent",
        "do not make me wait, I need a human",
        "don't hang up, transfer me to a person",
        "why don't you connect me to an agent",
        "can't I talk to a human",
        "لا، أريد التحدث مع موظف",
        "لا أفهم، أريد موظف",
        "لا أريد روبوت أريد موظف",
        "لماذا لا تحولني إلى موظف",
    ],
)
def test_a_not_about_something_else_leaves_the_wish(text: str) -> None:
    assert wants_person(fold(text))


@pytest.mark.parametrize(
    "text",
    [
        "Ich möchte mit einem Menschen sprechen",
        "Verbinden Sie mich bitte mit einem Mitarbeiter",
        "Kann ich mit jemandem reden?",
        "Ich brauche einen Menschen",
        "Ich will mit einer echten Person sprechen",
        "Je voudrais parler à un humain",
        "Puis-je parler à quelqu'un ?",
        "Passez-moi un conseiller",
        "Je veux parler avec une vraie personne",
        "Quiero hablar con una persona",
        "¿Puedo hablar con un agente?",
        "Necesito un humano",
        "Páseme con alguien",
        "Quero falar com um atendente",
        "Posso falar com uma pessoa?",
        "Preciso de um humano",
        "Vorrei parlare con un operatore",
        "Voglio parlare con una persona vera",
        "Bir insanla konuşmak istiyorum",
        "Müşteri temsilcisine bağlanmak istiyorum",
        "Beni bir temsilciye bağlayın",
    ],
)
def test_a_wish_is_understood_in_other_languages(text: str) -> None:
    assert wants_person(fold(text))


@pytest.mark.parametrize(
    "text",
    [
        "Wie lade ich einen Mitarbeiter ein?",
        "Wie teile ich ein Dokument mit einer Person?",
        "Comment ajouter une personne à mon équipe ?",
        "Comment passer à une version supérieure ?",
        "¿Cómo agrego una persona a mi equipo?",
        "Como adiciono uma pessoa?",
        "Come aggiungo una persona al team?",
        "Takıma kişi nasıl eklenir?",
        "لا أحد يعرف كيف أصدر التقرير",
        "not a human resources question",
    ],
)
def test_what_names_a_person_otherwise_is_neither(text: str) -> None:
    assert not wants_person(fold(text))
    assert not declines_person(fold(text))


@pytest.mark.parametrize(
    "text",
    [
        "Open a ticket please",
        "Can you open a support ticket for me?",
        "افتح لي تذكرة من فضلك",
        "please raise a ticket: my export never arrives",
        "I need help from the support team",
        "I need help from support team",
        "could you please create a ticket for this?",
        "hi, open ticket please",
        "I want to submit a support request",
        "I'd like to file a support ticket",
        "I need a ticket opened",
        "I want a support ticket",
        "I would like you to raise a ticket",
        "My export never arrives. Please open a ticket.",
        "it still fails, can someone create a ticket for me",
        "log a ticket",
        "let me open a ticket with you",
        "open a ticket on my behalf",
        "Can I get help from a person",
        "have a ticket opened for this problem",
        "هل يمكنك فتح تذكرة دعم لي؟",
        "أريد فتح تذكرة",
        "ممكن تفتح لي تذكرة لو سمحت",
        "من فضلك أنشئ تذكرة: التصدير لا يصل",
        "أريد أن أفتح تذكرة دعم",
        "سجّل لي تذكرة",
        "ارفعوا تذكرة بهذه المشكلة",
        "التصدير لا يعمل. افتح تذكرة لي",
        "أحتاج إلى مساعدة من فريق الدعم",
        "أحتاج مساعدة من موظف",
    ],
)
def test_who_wants_a_ticket_opened_or_help_from_the_team_wants_a_person(text: str) -> None:
    assert wants_person(fold(text))


@pytest.mark.parametrize(
    "text",
    [
        "how do I open a ticket in the board?",
        "where do I see my tickets",
        "how can I create a ticket",
        "open the ticket 4711",
        "show my open tickets",
        "can I create a ticket from an email?",
        "can you create a ticket automatically when a form is sent?",
        "create a ticket type",
        "does the form open a ticket?",
        "I opened a ticket yesterday",
        "when I create a ticket it fails",
        "our customers open a ticket in the portal",
        "can customers open a ticket?",
        "please do not open a ticket",
        "I don't want to open a ticket",
        "how do I create a ticket for a customer?",
        "create a ticket for a customer",
        "I want to create a ticket template",
        "can I create a ticket in the board?",
        "what happens when I open a ticket",
        "integrate with Jira tickets",
        "I need help from my colleague",
        "كيف أفتح تذكرة في اللوحة؟",
        "أين أرى تذاكري؟",
        "كيف أنشئ تذكرة",
        "هل يمكنني فتح تذكرة في اللوحة؟",
        "أريد تذكرة طيران",
        "لا أريد فتح تذكرة",
        "لا تفتح تذكرة",
        "عندما أفتح تذكرة يظهر خطأ",
        "How can you file a ticket with custom fields",
        "what does it cost to open a ticket",
        "is it possible to open a ticket via API",
        "can i open a ticket via the api",
        "I want to know how to open a ticket",
        "I want to see how you create a ticket",
        "tell me how to open a ticket",
        "open ticket list",
        "I need help from the documentation",
        "I don't need help from an agent",
        "لا أحتاج مساعدة من موظف",
    ],
)
def test_tickets_of_the_product_are_no_wish(text: str) -> None:
    assert not wants_person(fold(text))
