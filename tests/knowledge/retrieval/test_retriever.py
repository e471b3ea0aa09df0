"""Search from outside: real PostgreSQL and pgvector, outages, publications, hostile queries."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import psycopg
import pytest
from prometheus_client import CollectorRegistry

from bench.shelf import Shelf
from core.errors import NotFound
from core.passages import Passage
from db import knowledge_sources, knowledge_texts
from db.knowledge_texts import Scope
from db.pool import Database
from knowledge.documents import Document
from knowledge.embedding.embedder import Embedders
from knowledge.retrieval.metrics import RetrievalMetrics
from knowledge.retrieval.retriever import Retriever
from tests.knowledge.retrieval.conftest import Embedding

PASSWORD = "Open Settings and choose Security. There you can set a new password, which must have twelve characters."
INVOICE = "Invoices are sent on the first of each month. The billing address can be changed under Payments."
INVITE = "Invite your team by e-mail: an invitation works for seven days and can be used once."
ARABIC = "افتح الإعدادات ثم اختر الأمان لتغيير كلمة المرور. يجب أن تتكون من اثني عشر حرفًا."
HELP = {
    "password": Document("Passwords", PASSWORD, url="https://help.example/password", language="en"),
    "invoice": Document("Billing", INVOICE, url="https://help.example/billing", language="en", attribution="© Acme"),
    "invite": Document("Team", f"# Team\n\n## Inviting\n\n{INVITE}", language="en"),
}
NUMBERS = {f"n{number}": Document(f"Part {number}", f"Part number {number} of the list.") for number in range(300)}


def titles(passages: list[Passage]) -> list[str]:
    return [passage.document_title for passage in passages]


async def test_a_passage_has_all_that_a_citation_needs(shelf: Shelf, retriever: Retriever) -> None:
    source = await shelf.put(HELP, tags=("billing",))
    passage = (await retriever.retrieve(shelf.company_id, "When are invoices sent?"))[0]
    assert (passage.source_id, passage.document_title, passage.url) == (source, "Billing", HELP["invoice"].url)
    assert (passage.text, passage.language, passage.tags) == (INVOICE, "en", ("billing",))
    assert passage.attribution == "© Acme"
    assert passage.heading_path[0] == "Billing"
    assert [passage.text[start:end] for start, end in passage.highlights] == ["Invoices", "sent", "billing"]
    assert 0 < passage.scores.fused <= 1
    assert passage.scores.vector is not None
    assert passage.scores.lexical is not None


async def test_meaning_finds_what_shares_no_word(shelf: Shelf, retriever: Retriever) -> None:
    await shelf.put(HELP)
    found = await retriever.retrieve(shelf.company_id, "my login", k=1)
    assert titles(found) == ["Passwords"]
    assert found[0].scores.lexical is None
    assert found[0].highlights == ()


async def test_words_find_what_no_vector_is_near(shelf: Shelf, retriever: Retriever, primary: Embedding) -> None:
    await shelf.put({**HELP, **NUMBERS})
    found = await retriever.retrieve(shelf.company_id, "email", k=1)
    assert titles(found) == ["Team"]


async def test_best_first_and_k_at_most(shelf: Shelf, retriever: Retriever) -> None:
    await shelf.put({**HELP, **NUMBERS})
    for k, expected in ((1, 1), (7, 7), (None, 5), (10_000, 50), (0, 1)):
        found = await retriever.retrieve(shelf.company_id, "part of the list", k=k)
        assert len(found) == expected
        scores = [passage.scores.fused for passage in found]
        assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "😀 🎉",
        "؟!؟",
        "\0",
        "& | ! ( ) :* <-> '",
    ],
)
async def test_a_query_without_a_word_finds_nothing(
    shelf: Shelf, retriever: Retriever, primary: Embedding, query: str
) -> None:
    await shelf.put(HELP)
    assert await retriever.retrieve(shelf.company_id, query) == []
    assert primary.asked == []


@pytest.mark.parametrize(
    "query",
    [
        "password' | 'x",
        "password & ! ( :* <-> \\",
        "pass\0word password \ud800",
        "'; DROP TABLE knowledge_chunks; -- password",
        "password " * 1200,
        "password " + " ".join(f"word{number}" for number in range(2000)),
        "password 😀 ﷽ İ ß",
        "$1 %s {0} password",
    ],
)
async def test_any_query_is_answered(shelf: Shelf, retriever: Retriever, primary: Embedding, query: str) -> None:
    await shelf.put(HELP)
    assert titles(await retriever.retrieve(shelf.company_id, query))[0] == "Passwords"
    assert len(primary.asked[0]) <= 2000


async def test_stop_words_alone_go_by_meaning(shelf: Shelf, retriever: Retriever) -> None:
    await shelf.put(HELP)
    found = await retriever.retrieve(shelf.company_id, "how do I")
    assert {passage.scores.lexical for passage in found} == {None}


async def test_arabic_goes_by_words(shelf: Shelf, retriever: Retriever) -> None:
    await shelf.put({**HELP, "arabic": Document("كلمة المرور", ARABIC, language="ar")})
    found = await retriever.retrieve(shelf.company_id, "كيف أغيّر كلمة مرور الإعداد؟", language="ar")
    assert titles(found) == ["كلمة المرور"]
    assert {found[0].text[start:end] for start, end in found[0].highlights} >= {"الإعدادات", "كلمة المرور"}


async def test_filters(shelf: Shelf, retriever: Retriever) -> None:
    await shelf.put(HELP, tags=("guide", "public"))
    await shelf.put({"de": Document("Kennwort", "Das password ist geheim.", language="de")}, tags=("intern",))
    for wish, expected in (
        ({}, {"Passwords", "Kennwort"}),
        ({"tags": ("intern",)}, {"Kennwort"}),
        ({"tags": ("public", "intern")}, {"Passwords", "Kennwort"}),
        ({"tags": ("other",)}, set()),
        ({"language": "de"}, {"Kennwort"}),
        ({"language": "fr"}, set()),
        ({"language": "en", "tags": ("intern",)}, set()),
    ):
        found = await retriever.retrieve(shelf.company_id, "password", **wish)  # type: ignore[arg-type]
        assert {title for title in titles(found) if title in ("Passwords", "Kennwort")} == expected, wish


async def test_misspelt_words_are_read_as_those_of_the_companys_own_documents(
    make_shelf: Callable[[], Awaitable[Shelf]], shelf: Shelf, retriever: Retriever, primary: Embedding
) -> None:
    other = await make_shelf()
    await other.put({"own": Document("Frobnix", "Frobnix paints fences.", language="en")})
    source = await shelf.put(HELP)
    query = "hwo do I chnge my pasword for Frobnxi"
    [found] = await retriever.retrieve(shelf.company_id, query, k=1)
    assert found.document_title == "Passwords"
    assert found.corrections == (("hwo", "how"), ("pasword", "password"))
    assert primary.asked == ["how do I chnge my password for Frobnxi"]
    assert [found.text[start:end] for start, end in found.highlights] == ["password"]

    changed = Document("Passwords", PASSWORD.replace("set", "change"), language="en")
    await shelf.put({**HELP, "password": changed}, source_id=source, revision=2)
    [again] = await retriever.retrieve(shelf.company_id, query, k=1)
    assert ("chnge", "change") in again.corrections, "the words are those of what is published now"


async def test_a_word_finds_what_says_the_same(shelf: Shelf, retriever: Retriever) -> None:
    signing = Document("Entrance", "Sign in with the code that was sent to you.", language="en")
    await shelf.put({**HELP, **NUMBERS, "signing": signing})
    [found] = await retriever.retrieve(shelf.company_id, "I cannot log in", k=1)
    assert found.document_title == "Entrance"
    assert (found.scores.lexical or 0) > 0.5
    assert [found.text[start:end] for start, end in found.highlights] == ["Sign"]


async def test_a_word_that_is_written_somewhere_is_no_misspelling(shelf: Shelf, retriever: Retriever) -> None:
    await shelf.put({**HELP, "typo": Document("Notes", "Pasword is what we called it.", language="en")})
    [found] = await retriever.retrieve(shelf.company_id, "pasword", k=1)
    assert (found.document_title, found.corrections) == ("Notes", ())


async def test_only_languages_whose_misspellings_were_measured_are_corrected(
    shelf: Shelf, retriever: Retriever
) -> None:
    await shelf.put({"de": Document("Kennwort", "Das Kennwort ist geheim.", language="de")})
    [found] = await retriever.retrieve(shelf.company_id, "Kenwort", k=1)
    assert found.corrections == ()


async def test_a_publication_is_seen_at_once(shelf: Shelf, retriever: Retriever, primary: Embedding) -> None:
    source = await shelf.put(HELP)
    query = "How long must a password be?"
    before = await retriever.retrieve(shelf.company_id, query, k=1)
    assert await retriever.retrieve(shelf.company_id, query, k=1) == before
    assert primary.asked == [query]

    changed = Document("Passwords", PASSWORD.replace("twelve", "sixteen"), language="en")
    await shelf.put({**HELP, "password": changed}, source_id=source, revision=2)
    after = await retriever.retrieve(shelf.company_id, query, k=5)
    assert "sixteen" in after[0].text
    assert not [passage for passage in after if "twelve" in passage.text]


async def test_what_is_staged_is_not_seen_and_what_is_removed_is_gone(
    db: Database, shelf: Shelf, retriever: Retriever
) -> None:
    source = await shelf.put(HELP)
    async with db.transaction(shelf.company_id) as connection:
        await connection.execute("UPDATE knowledge_chunks SET until = 2 WHERE text LIKE 'Invoices%'")
    assert "Billing" in titles(await retriever.retrieve(shelf.company_id, "invoices"))
    async with db.transaction(shelf.company_id) as connection:
        await knowledge_sources.remove(connection, shelf.company_id, source, datetime.now(UTC))
    assert await retriever.retrieve(shelf.company_id, "invoices") == []


async def test_companies_do_not_meet(
    make_shelf: Callable[[], Awaitable[Shelf]], shelf: Shelf, retriever: Retriever, db: Database
) -> None:
    other = await make_shelf()
    await shelf.put(HELP)
    await other.put({"own": Document("Own", "A password of the other company.", language="en")})
    assert titles(await retriever.retrieve(other.company_id, "password", k=50)) == ["Own"]
    assert "Own" not in titles(await retriever.retrieve(shelf.company_id, "password", k=50))


async def test_full_text_answers_for_the_companies_of_the_transaction_alone(db: Database, shelf: Shelf) -> None:
    await shelf.put(HELP)
    wish = (["password"], {"password": 1.0}, Scope())
    async with db.transaction(shelf.company_id) as connection:
        found = await knowledge_texts.candidates(connection, shelf.company_id, *wish, scanned=10, most=10)
        counted = await knowledge_texts.frequencies(connection, shelf.company_id, ["password"], 10)
    async with db.transaction() as connection:
        hidden = await knowledge_texts.candidates(connection, shelf.company_id, *wish, scanned=10, most=10)
        uncounted = await knowledge_texts.frequencies(connection, shelf.company_id, ["password"], 10)
        shares = await knowledge_texts.shares(connection, shelf.company_id)
    assert (len(found), counted) == (1, {"password": 1})
    assert (hidden, uncounted, shares) == ([], {}, [])


@pytest.mark.parametrize("stem", ["", "it's", "back\\slash"])
async def test_what_is_no_stem_never_reaches_the_database(db: Database, shelf: Shelf, stem: str) -> None:
    async with db.transaction(shelf.company_id) as connection:
        with pytest.raises(ValueError, match="not a stem"):
            await knowledge_texts.frequencies(connection, shelf.company_id, [stem], 10)


async def test_counting_and_scanning_are_bounded(db: Database, shelf: Shelf) -> None:
    await shelf.put(NUMBERS)
    async with db.transaction(shelf.company_id) as connection:
        counted = await knowledge_texts.frequencies(connection, shelf.company_id, ["part", "7", "no"], 50)
        found = await knowledge_texts.candidates(
            connection, shelf.company_id, ["part"], {"part": 1.0, "7": 9.0}, Scope(), scanned=20, most=50
        )
        best = await knowledge_texts.candidates(
            connection, shelf.company_id, ["part"], {"part": 1.0, "7": 9.0}, Scope(), scanned=1000, most=3
        )
    assert counted == {"part": 50, "7": 1, "no": 0}
    assert len(found) == 20
    assert shelf.documents[best[0]] == "n7"


async def test_an_outage_of_embedding_leads_to_the_next_space_and_then_to_words(
    db: Database, shelf: Shelf, embedders: Embedders, primary: Embedding, standby: Embedding
) -> None:
    registry = CollectorRegistry()
    retriever = Retriever(db, shelf.store, embedders, metrics=RetrievalMetrics(registry))
    await shelf.put(HELP)

    def counted(by: str) -> float:
        return registry.get_sample_value("onboarding_knowledge_retrievals_total", {"by": by}) or 0

    primary.is_down = True
    assert titles(await retriever.retrieve(shelf.company_id, "my login", k=1)) == ["Passwords"]
    assert (standby.asked, counted("standby")) == (["my login"], 1)

    standby.is_down = True
    [worded] = await retriever.retrieve(shelf.company_id, "the password", k=1)
    assert (worded.document_title, worded.scores.vector, counted("words")) == ("Passwords", None, 1)
    assert await retriever.retrieve(shelf.company_id, "my login") == []

    primary.is_down = standby.is_down = False
    [again] = await retriever.retrieve(shelf.company_id, "the password", k=1)
    assert again.scores.vector is not None, "what an outage left over must not be remembered"
    await retriever.retrieve(shelf.company_id, "the password", k=1)
    assert (counted("vectors"), counted("cache")) == (1, 1)
    assert registry.get_sample_value("onboarding_knowledge_retrieval_seconds_count") == 5


async def test_a_space_that_is_being_filled_waits_for_its_turn(
    db: Database, shelf: Shelf, retriever: Retriever, primary: Embedding, standby: Embedding
) -> None:
    await shelf.put(HELP)
    async with db.transaction(shelf.company_id) as connection:
        await shelf.store.drop_space(connection, shelf.company_id, primary.space.key)
    assert titles(await retriever.retrieve(shelf.company_id, "my login", k=1)) == ["Passwords"]
    assert (primary.asked, standby.asked) == ([], ["my login"])


async def test_a_retired_space_serves_until_the_new_one_is_complete_and_never_when_it_lacks_something(
    db: Database, shelf: Shelf, primary: Embedding, standby: Embedding
) -> None:
    retriever = Retriever(db, shelf.store, Embedders(primary, retired=(standby,)))
    await shelf.put(HELP)
    await retriever.retrieve(shelf.company_id, "my login", k=1)
    assert (primary.asked, standby.asked) == (["my login"], [])

    async with db.transaction(shelf.company_id) as connection:
        await shelf.store.drop_space(connection, shelf.company_id, primary.space.key)
    fresh = Retriever(db, shelf.store, Embedders(primary, retired=(standby,)))
    assert titles(await fresh.retrieve(shelf.company_id, "my login", k=1)) == ["Passwords"]
    assert (primary.asked, standby.asked) == (["my login"], ["my login"])

    async with db.transaction(shelf.company_id) as connection:
        await shelf.store.drop_space(connection, shelf.company_id, standby.space.key)
    without = Retriever(db, shelf.store, Embedders(primary, retired=(standby,)))
    await without.retrieve(shelf.company_id, "my logon", k=1)
    assert (primary.asked, standby.asked) == (["my login", "my logon"], ["my login"])


async def test_a_text_whose_language_could_not_be_told_is_in_every_language(
    shelf: Shelf, retriever: Retriever, primary: Embedding, standby: Embedding
) -> None:
    await shelf.put({**HELP, "port": Document("Port 8443", "The gateway listens on 8443.")})
    for is_down in (False, True):
        primary.is_down = standby.is_down = is_down
        found = await retriever.retrieve(shelf.company_id, f"gateway listens {is_down}", language="en")
        assert titles(found)[0] == "Port 8443"


async def test_repeated_text_is_shown_once(shelf: Shelf, retriever: Retriever) -> None:
    footer = "Contact our support by chat on weekdays, from nine to five, and we will answer within an hour."
    await shelf.put({f"page{number}": Document(f"Page {number}", footer, language="en") for number in range(6)})
    assert len(await retriever.retrieve(shelf.company_id, "contact support")) == 1


async def test_nothing_is_found_where_nothing_is(shelf: Shelf, retriever: Retriever) -> None:
    assert await retriever.retrieve(shelf.company_id, "anything") == []
    with pytest.raises(NotFound):
        await retriever.retrieve("no company", "anything")


async def test_searches_beside_a_publication_see_one_revision(shelf: Shelf, retriever: Retriever, db: Database) -> None:
    """Both candidate lists, the counts and the texts are of one moment, so old and new never stand side by side."""

    def pages(edition: str) -> dict[str, Document]:
        return {f"p{n}": Document("Manual", f"Edition {edition}: chapter {n} of it.", language="en") for n in range(8)}

    source = await shelf.put(pages("first"))
    done = asyncio.Event()

    async def search() -> list[set[str]]:
        seen, number = [], 0
        while not done.is_set():
            number += 1
            found = await retriever.retrieve(shelf.company_id, f"edition chapter {number}", k=8)
            seen.append({passage.text.split()[1] for passage in found})
        return seen

    searching = asyncio.create_task(search())
    await asyncio.sleep(0.05)
    await shelf.put(pages("second"), source_id=source, revision=2)
    await asyncio.sleep(0.05)
    done.set()
    seen = await searching
    assert {"first:"} in seen
    assert {"second:"} in seen
    assert all(len(each) == 1 for each in seen)


async def test_a_snapshot_neither_writes_nor_leaves_a_trace(db: Database, shelf: Shelf) -> None:
    async with db.snapshot(shelf.company_id) as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await connection.execute("DELETE FROM knowledge_sources")
    for _ in range(5):  # whichever connection it was, it writes again
        async with db.transaction(shelf.company_id) as connection:
            await connection.execute("DELETE FROM knowledge_sources")
