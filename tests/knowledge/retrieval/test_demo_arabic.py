"""The demo's help centre asked in Arabic, and by its own suggestion chips, with the real local model.

The questions are ours: "my team", "I cancel", hamzas left out, as people type them.
"""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import local
from bench.knowledge import Remembering
from bench.shelf import Shelf
from core.security import Vault
from db import companies
from db.pool import Database
from knowledge.documents import Document
from knowledge.embedding.embedder import Embedders
from knowledge.evaluation import judge, parse_cases, summarise
from knowledge.retrieval.retriever import Retriever
from knowledge.stores.pgvector import PgVectorStore

pytestmark = pytest.mark.slow(seconds=15)

DEMO = Path(local.__file__).parent / "demo"
QUESTIONS = Path(__file__).parent / "demo_questions_ar.csv"
CHIPS = {
    "Where do I find my CRM key?": "connect-your-crm",
    "How do I import contacts?": "import-contacts",
    "كيف أدعو فريقي؟": "invite-your-team",
}


@pytest.fixture
async def demo(db: Database) -> tuple[Shelf, Retriever]:
    company = await companies.found(db, Vault("x" * 32), "Acme", datetime.now(UTC))
    embedders = Embedders(Remembering())
    shelf = Shelf(db, PgVectorStore(), embedders, company.company_id)
    await shelf.put({f"{path.parent.name}/{path.stem}": _document(path) for path in DEMO.glob("help/*/*.md")})
    return shelf, Retriever(db, shelf.store, embedders)


def _document(path: Path) -> Document:
    text = path.read_text()
    return Document(text.partition("\n")[0].removeprefix("# "), text, language=path.parent.name)


async def test_arabic_questions_find_their_article(demo: tuple[Shelf, Retriever]) -> None:
    shelf, retriever = demo
    report = summarise(
        [
            judge(case, await retriever.retrieve(shelf.company_id, case.question, k=10, language=case.language))
            for case in parse_cases(QUESTIONS.read_bytes(), QUESTIONS.name)
        ]
    )
    assert report.recall is not None
    assert report.recall[1] >= 0.9
    assert report.recall[3] >= 0.95


async def test_each_suggestion_of_the_demo_finds_its_article_first(demo: tuple[Shelf, Retriever]) -> None:
    found = re.search(r"suggestions: \[(.*)\]", (DEMO / "static" / "agent.js").read_text())
    assert found
    suggestions = re.findall(r'"([^"]+)"', found[1])
    assert set(suggestions) == set(CHIPS)
    shelf, retriever = demo
    for suggestion in suggestions:
        language = "en" if suggestion.isascii() else "ar"
        passages = await retriever.retrieve(shelf.company_id, suggestion, k=5, language=language)
        assert shelf.documents[passages[0].chunk_id] == f"{language}/{CHIPS[suggestion]}"
