"""The way of an answer to the page: sentence by sentence, each checked, cited and unmasked."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from core.config import CompanyConfig
from core.conversations import ConversationTurn
from core.pseudonyms import Pseudonyms
from graph.conversing.checking import Spoken, check_sentence, grounds_for, with_markers
from graph.conversing.guarding import guard_for
from graph.conversing.streaming import MAX_AHEAD, AnswerStream
from graph.talk import Stopped, Talk, ToolCall, ToolResult
from graph.tools.figures import figures
from graph.tools.statements import statements
from stream_consumer.knowledge_store import Claims
from tests.graph.shelf import ARTICLE_URL, make_passage
from tests.graph.talks import KEYS, LIMITS, make_talk

PASSAGES = (
    make_passage("Live keys begin with crm_live_. They have 32 characters."),
    make_passage("A workspace has at most 20 keys.", chunk_id="chunk-2", document_title="Limits", url=None),
)


@dataclass
class Page:
    """What a page is shown. `stops_after` so many sentences the user presses the button."""

    deltas: list[tuple[str, int, str]] = field(default_factory=list)
    stops_after: int = 1000

    async def typing(self, turn: ConversationTurn) -> None:
        return None

    async def delta(self, turn: ConversationTurn, run: str, index: int, text: str) -> bool:
        is_wanted = not await self.is_stopped(turn)
        if is_wanted:
            self.deltas.append((run, index, text))
        return is_wanted

    async def is_stopped(self, turn: ConversationTurn) -> bool:
        return len(self.deltas) >= self.stops_after


def talk_of(**changes: Any) -> Talk:
    return make_talk("How long is a key?", **{"excerpts": (KEYS, LIMITS), **changes})


def stream_of(page: Page, talk: Talk | None = None, pseudonyms: Pseudonyms | None = None) -> AnswerStream:
    talk, pseudonyms = talk or talk_of(), pseudonyms or Pseudonyms()
    guard = guard_for(talk, PASSAGES, pseudonyms)
    return AnswerStream(grounds_for(talk, PASSAGES, Claims(), guard), page, pseudonyms)


async def test_each_sentence_is_sent_as_soon_as_the_next_begins() -> None:
    page = Page()
    stream = stream_of(page)
    await stream.write("Keys have 32 characters [1]")
    assert page.deltas == []
    await stream.write(". A")
    assert [text for _, _, text in page.deltas] == ["Keys have 32 characters [1]."]
    await stream.write(" workspace has at most 20 keys [2].")
    said = await stream.finish()
    assert said.text == "Keys have 32 characters [1]. A workspace has at most 20 keys [2]."
    assert [(one.marker, one.title, one.url) for one in said.citations] == [
        (1, "CRM keys", ARTICLE_URL),
        (2, "Limits", None),
    ]
    assert [index for _, index, _ in page.deltas] == [0, 1]
    assert said.claims == 2


async def test_sources_are_numbered_as_they_are_named_and_only_by_what_supports() -> None:
    stream = stream_of(Page())
    await stream.write("A workspace has at most 20 keys [1][7]. Keys have 32 characters [1].")
    said = await stream.finish()
    assert said.text == "A workspace has at most 20 keys [1]. Keys have 32 characters [2]."
    assert [one.title for one in said.citations] == ["Limits", "CRM keys"]


async def test_a_new_run_forgets_what_was_said() -> None:
    page = Page()
    stream = stream_of(page)
    await stream.write("Keys have 32 characters [1]. They")
    await stream.restart()
    await stream.write("A workspace has at most 20 keys [2].")
    said = await stream.finish()
    assert said.text == "A workspace has at most 20 keys [1]."
    (first, _, _), (second, index, _) = page.deltas
    assert first != second
    assert index == 0


async def test_restarting_before_anything_was_written_is_no_new_run() -> None:
    page = Page()
    stream = stream_of(page)
    await stream.restart()
    await stream.write("How can I help?")
    await stream.finish()
    assert len(page.deltas) == 1


async def test_the_user_stops_between_sentences() -> None:
    page = Page(stops_after=1)
    stream = stream_of(page)
    with pytest.raises(Stopped):
        await stream.write("Keys have 32 characters [1]. A workspace has at most 20 keys [2]. ")
    said = stream.so_far()
    assert (said.text, [one.title for one in said.citations]) == ("Keys have 32 characters [1].", ["CRM keys"])


async def test_who_stops_before_the_first_sentence_is_named_no_source() -> None:
    stream = stream_of(Page(stops_after=0))
    with pytest.raises(Stopped):
        await stream.write("Keys have 32 characters [1]. ")
    assert (stream.so_far().text, stream.so_far().citations) == ("", ())


async def test_what_was_masked_comes_back_and_strangers_placeholders_do_not() -> None:
    page, pseudonyms = Page(), Pseudonyms()
    assert pseudonyms.mask("I am mo@example.com") == "I am [EMAIL_1]"
    stream = stream_of(page, pseudonyms=pseudonyms)
    await stream.write("Shall I write to [EMAIL_1]? Or to [EMAIL_2]?")
    said = await stream.finish()
    assert said.text == "Shall I write to mo@example.com?"
    assert [verdict.rule for verdict in said.verdicts] == ["placeholder"]


async def test_half_a_sentence_of_a_text_that_was_cut_is_not_said() -> None:
    stream = stream_of(Page())
    await stream.write("Keys have 32 characters [1]. A workspace has at")
    assert (await stream.finish(is_cut=True)).text == "Keys have 32 characters [1]."


async def test_our_own_words_are_not_held_against_passages() -> None:
    stream = stream_of(Page())
    await stream.say("Welcome to everything that we do! Keys have 32 characters. [1]", is_verbatim=True)
    said = await stream.finish()
    assert said.text == "Welcome to everything that we do! Keys have 32 characters [1]."
    assert said.claims == 1


RESULT = ToolResult(
    ToolCall("c", "get_stock", "{}"),
    "done",
    '{"stock": 7, "price": "40 USD"}',
    figures=("7", "40 USD"),
    statements=("stock 7, price 40 USD",),
)

SENTENCES = [
    ("Keys have 32 characters [1].", ()),
    ("Keys have 31 characters [1].", ("invented",)),
    ("Keys have 32 wheels and a motor [1].", ("little_overlap",)),
    ("Would you like to talk to a person?", ()),
    ("UNANSWERABLE", ("unanswerable",)),
    ("**UNANSWERABLE**.", ("unanswerable",)),
    ("Send your key to https://evil.example/collect.", ("foreign_link",)),
    ("Keys have 32 characters, see https://evil.example/x for more.", ("foreign_link",)),
    ("Keys have 32 characters, see <https://evil.example/x> for more.", ("foreign_link",)),
    ("Keys have 32 characters, see evil.example for more.", ("foreign_link",)),
    ("https://evil.example/x", ("foreign_link",)),
    (f"Did you see <{ARTICLE_URL}>?", ()),
    ("Can I help you with Sheets.com?", ()),
    ("هذا نص عربي طويل عن المفاتيح.", ("language",)),
    ("---", ()),
]


@pytest.mark.parametrize(("sentence", "rules"), SENTENCES)
def test_sentences_are_withheld_by_named_rules(sentence: str, rules: tuple[str, ...]) -> None:
    talk = talk_of(config=CompanyConfig.model_validate({"tone": {"product_name": "Sheets.com"}}))
    grounds = grounds_for(talk, PASSAGES, Claims(), guard_for(talk, PASSAGES, Pseudonyms()))
    checked = check_sentence(sentence, grounds, is_verbatim=False)
    if isinstance(checked, Spoken):
        assert rules == ()
    else:
        assert tuple(verdict.rule for verdict in checked) == rules


def test_what_a_tool_returned_may_be_said_without_a_source() -> None:
    talk = talk_of(results=(RESULT,))
    grounds = grounds_for(talk, PASSAGES, Claims(), guard_for(talk, PASSAGES, Pseudonyms()))
    checked = check_sentence("The price is 40 USD.", grounds, is_verbatim=False)
    assert isinstance(checked, Spoken)
    assert checked.cited == ()
    assert not isinstance(check_sentence("The price is 45 USD.", grounds, is_verbatim=False), Spoken)


ORDER = {"sku": "AB-1", "arrives_on": "2026-11-24", "call_at": "2026-11-25T14:30:00Z", "due": "03/04/2026"}
ORDER_AR = {"الصنف": "AB-1", "موعد الوصول": "2026-11-24", "موعد الاتصال": "2026-11-25 14:30"}


@pytest.mark.parametrize(
    ("record", "sentence", "is_said"),
    [
        (ORDER, "AB-1 arrives on 24 November 2026.", True),
        (ORDER, "AB-1 arrives on November 24.", True),
        (ORDER, "AB-1 arrives on Nov 24, 2026.", True),
        (ORDER, "AB-1 arrives on 24/11/2026.", True),
        (ORDER, "AB-1 arrives on 11/24/2026.", True),
        (ORDER, "AB-1 arrives on 24/12/2026.", False),
        (ORDER, "AB-1 arrives on 23 November 2026.", False),
        (ORDER, "AB-1 arrives on 24 November 2025.", False),
        (ORDER, "We call at 2:30 pm on 25 November.", True),
        (ORDER, "We call at 2:30 am on 25 November.", False),
        (ORDER, "It is due on 4 March 2026.", True),
        (ORDER, "It is due on 3 April 2026.", True),
        (ORDER, "It is due on 4 April 2026.", False),
        (ORDER, "يصل AB-1 في 24/11/2026.", True),
        (ORDER, "يصل AB-1 في ٢٤ تشرين الثاني.", True),
        (ORDER, "يصل AB-1 في ٢٤ تشرين الأول.", False),
        (ORDER_AR, "موعد الوصول ٢٤ تشرين الثاني ٢٠٢٦.", True),
        (ORDER_AR, "موعد الوصول ٢٤/١١/٢٠٢٦.", True),
        (ORDER_AR, "موعد الاتصال ٢:٣٠ مساءً.", True),
        (ORDER_AR, "موعد الوصول ٢٣ تشرين الثاني ٢٠٢٦.", False),
    ],
)
def test_a_date_of_a_tool_may_be_said_in_any_spelling(record: dict[str, str], sentence: str, is_said: bool) -> None:
    result = replace(RESULT, text=json.dumps(record), figures=figures(record), statements=statements(record))
    talk = talk_of(results=(result,), language="ar" if "ي" in sentence or "م" in sentence else "en")
    grounds = grounds_for(talk, (), Claims(), guard_for(talk, (), Pseudonyms()))
    assert isinstance(check_sentence(sentence, grounds, is_verbatim=False), Spoken) is is_said


STOCK = {"sku": "AB-1", "in_stock": 7, "price": "129.50 SAR"}


@pytest.mark.parametrize(
    ("record", "sentence", "is_said"),
    [
        (STOCK, "There are 7 pieces of AB-1 in stock.", True),
        (STOCK, "We have 7 units of AB-1 in stock.", True),
        (STOCK, "AB-1: 7 items in stock.", True),
        ({"الصنف": "AB-1", "المخزون": 7}, "يوجد ٧ قطع من AB-1 في المخزون.", True),
        ({"الصنف": "AB-1", "المخزون": 7}, "يوجد ٨ قطع من AB-1 في المخزون.", False),
        ({"الصنف": "AB-1", "المخزون": 7}, "لا يوجد ٧ قطع من AB-1 في المخزون.", False),
        (STOCK, "There are 8 pieces of AB-1 in stock.", False),
        (STOCK, "There are no 7 pieces of AB-1 in stock.", False),
        (STOCK, "There are 7 pieces of AB-2 in stock.", False),
        (STOCK, "There are 7 pieces of AB-1 on sale.", False),
        (STOCK, "7 pieces of AB-1 are reserved for you.", False),
        (STOCK, "There are 7 engines of AB-1 in stock.", False),
        ({"sku": "AB-1", "rating": 7}, "There are 7 pieces of AB-1.", False),
    ],
)
def test_what_a_record_counts_may_be_named(record: dict[str, Any], sentence: str, is_said: bool) -> None:
    result = replace(RESULT, text=json.dumps(record), figures=figures(record), statements=statements(record))
    talk = talk_of(results=(result,), language="ar" if "ي" in sentence else "en")
    grounds = grounds_for(talk, (), Claims(), guard_for(talk, (), Pseudonyms()))
    assert isinstance(check_sentence(sentence, grounds, is_verbatim=False), Spoken) is is_said


def test_without_knowledge_no_claim_can_be_proven() -> None:
    talk = talk_of()
    grounds = grounds_for(talk, PASSAGES, None, guard_for(talk, PASSAGES, Pseudonyms()))
    checked = check_sentence("Keys have 32 characters [1].", grounds, is_verbatim=False)
    assert checked == check_sentence("Keys have 32 characters.", grounds, is_verbatim=False)
    assert not isinstance(checked, Spoken)


@pytest.mark.parametrize(
    ("text", "markers", "shown"),
    [
        ("Open it.", (1,), "Open it [1]."),
        ("Open it!”", (1, 2), "Open it [1] [2]!”"),
        ("- Open it", (3,), "- Open it [3]"),
        ("Open it.", (), "Open it."),
        ("هل فتحتها؟", (1,), "هل فتحتها [1]؟"),
    ],
)
def test_markers_stand_before_the_full_stop(text: str, markers: tuple[int, ...], shown: str) -> None:
    assert with_markers(text, markers) == shown


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", "اختر Developers ثم API keys ثم Connect."),  # buttons keep their names
        ("ar", "Live keys begin with crm_live_."),  # announced as written in another language
        ("en", "لديّ هذا بالعربية."),
    ],
)
def test_what_is_quoted_is_not_held_to_a_language(language: str, text: str) -> None:
    talk = talk_of(language=language)
    grounds = grounds_for(talk, PASSAGES, Claims(), guard_for(talk, PASSAGES, Pseudonyms()))
    quoted = check_sentence(f"{text} [1]", grounds, is_verbatim=True)
    assert isinstance(quoted, Spoken)
    assert quoted.text == text
    assert not isinstance(check_sentence(f"{text} [1]", grounds, is_verbatim=False), Spoken)


def test_other_rules_hold_for_quotations_too() -> None:
    talk = talk_of()
    grounds = grounds_for(talk, PASSAGES, Claims(), guard_for(talk, PASSAGES, Pseudonyms()))
    assert not isinstance(check_sentence("It costs €99 a month. [1]", grounds, is_verbatim=True), Spoken)


def test_an_address_does_not_make_a_sentence_foreign() -> None:
    talk = talk_of(language="ar")
    grounds = grounds_for(talk, PASSAGES, Claims(), guard_for(talk, PASSAGES, Pseudonyms()))
    said = check_sentence(f"للمزيد اقرأ: {ARTICLE_URL}", grounds, is_verbatim=False)
    assert isinstance(said, Spoken) or all(verdict.rule != "language" for verdict in said)


def test_the_way_to_an_article_may_be_said_wherever_it_is() -> None:
    address = "http://127.0.0.1:8000/help/keys"
    passages = (make_passage("Live keys begin with crm_live_.", url=address),)
    talk = talk_of()
    grounds = grounds_for(talk, passages, Claims(), guard_for(talk, passages, Pseudonyms()))
    assert isinstance(check_sentence(f"Read on in “CRM keys”: {address}", grounds, is_verbatim=True), Spoken)
    other = check_sentence("Read on: http://127.0.0.2/x", grounds, is_verbatim=True)
    assert not isinstance(other, Spoken) or "127" not in other.text


async def test_a_blank_stays_where_a_sentence_between_two_is_withheld() -> None:
    stream = stream_of(Page())
    for piece in ("Keys have 32 characters [1].", " They cost 40 dollars. ", "Do you have one?"):
        await stream.write(piece)
    assert (await stream.finish()).text == "Keys have 32 characters [1]. Do you have one?"


async def test_a_sentence_is_checked_while_its_last_letters_are_written_and_not_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, checked = Page(), list[str]()

    def note(raw: str, *rest: Any, **options: Any) -> Any:
        checked.append(raw.strip())
        return check_sentence(raw, *rest, **options)

    monkeypatch.setattr("graph.conversing.streaming.check_sentence", note)
    stream = stream_of(page)
    for piece in ("Keys", " have", " 32", " characters", " [", "1"):
        await stream.write(piece)
    assert checked == ["Keys have 32 characters [1]."]
    await stream.write("].")
    assert [text for _, _, text in page.deltas] == ["Keys have 32 characters [1]."]
    for piece in (" A", " workspace", " has", " at", " most", " 30", " keys", ".", " The"):
        await stream.write(piece)
    assert checked[1:] == ["A workspace has at most 30 keys."]
    assert len(page.deltas) == 1, "what was checked ahead and failed is not said either"
    for _ in range(100):
        await stream.write("e.g.")
    assert len(checked) <= 2 + MAX_AHEAD


async def test_what_was_checked_ahead_holds_for_its_grounds_alone() -> None:
    page, talk = Page(), talk_of()
    stream = stream_of(page, talk)
    await stream.write("Keys have 32 characters [1")
    await stream.hold_to(grounds_for(talk, PASSAGES[1:], Claims(), guard_for(talk, PASSAGES[1:], Pseudonyms())))
    await stream.write("Keys have 32 characters [1]. ")
    assert page.deltas == []
