"""Offers of a person, taken out of answers for who wants none: fixed words, models' words, and what is no offer."""

import pytest

from graph.handoff.offers import is_offer, without_offers
from graph.phrases import phrase

OFFERING = (
    "unanswerable", "ask_person", "clarify_person", "offer_person", "withheld", "budget_exhausted", "provider_failed",
    "error", "recommendations.none",
)  # fmt: skip
"""Fixed words that offer a person."""


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("key", OFFERING)
def test_fixed_words_offer_no_person_any_more(key: str, language: str) -> None:
    left = without_offers(phrase(key, language))
    assert left != phrase(key, language)
    assert "person" not in left
    assert "زملائنا" not in left


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("key", ["who_are_you", "what_can_you_do", "refuse.pii_exposure", "unsure", "thanks"])
def test_what_tells_something_else_stays(key: str, language: str) -> None:
    words = phrase(key, language, product="Acme")
    assert without_offers(words) == words


@pytest.mark.parametrize(
    "sentence",
    [
        "Would you like me to connect you to a human agent?",
        "If you prefer, I can transfer you to our support team.",
        "Shall I get someone from our team?",
        "You can also speak with a human.",
        "هل تريد أن أحوّلك إلى موظف؟",
        "يمكنني توصيلك بخدمة العملاء.",
    ],
)
def test_models_offer_in_their_own_words(sentence: str) -> None:
    assert is_offer(sentence)
    assert " ".join(without_offers(f"No idea. {sentence}\n\nWhat else?").split()) == "No idea. What else?"


@pytest.mark.parametrize(
    "sentence",
    [
        "To talk to a person, dial 12 [1].",
        "You can add a person to your team under Members.",
        "Assign the contact to a colleague.",
        "أضف موظفا إلى فريقك.",
        "",
    ],
)
def test_what_documents_say_is_no_offer(sentence: str) -> None:
    assert not is_offer(sentence)
