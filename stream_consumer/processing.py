"""What becomes of entries once they are read: handled, acknowledged, put off, tried again, or buried.

Separate from the loop, which only decides when to read. Every path ends in exactly one of: acknowledged, given back,
buried, or (the process stops during an outage) left pending for a claim.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence

from core.redaction import mask
from stream_consumer.entries import DONE, Done, Entry, Failed, Handler, Outcome, Postponed
from stream_consumer.group import ConsumerGroup
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.patience import Interrupted, Patience, is_outage
from stream_consumer.retry import ErrorKind, GiveUp, RetryPolicy, Wait, decide, may_try

log = logging.getLogger(__name__)


class ProcessDied(Exception):
    """Each try of the entry ended with its process, so nobody saw an error."""


class Processor:
    """Takes batches through a handler.

    `let_go(entry)` is told before an entry is given back, `come_back(seconds)` when one will come up again.
    """

    def __init__(
        self,
        group: ConsumerGroup,
        handler: Handler,
        policy: RetryPolicy,
        patience: Patience,
        metrics: ConsumerMetrics,
        *,
        claim_idle_ms: int,
        let_go: Callable[[Entry], None],
        come_back: Callable[[float], None],
    ) -> None:
        self._group = group
        self._handler = handler
        self._policy = policy
        self._patience = patience
        self._metrics = metrics
        self._claim_idle_ms = claim_idle_ms
        self._let_go = let_go
        self._come_back = come_back
        self._suspects = asyncio.Lock()

    async def process(self, entries: Sequence[Entry]) -> None:
        """Process a batch; one that fails as a whole is halved until the entry at fault stands alone."""
        try:
            outcomes = await self._patience.insist(lambda: self._handle(entries))
        except Interrupted:
            raise
        except Exception as error:
            if len(entries) > 1:
                middle = len(entries) // 2
                await self.process(entries[:middle])
                await self.process(entries[middle:])
                return
            outcomes = [Failed(error)]
        await self._settle(entries, outcomes)

    async def process_suspect(self, entry: Entry, *, isolate: bool) -> None:
        """Process an entry whose reader may have died of it: counted before it is tried, and forgiven afterwards."""
        if not isolate:
            await self._try_suspect(entry)
            return
        async with self._suspects:
            await self._try_suspect(entry)

    async def _try_suspect(self, entry: Entry) -> None:
        counted = 0

        async def attempt() -> Outcome:
            nonlocal counted
            counted = counted or await self._group.add_attempt(entry.entry_id)
            if may_try(self._policy, counted - 1) is not None:
                return Failed(ProcessDied())
            try:
                return (await self._handle([entry]))[0]
            except Exception as error:
                if is_outage(error):
                    await self._group.take_attempt_back(entry.entry_id)
                    counted = 0
                    raise
                return Failed(error)

        outcome = await self._patience.insist(attempt)
        if isinstance(outcome, Failed):
            await self._judge(entry, outcome.error, counted)
        elif isinstance(outcome, Postponed):
            await self._patience.insist(lambda: self._group.take_attempt_back(entry.entry_id))
            await self._give_back(entry, outcome.seconds, as_new=True)
        else:
            await self._settle([entry], [DONE])

    async def _handle(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        with self._metrics.seconds.labels(self._group.stream).time():
            return await self._handler.handle(entries)

    async def _settle(self, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        done: list[Entry] = []
        for entry, outcome in zip(entries, outcomes, strict=True):
            if isinstance(outcome, Done):
                done.append(entry)
            elif isinstance(outcome, Postponed):
                await self._give_back(entry, outcome.seconds, as_new=True)
            else:
                await self._fail(entry, outcome.error)
        if done:
            await self._acknowledge(done)

    async def _acknowledge(self, done: Sequence[Entry]) -> None:
        ids = [entry.entry_id for entry in done]
        claimed = [entry.entry_id for entry in done if entry.claimed]
        await self._patience.insist(lambda: self._group.acknowledge(ids, forget=claimed))
        self._metrics.processed.labels(self._group.stream).inc(len(done))

    async def _fail(self, entry: Entry, error: Exception) -> None:
        await self._judge(entry, error, await self._patience.insist(lambda: self._group.add_attempt(entry.entry_id)))

    async def _judge(self, entry: Entry, error: Exception, attempts: int) -> None:
        self._metrics.failed.labels(self._group.stream).inc()
        if isinstance(error, ProcessDied):
            await self._bury(entry, error, may_try(self._policy, attempts) or GiveUp("process_died"), attempts - 1)
            return
        chance = random.random()  # noqa: S311 - spreads load, guards nothing
        match decide(self._policy, attempts, ErrorKind.OWN, 0.0, chance):
            case GiveUp() as verdict:
                await self._bury(entry, error, verdict, attempts)
            case Wait(until=seconds):
                log.warning("entry failed", extra={**_names(entry), "error": _class(error), "attempts": attempts})
                await self._give_back(entry, seconds, as_new=False)

    async def _give_back(self, entry: Entry, seconds: float, *, as_new: bool) -> None:
        idle = self._claim_idle_ms - int(seconds * 1000)
        self._let_go(entry)  # first, or a renewal in between would undo it
        await self._patience.insist(lambda: self._group.give_back(entry.entry_id, idle, as_new=as_new))
        self._come_back(min(seconds, self._claim_idle_ms / 1000))

    async def _bury(self, entry: Entry, error: Exception, verdict: GiveUp, attempts: int) -> None:
        letter: dict[str, str | bytes | int] = {
            "d": entry.payload,
            "reason": verdict.reason,
            "error": _class(error),
            "detail": mask(str(error))[:500],
            "attempts": attempts,
            "first_seen_ms": entry.appended_ms,
            "last_seen_ms": int(time.time() * 1000),
            "original_id": entry.entry_id,
        }
        await self._abandon(entry, verdict.reason)
        buried = await self._patience.insist(lambda: self._group.bury(entry.entry_id, letter))
        if buried is not None:
            self._metrics.dead.labels(self._group.stream).inc()
            log.error("entry set aside", extra={**_names(entry), "reason": verdict.reason, "error": _class(error)})

    async def _abandon(self, entry: Entry, reason: str) -> None:
        try:
            await self._patience.insist(lambda: self._handler.abandon(entry, reason))
        except Interrupted:
            raise
        except Exception:  # an entry that cannot even be noted must not stay for that
            log.exception("an entry that is set aside could not be noted", extra=_names(entry))


def _names(entry: Entry) -> dict[str, str]:
    return {"stream": entry.stream, "entry_id": entry.entry_id.decode()}


def _class(error: Exception) -> str:
    return type(error).__name__
