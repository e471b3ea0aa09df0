"""The shapes of the knowledge base's requests and answers."""

from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter

from core.errors import ProductError
from knowledge.fetching.urls import normalise

MAX_TAGS: Final = 20
MAX_TITLE: Final = 500
SourceKind: TypeAlias = Literal["text", "file", "url", "sitemap"]
RunStatus: TypeAlias = Literal["queued", "running", "waiting", "done", "failed", "cancelled"]


def _address(text: str) -> str:
    try:
        return normalise(text)
    except ProductError as error:
        raise ValueError(error.detail) from None


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Title: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE)]
Tag: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f,]+$")
]
Tags: TypeAlias = Annotated[list[Tag], Field(max_length=MAX_TAGS)]
Language: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tags: Tags = Field([], description="Searches can be bound to tags")
    language: Annotated[Language | None, BeforeValidator(_none_if_blank)] = Field(
        None, description="ISO 639-1, of all its documents; detected for each when left out"
    )


class NewText(_Request):
    """A text or Markdown document, as it is."""

    kind: Literal["text"]
    title: Title
    text: Annotated[str, StringConstraints(min_length=1)]


class NewPages(_Request):
    """A page, or the pages that a sitemap lists; they are read in the background, and again when asked."""

    kind: Literal["url", "sitemap"]
    location: Annotated[str, StringConstraints(max_length=2048), AfterValidator(_address)] = Field(
        description="Its address; of a site itself: the sitemaps that its robots.txt names"
    )
    title: Annotated[Title | None, BeforeValidator(_none_if_blank)] = Field(
        None, description="The address when left out"
    )


class NewFile(_Request):
    """What a form says beside its file."""

    title: Annotated[Title | None, BeforeValidator(_none_if_blank)] = Field(
        None, description="The file's name if empty"
    )


NewSource: TypeAlias = Annotated[NewText | NewPages, Field(discriminator="kind")]
NEW_SOURCE: TypeAdapter[NewText | NewPages] = TypeAdapter(NewSource)


class IngestRequest(BaseModel):
    """How to read a source again."""

    model_config = ConfigDict(extra="forbid")

    allow_loss: bool = Field(
        False, description="Publish even if more than half of the documents go; else that is taken for an accident"
    )


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class RunProgress(_Answer):
    """How far a run has come; chunks are counted against what was live before it."""

    documents_total: int | None = Field(None, description="Null until every address is known")
    documents_done: int = 0
    documents_unchanged: int = 0
    documents_failed: int = 0
    chunks_added: int = 0
    chunks_kept: int = 0
    chunks_removed: int = 0
    embedded: int = Field(0, description="Vectors that were made")


class RunProblem(_Answer):
    """A document, or a part of the source, that could not be read; the rest was."""

    url: str
    code: str
    detail: str


class KnowledgeRun(_Answer):
    """One reading of a source. `error` is a stable code: why it failed, or what it waits for until `resume_at`."""

    run_id: str
    source_id: str
    status: RunStatus
    progress: RunProgress
    problems: list[RunProblem] = Field(description="The first hundred")
    error: str | None
    detail: str | None
    created_at: datetime
    started_at: datetime | None
    resume_at: datetime | None
    finished_at: datetime | None
    trace_id: str


class KnowledgeSource(_Answer):
    """A source. `status` tells of its last reading; what was published before it can be found all the while."""

    source_id: str
    kind: SourceKind
    title: str
    location: str | None
    tags: list[str]
    language: str | None
    status: Literal["pending", "ingesting", "ready", "failed"]
    documents: int = Field(description="That can be found now")
    chunks: int = Field(description="That can be found now")
    created_by: str
    created_at: datetime
    updated_at: datetime
    last_run: KnowledgeRun | None


class KnowledgeDocument(_Answer):
    """A document of a source that can be found now."""

    document_id: str
    url: str | None
    title: str
    language: str | None
    licence: str | None
    attribution: str | None
    chunks: int
    fetched_at: datetime


class KnowledgeChunk(_Answer):
    """A piece of a document, in the order of its text."""

    chunk_id: str
    heading_path: list[str]
    text: str
    tokens: int
    language: str | None


class PassageScores(_Answer):
    """How a passage was ranked; null where a ranking did not see it. The order follows `fused`."""

    fused: float
    vector: float | None = Field(description="Cosine similarity, -1 to 1")
    lexical: float | None = Field(description="BM25, from 0")
    rerank: float | None


class FoundPassage(_Answer):
    """A passage that a search found, with all that a citation needs."""

    chunk_id: str
    source_id: str
    document_title: str
    heading_path: list[str]
    text: str
    url: str | None
    language: str | None
    tags: list[str]
    attribution: str | None
    scores: PassageScores
    highlights: list[tuple[int, int]] = Field(description="Half-open ranges of `text` that match, in characters")


class SearchAnswerability(_Answer):
    """How likely the passages found answer the question, and whether that is enough to rely on them."""

    score: float = Field(ge=0, le=1)
    is_answerable: bool = Field(description="Whether the score is at least 0.5")


class SearchAnswer(_Answer):
    """What a search found, best first."""

    query: str
    answerability: SearchAnswerability
    items: list[FoundPassage]
