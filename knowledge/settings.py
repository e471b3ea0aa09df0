"""Settings of the knowledge base: what may be read, how it is cut, and who turns text into vectors."""

import re
from collections.abc import Callable
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from core.addresses import parse_network
from core.settings import Settings
from core.urls import http_address
from knowledge import licences
from knowledge.fetching.allowlist import parse_source

BACKENDS: Final = ("pgvector", "postgres_array", "chroma")
EMBEDDERS: Final = ("minilm", "wordllama", "e5", "openai", "azure", "compatible")


_COMMA: Final = re.compile(r",(?![^{}\[\]()]*[}\])])")


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _known_embedders(value: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in value if name not in EMBEDDERS]
    if unknown or len(set(value)) != len(value):
        raise ValueError(f"expected different names out of {', '.join(EMBEDDERS)}")
    return value


def _every(parse: Callable[[str], object]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Return a validator that holds each entry of a list against its parser."""

    def check(value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            parse(entry)
        return value

    return check


def _split_patterns(value: object) -> object:
    # A comma inside brackets belongs to the pattern: "a{0,3}, b" are two.
    return _split(value) if not isinstance(value, str) else tuple(filter(None, map(str.strip, _COMMA.split(value))))


def _valid_patterns(value: tuple[str, ...]) -> tuple[str, ...]:
    licences.check(value)
    return value


_List = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
_Patterns = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_patterns), AfterValidator(_valid_patterns)]
_HttpUrl = Annotated[str | None, AfterValidator(http_address), BeforeValidator(lambda value: value or None)]


class KnowledgeSettings(Settings):
    """What the knowledge base reads and how it is cut and searched."""

    onboarding_vector_backend: str = Field(
        "pgvector", pattern="^(pgvector|postgres_array|chroma)$", description="pgvector, postgres_array or chroma"
    )
    chroma_path: str | None = Field(None, description="Directory of the chroma backend")
    kb_allowed_sources: Annotated[_List, AfterValidator(_every(parse_source))] = Field(
        (),
        description="Hosts that pages may be fetched from, such as help.example.com,*.example.org,example.net:8443; "
        "without a port 80 and 443 are meant, with :* every one; empty: any host",
    )
    kb_allowed_private_networks: Annotated[_List, AfterValidator(_every(parse_network))] = Field(
        (), description="Private networks that may be fetched from all the same, such as 10.1.0.0/16; empty: none"
    )
    kb_contact: str | None = Field(
        None,
        pattern=r"^[!-~]{3,200}$",
        description="Page or e-mail address that is told to the sites that are read, in the User-Agent",
    )
    kb_rate_limit_delay: float = Field(1.0, ge=0, le=60, description="Seconds between two requests to one host")
    kb_fetch_timeout_seconds: float = Field(20, gt=0, le=120, description="One page, from connection to last byte")
    kb_max_document_bytes: int = Field(20_000_000, ge=1024, le=200_000_000, description="Largest file or page")
    kb_max_pages: int = Field(2000, ge=1, le=100_000, description="Most pages read of one source")
    kb_blocked_license_patterns: _Patterns = Field(
        ("confidential", "do not distribute", "noncommercial", "CC BY-NC"),
        description="A document that says so in its licence notice is refused; regular expressions, case ignored",
    )
    kb_attribution_patterns: _Patterns = Field(
        (r"CC[ -]BY(?:-SA)?[ -]?[\d.]*", r"©[^\n]{0,120}", r"Copyright [^\n]{0,120}", r"Licensed under [^\n]{0,120}"),
        description="What is kept as the attribution of a citation; regular expressions, case ignored",
    )
    knowledge_chunk_size: int = Field(220, ge=32, le=2000, description="Tokens that a chunk aims at")
    knowledge_chunk_overlap: int = Field(30, ge=0, le=500, description="Tokens that a split text repeats")
    kb_max_chunk_tokens: int = Field(400, ge=64, le=4000, description="Most tokens of a chunk; tables and code too")
    kb_top_k: int = Field(5, ge=1, le=50, description="Passages that a search returns")
    kb_search_timeout_seconds: float = Field(
        4.0, gt=0, le=4.5, description="How long the API waits for a search to be answered by the jobs role"
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> "KnowledgeSettings":
        if not self.knowledge_chunk_overlap < self.knowledge_chunk_size <= self.kb_max_chunk_tokens:
            raise ValueError("KNOWLEDGE_CHUNK_OVERLAP < KNOWLEDGE_CHUNK_SIZE <= KB_MAX_CHUNK_TOKENS must hold")
        return self


class EmbeddingSettings(Settings):
    """Who turns text into vectors. Keys and addresses of OpenAI and Azure are those of the LLM."""

    enable_production_embeddings: bool = Field(
        False, description="On: openai before the local model, unless EMBEDDING_PROVIDERS says otherwise"
    )
    embedding_providers: Annotated[_List, AfterValidator(_known_embedders)] = Field(
        (),
        description="minilm, wordllama, e5 (multilingual, an extra), openai, azure, compatible, or a chain of them",
    )
    embedding_model: str = Field("text-embedding-3-small", description="Model at OpenAI, Azure and compatible servers")
    embedding_dimension: int | None = Field(None, ge=8, le=4000, description="Shortened vectors; empty: all of them")
    embedding_previous_space: str | None = Field(
        None, description="model:dimension before a change of EMBEDDING_MODEL; searched until the new one is complete"
    )
    azure_embedding_deployment: str | None = Field(None, description="Deployment; EMBEDDING_MODEL when left out")
    embedding_base_url: _HttpUrl = Field(None, description="Address of the compatible server")
    embedding_api_key: SecretStr | None = Field(None, description="Key of the compatible server, if it wants one")
    embedding_batch: int = Field(64, ge=1, le=2048, description="Texts of one request")
    embedding_timeout_seconds: float = Field(20, gt=0, le=120, description="One attempt of one request")
    embedding_query_timeout_seconds: float = Field(
        3, gt=0, le=60, description="A question of a search with its retries; then the next provider is asked"
    )
    embedding_cache_timeout: int = Field(86_400, ge=0, description="Seconds that a vector is kept for the same text")
    embedding_daily_budget_cents: float = Field(
        1000, ge=0, description="A company's spend per paid provider and day (UTC); told at 80 % and 100 %"
    )


ALL: Final = (KnowledgeSettings, EmbeddingSettings)
