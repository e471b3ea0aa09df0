"""The embedder of one space: what is equal is embedded once, what is known is not embedded again."""

from collections.abc import Mapping, Sequence

from knowledge.embedding.cache import VectorCache, digest_of
from knowledge.embedding.embedder import Space, Vector
from knowledge.embedding.failover import Failover
from knowledge.embedding.metrics import EmbeddingMetrics
from knowledge.embedding.texts import BatchPolicy, batches, clean_text


class SpaceEmbedder:
    """An Embedder over the providers of one space."""

    def __init__(
        self,
        space: Space,
        failover: Failover,
        cache: VectorCache,
        metrics: EmbeddingMetrics,
        policy: BatchPolicy,
        *,
        tells_queries: bool,
    ) -> None:
        self.space = space
        self._failover = failover
        self._cache = cache
        self._metrics = metrics
        self._policy = policy
        self._tells_queries = tells_queries

    async def embed(self, company_id: str, texts: Sequence[str], *, is_query: bool = False) -> list[Vector]:
        """Return one vector per text; see Embedder. What was embedded before a failure is found at the next call."""
        cleaned = [clean_text(text) for text in texts]
        digests = [digest_of(text, is_query=is_query and self._tells_queries) for text in cleaned]
        wanted = dict(zip(digests, cleaned, strict=True))
        found = await self._cache.find(self.space, wanted)
        missing = {digest: text for digest, text in wanted.items() if digest not in found}
        self._count(len(texts) - len(wanted), len(found), len(missing))
        found |= await self._make(company_id, missing, is_query)
        return [found[digest] for digest in digests]

    async def _make(self, company_id: str, missing: Mapping[bytes, str], is_query: bool) -> dict[bytes, Vector]:
        """Embed one batch after the other; each is kept at once, since it may have been paid for."""
        digests, texts = list(missing), list(missing.values())
        made: dict[bytes, Vector] = {}
        for batch in batches(texts, self._policy):
            vectors = await self._failover.ask(company_id, [texts[index] for index in batch], is_query=is_query)
            fresh = {digests[index]: vector for index, vector in zip(batch, vectors, strict=True)}
            await self._cache.keep(self.space, fresh)
            made |= fresh
        return made

    def _count(self, repeated: int, cached: int, missing: int) -> None:
        for source, amount in (("repeated", repeated), ("cache", cached), ("provider", missing)):
            self._metrics.texts.labels(self.space.key, source).inc(amount)
