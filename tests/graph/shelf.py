"""Documents for tests of the graph: a search that finds what a test sets, and the product's own check."""

from dataclasses import dataclass, field
from typing import Any

from core.passages import Passage, Scores
from graph.context import Found
from stream_consumer.knowledge_store import Claims

ARTICLE_URL = "https://help.example/articles/crm-keys"
KEYS = "Live keys begin with crm_live_ and have 32 characters. Test keys are refused. Keys expire after 90 days."
KEYS_AR = "تبدأ المفاتيح الحية بالرمز crm_live_ وتتكون من 32 حرفًا. تُرفض مفاتيح الاختبار."


def make_passage(text: str = KEYS, **changes: Any) -> Passage:
    fields: dict[str, Any] = {
        "chunk_id": "chunk-1",
        "source_id": "source-1",
        "document_title": "CRM keys",
        "heading_path": ("CRM keys",),
        "scores": Scores(0.83),
        "url": ARTICLE_URL,
        "language": "en",
    }
    return Passage(text=text, **{**fields, **changes})


@dataclass
class Shelf(Claims):
    """Knowledge of one test. `fault` is raised by a search, `queries` are those asked."""

    passages: tuple[Passage, ...] = (make_passage(),)
    score: float = 0.8
    is_answerable: bool = True
    fault: Exception | None = None
    queries: list[tuple[str, str, str]] = field(default_factory=list)

    async def search(self, company_id: str, query: str, *, language: str, k: int) -> Found:
        self.queries.append((company_id, query, language))
        if self.fault:
            raise self.fault
        return Found(self.passages[:k], self.score, self.is_answerable)
