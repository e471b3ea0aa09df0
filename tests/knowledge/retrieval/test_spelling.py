"""Which misspelt words are read as which words of a company's documents, and which words are left alone."""

import pytest

from core.passages import Passage, Scores, corrected
from knowledge.embedding import minilm
from knowledge.retrieval import proofreading
from knowledge.retrieval.answerability import answerable
from knowledge.retrieval.fitting import fit
from knowledge.retrieval.proofreading import known_words
from knowledge.retrieval.spelling import Spelling, is_another, spelling_of, words_of

ENGLISH = """To import contacts, press Import. To export a report, activate Exports in your workspace. Import contacts
into Curlewfield with an API key. A subscription ends when you cancel it; to subscribe, write to us."""
ARABIC = "استيراد جهات الاتصال إلى مساحة العمل. نسيت كلمة المرور؟ الإعدادات والاشتراك. مفتاح الواجهة فيها، إلغاء."


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    return spelling_of([ENGLISH, ARABIC])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("imprt", "import"),  # a letter lost
        ("improt", "import"),  # two changed places
        ("importt", "import"),  # one too many
        ("inport", "import"),  # a wrong one
        ("contcats", "contacts"),
        ("mpiort", None),  # two mistakes are too many for six letters
        ("subscirpton", "subscription"),  # and none for twelve
        ("curlwefeild", "curlewfield"),  # names of the product are words like others
        ("hwo", "how"),  # three letters may have changed places
        ("hiw", None),
        ("kye", "key"),
        ("axport", None),  # a first letter is seldom wrong
        ("deactivate", None),  # would be the opposite
        ("unsubscribe", None),
        ("xeport", "export"),  # the first two changed places
        ("wirte", "write"),
        ("yuor", "your"),
        ("zzz", None),
        ("x", None),
        ("اتصل", "اتصال"),
        ("استراد", "استيراد"),
        ("مورر", "مرور"),
        ("اشترك", "اشتراك"),
        ("تورر", None),
        ("فيزا", None),  # "visa" is not "in it" (فيها)
    ],
)
def test_an_unknown_word_is_read_as_the_nearest_one(spelling: Spelling, written: str, meant: str | None) -> None:
    assert spelling.nearest(written) == meant


def test_of_equally_near_words_the_most_frequent_is_meant() -> None:
    assert spelling_of(["sand send send"]).nearest("sxnd") == "send"
    assert spelling_of(["write with with with"]).nearest("wite") == "write", "words that carry grammar come last"
    assert spelling_of(["seldom " * 2 + "often"], most=1).nearest("oftne") is None, "what is kept is bounded"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("hwo do I imprt contcts?", ["hwo", "imprt", "contcts"]),
        ("my key crm_live_7b19 or crm-live-8 is 0rder1", ["key"]),
        ("mail ada@northwnd.example or see northwnd.example/hlep, please.", ["mail", "see", "please"]),
        ("(wekly) “digset”; naïve", ["wekly", "digset", "naïve"]),
        ("import/exprot", []),
        ("كيف استورد جهات الاتصل؟", ["استورد", "جهات", "الاتصل"]),
        ("会议记录", ["会议", "议记", "记录"]),
        ("", []),
    ],
)
def test_no_part_of_a_key_an_address_or_a_number_is_looked_at(query: str, words: list[str]) -> None:
    assert list(words_of(query)) == words


def test_words_of_the_language_are_no_misspellings() -> None:
    assert {"theme", "weather", "slack", "deactivated", "cant", "coworker", "اغلاق", "جوال"} <= known_words()
    assert not {"imprt", "contcts", "recieve"} & known_words()


def test_without_the_list_of_words_none_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "_TOKENIZER_SHA256", "0")
    proofreading.known_words.cache_clear()
    assert not known_words()
    proofreading.known_words.cache_clear()


@pytest.mark.parametrize(
    ("written", "meant", "expected"),
    [("imprt", "import", True), ("أرسل", "ارسال", False), ("مفتح", "مفتاح", False), ("متاحة", "مساحه", True)],
)
def test_forms_of_an_arabic_word_are_no_other_word(written: str, meant: str, *, expected: bool) -> None:
    assert is_another(written, meant) is expected


def test_whole_words_are_replaced_however_they_are_written() -> None:
    assert corrected("Imprt imprts, IMPRT!", [("imprt", "import")]) == "import imprts, import!"
    assert corrected("Imprt", []) == "Imprt"


def test_a_question_with_a_corrected_word_is_met_and_never_sure() -> None:
    passage = Passage("c", "s", "Import your contacts", (), "Press Import.", Scores(1.0, 1.0, 1.0))
    question = "hwo do i imprt contcts"
    assert fit(question, passage).share == 0.0
    pairs = (("hwo", "how"), ("imprt", "import"), ("contcts", "contacts"))
    read = Passage(**{**{name: getattr(passage, name) for name in passage.__slots__}, "corrections": pairs})
    assert fit(question, read).is_met
    told = answerable(question, [read], threshold=0.1)
    assert (told.is_answerable, told.score) == (False, 0.49)
    assert answerable(question, [passage]).is_answerable
