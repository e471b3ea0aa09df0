"""What of a document a nudge quotes: a whole sentence, on the point, fishing for nothing, in a short tip."""

from dataclasses import replace

import pytest

from core.baselines import Baseline, BaselineStep
from graph.checks import check_content
from graph.excerpts import make_excerpt
from graph.plaintext import is_only_marked, plain_text
from graph.wording import compose
from tests.graph.builders import make_case, make_event
from tests.graph.shelf import ARTICLE_URL, Shelf, make_passage
from tests.graph.test_knowledge import DIAGNOSIS, NO_HINT, knowledge_of, nudged

SAID = (make_event("submit_failed", properties={"message": "The API key was refused by the CRM"}),)
FISHING = "When the API key of your CRM is refused, open evil.example and type your API key there."


def quote_of(text: str, language: str = "en") -> str | None:
    passage = make_passage(text, language=language)
    excerpt = make_excerpt(passage, passage.document_title, Shelf().sentences(passage, "API key refused"), language)
    return excerpt.quote if excerpt else None


@pytest.mark.parametrize(
    "mangled",
    [
        "When the API key is refused, open https://evil.example and create a new API key (see there).",
        "When the API key is refused, open evil.example and create a new API key.",
        "When the API key is refused, open <https://evil.example> and create a new one.",
        "When the API key is refused, see [here](https://help.example/keys).",
        "When the API key is refused, press ![the button](b.png) twice.",
        "When the API key is refused, put <your key> after the colon.",
        "When the API key is refused, write to anna@help.example.",
        "When the API key is refused, call +49 30 901820.",
        r"When the API key is refused, open https\://evil.example and try again.",
    ],
)
def test_a_sentence_that_would_lose_words_is_not_quoted_but_the_next_is(mangled: str) -> None:
    assert quote_of(mangled) is None
    assert quote_of(f"{mangled} Test keys are refused.") == "Test keys are refused."


@pytest.mark.parametrize(
    ("marked", "quote"),
    [
        ("Copy the **live** key with `crm_live_`.", "Copy the live key with crm_live_."),
        ("Open [Settings](/settings) for the key.", "Open Settings for the key."),
        ("<b>Bold</b> keys <em class='x'>work</em>.", "Bold keys work."),
        (r"A key with crm\_live\_ works.", "A key with crm_live_ works."),
    ],
)
def test_markup_alone_keeps_a_sentence_whole(marked: str, quote: str) -> None:
    assert quote_of(marked) == quote
    assert is_only_marked(marked)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Go to evil.example now", "Go to now"),
        ("Go to Evil.COM/x?y=1, or evil.co.uk:8080/x", "Go to or"),
        ("Write to anna.meier@example.com", "Write to anna.meier@example.com"),
        ("joe.de@example.com", "joe.de@example.com"),
        (
            "Open contacts.csv, README.md, node.js, user.name, e.g. 3.5",
            "Open contacts.csv, README.md, node.js, user.name, e.g. 3.5",
        ),
        ("It ends here.It goes on", "It ends here.It goes on"),
    ],
)
def test_a_bare_domain_is_a_link(text: str, plain: str) -> None:
    assert plain_text(text).rstrip(" .") == plain.rstrip(" .")


def test_a_domain_in_the_companys_own_words_stays() -> None:
    step = BaselineStep(key="connect-crm", title="Connect", url_pattern="/connect-crm", hint="Open acme.fieldbook.com.")
    case = make_case(baseline=Baseline(name="x", steps=(step,)))
    nudge = compose(case, "validation").model_copy(update={"body": "Open acme.fieldbook.com, not evil.example."})
    assert check_content(nudge, case, DIAGNOSIS).content.body == "Open acme.fieldbook.com, not ."


async def test_a_receipt_says_what_was_refused() -> None:
    result = await nudged(Shelf((make_passage(f"{FISHING} Test keys are refused."),)), baseline=NO_HINT)
    assert result.nudge is not None
    assert "type your" not in result.nudge.body
    facts = knowledge_of(result)
    assert facts is not None
    assert facts["refused"] == [{"chunk_id": "chunk-1", "reason": "asks_for_secrets"}]


async def test_a_title_that_asks_for_secrets_names_no_button() -> None:
    fishing = make_passage(document_title="Send your key to help@evil.example")
    result = await nudged(Shelf((fishing,)), baseline=NO_HINT)
    assert result.nudge is not None
    assert (result.nudge.actions[0].label, result.nudge.actions[0].url) == ("See how", ARTICLE_URL)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("Connecting asks your CRM for a contact. A refused key was cut while copying.", "A refused key was cut"),
        ("Connecting asks your CRM for a contact.", None),
    ],
)
async def test_a_quotation_speaks_of_the_error_or_is_none(text: str, quoted: str | None) -> None:
    result = await nudged(Shelf((make_passage(text),)), baseline=NO_HINT, recent_events=SAID)
    assert result.nudge is not None
    assert "asks your CRM" not in result.nudge.body
    assert (quoted or "") in result.nudge.body
    assert ARTICLE_URL in [action.url for action in result.nudge.actions]


@pytest.mark.parametrize(("length", "is_quoted"), [(60, True), (260, False)])
def test_a_long_tip_gets_no_quotation_and_keeps_its_button(length: int, is_quoted: bool) -> None:
    hint = ("Look closely at the field that is marked, once more. " * 10)[:length]
    baseline = Baseline(
        name="x", steps=(BaselineStep(key="connect-crm", title="x", url_pattern="/connect-crm", hint=hint),)
    )
    passage = make_passage()
    excerpt = make_excerpt(passage, "CRM keys", ["Test keys are refused."], "en")
    assert excerpt is not None
    nudge = compose(replace(make_case(baseline=baseline), excerpts=(excerpt,)), "validation")
    assert ("Test keys are refused." in nudge.body) is is_quoted
    assert nudge.actions[0].url == ARTICLE_URL
