"""Making a call of a company's tool: noted before, counted, bounded in time, noted after; and once, whoever runs it.

The order is what makes a run repeatable. A call that ended in an earlier run of the turn is not made again; one that
was begun and never ended is made again under the same key, by which the tool knows it.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from core.pseudonyms import Pseudonyms
from graph.talk import Talk
from graph.tools.arguments import check
from graph.tools.cleaning import cleaned
from graph.tools.contracts import (
    RATE_LIMITED,
    TIMEOUT,
    TOO_LATE,
    TOOL_FAILED,
    Admission,
    CallLog,
    Ended,
    Entry,
    Invocation,
    Refused,
    RemoteTool,
    ToolFailed,
)
from graph.tools.fitting import fit
from graph.tools.planning import Wish
from graph.tools.results import Shown, Speaks, show

AT_ONCE: Final = 4
"""Calls of one turn that are under way at a time."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RemoteCalls:
    """What the calls of one turn share."""

    log: CallLog
    admission: Admission
    pseudonyms: Pseudonyms
    speaks: Speaks
    slots: asyncio.Semaphore

    async def make(self, talk: Talk, wish: Wish, tool: RemoteTool, deadline: float) -> tuple[Ended, Shown]:
        """Make one call, or find what came of it; `deadline` is by the event loop's clock.

        Raises:
            Unavailable: one of our stores is away; nothing is known to be lost.
        """
        arguments = self.pseudonyms.unmask_values(dict(wish.arguments))
        entry = Entry(wish.call_id, talk, wish.name, self.pseudonyms.mask_values(arguments))
        earlier = await self.log.begin(entry)
        if earlier is not None:
            return earlier, self._show(wish, earlier, tool)
        began = _clock()
        ended = await self._try(talk, wish, tool, arguments, deadline)
        shown = self._show(wish, ended, tool)
        await self.log.end(entry, replace(ended, code=shown.code), shown.text, round((_clock() - began) * 1000))
        return ended, shown

    def _show(self, wish: Wish, ended: Ended, tool: RemoteTool) -> Shown:
        return show(wish.name, ended, tool.definition.max_result_bytes, self.pseudonyms, self.speaks)

    async def _try(
        self, talk: Talk, wish: Wish, tool: RemoteTool, arguments: Mapping[str, Any], deadline: float
    ) -> Ended:
        try:
            check(tool.spec.parameters, arguments)
            if not await self.admission.admit(tool.definition, talk):
                raise Refused(RATE_LIMITED, "this tool was used too often just now; answer without it")
            return await self._call(_invocation(talk, wish, arguments), tool, deadline)
        except Refused as refused:
            return Ended("refused", refused.code, refused.words)
        except ToolFailed as failure:
            _log.warning("a tool failed", extra={"tool": wish.name, "code": failure.code})
            return _bounded(Ended("failed", failure.code, failure.words, failure.said), tool)

    async def _call(self, invocation: Invocation, tool: RemoteTool, deadline: float) -> Ended:
        try:
            async with asyncio.timeout_at(deadline), self.slots, asyncio.timeout(tool.definition.timeout_seconds):
                content = await tool.call(invocation)
        except TimeoutError as error:
            raise ToolFailed(TIMEOUT, TOO_LATE) from error
        except ToolFailed:
            raise
        except Exception as error:  # whatever a tool or its library does, the turn goes on
            _log.warning("a tool failed unexpectedly", extra={"tool": tool.spec.name, "error": type(error).__name__})
            raise ToolFailed(TOOL_FAILED, "the tool failed") from error
        return _bounded(Ended("done", value=content.value, is_cut=content.is_cut), tool)


def _bounded(ended: Ended, tool: RemoteTool) -> Ended:
    """Return what is kept of an end: clean, and no larger than what may be shown."""
    value, was_cut = fit(cleaned(ended.value), tool.definition.max_result_bytes)
    return replace(ended, value=value, is_cut=ended.is_cut or was_cut)


def _invocation(talk: Talk, wish: Wish, arguments: Mapping[str, Any]) -> Invocation:
    turn = talk.turn
    return Invocation(
        key=wish.key,
        call_id=wish.call_id,
        company_id=turn.company_id,
        user_id=turn.user_id,
        conversation_id=turn.conversation_id,
        turn_id=turn.turn_id,
        arguments=arguments,
    )


def _clock() -> float:
    return asyncio.get_running_loop().time()
