"""Asks the providers of one space in turn. One that fails again and again is left alone for a while."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from core.breaker import Breaker
from core.errors import ProviderFailed
from knowledge.embedding.embedder import BUDGET_EXHAUSTED, REJECTED, UNAVAILABLE, EmbeddingUnavailable, Vector
from knowledge.embedding.metrics import EmbeddingMetrics
from knowledge.embedding.provider import Answer, Garbled, Provider, Rejected
from knowledge.embedding.spend import Reservation
from knowledge.embedding.wallet import Wallet, seconds_to_midnight

log = logging.getLogger(__name__)

_BY_HOPE: Final = (UNAVAILABLE, BUDGET_EXHAUSTED, REJECTED)


def of_all(failures: Sequence[EmbeddingUnavailable]) -> EmbeddingUnavailable:
    """Return what the failures of all providers come to: the one that ends soonest by itself; there is at least one."""
    code = min((failure.code for failure in failures), key=_BY_HOPE.index)
    waits = [failure.retry_after for failure in failures if failure.code == code and failure.retry_after is not None]
    detail = "; ".join(failure.detail for failure in failures)
    return EmbeddingUnavailable(code, detail, retry_after=min(waits, default=None))


class Failover:
    """The providers of one space, in the order in which they are preferred."""

    def __init__(
        self,
        providers: Sequence[Provider],
        wallet: Wallet,
        metrics: EmbeddingMetrics,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._providers = tuple(providers)
        self._breakers = {provider.name: Breaker() for provider in providers}
        self._wallet = wallet
        self._metrics = metrics
        self._clock = clock

    async def ask(self, company_id: str, texts: Sequence[str], *, is_query: bool) -> tuple[Vector, ...]:
        """Return a vector per text from the first provider that answers; raises EmbeddingUnavailable when none does."""
        failures = []
        for provider in self._providers:
            try:
                return (await self._ask(provider, company_id, texts, is_query)).vectors
            except EmbeddingUnavailable as failure:
                failures.append(failure)
        raise of_all(failures)

    async def _ask(self, provider: Provider, company_id: str, texts: Sequence[str], is_query: bool) -> Answer:
        breaker, now = self._breakers[provider.name], self._clock()
        if not breaker.allows(now):
            wait = breaker.open_until - now
            raise EmbeddingUnavailable(UNAVAILABLE, f"{provider.name} failed and is left alone", retry_after=wait)
        reservation = await self._reserve(provider, company_id, texts)
        try:
            with self._metrics.seconds.labels(provider.name).time():
                answer = await provider.answer(texts, is_query=is_query)
        except ProviderFailed as error:
            await self._note_failure(provider, error, reservation, texts)
            raise _meaning(error) from error
        self._breakers[provider.name] = Breaker()
        self._metrics.requests.labels(provider.name, "answered").inc()
        if reservation is not None:
            await self._wallet.settle(reservation, texts, answer)
        return answer

    async def _reserve(self, provider: Provider, company_id: str, texts: Sequence[str]) -> Reservation | None:
        if not provider.pays:
            return None
        reservation = await self._wallet.reserve(company_id, provider.name, provider.space.model, texts)
        if reservation is None:
            self._metrics.requests.labels(provider.name, "budget").inc()
            raise EmbeddingUnavailable(
                BUDGET_EXHAUSTED,
                f"today's embedding budget for {provider.name} is spent",
                retry_after=seconds_to_midnight(self._wallet.now()),
            )
        return reservation

    async def _note_failure(
        self, provider: Provider, error: ProviderFailed, reservation: Reservation | None, texts: Sequence[str]
    ) -> None:
        log.warning("embedding failed", extra={"provider": provider.name, "error": error.detail})
        self._metrics.requests.labels(provider.name, error.code).inc()
        if not isinstance(error, Rejected):
            breaker = self._breakers[provider.name]
            self._breakers[provider.name] = breaker.after_failure(self._clock(), error.retry_after)
        if reservation is not None:
            await self._wallet.give_up(reservation, texts, was_paid=isinstance(error, Garbled))


def _meaning(error: ProviderFailed) -> EmbeddingUnavailable:
    code = REJECTED if isinstance(error, Rejected) else UNAVAILABLE
    return EmbeddingUnavailable(code, error.detail, retry_after=error.retry_after)
