"""The runtime of tools of one turn (`graph.talk_context.Tools`): what may be used, and what comes of being used.

Calls of one round run beside each other within one deadline. A refusal, a failure and a result look alike to the
model: a block of data under the name of the tool.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from core.pseudonyms import Pseudonyms
from graph.talk import Talk, ToolCall, ToolResult, ToolSpec
from graph.tools.arguments import check
from graph.tools.contracts import (
    UNKNOWN_TOOL,
    Admission,
    BuiltIn,
    CallLog,
    Done,
    Ended,
    Entry,
    Refused,
    RemoteTool,
    ToolFailed,
)
from graph.tools.offers import is_offered
from graph.tools.planning import Wish, plan
from graph.tools.remote_calls import AT_ONCE, RemoteCalls
from graph.tools.results import Shown, Speaks, show
from graph.tools.searching import numbered, passages_file

ROUND_SECONDS: Final = 30.0
"""Time of all calls of one round together, queueing included; a single tool may take as long (`core.tools`)."""
MAX_SPECS: Final = 64
"""Tools that a model is told of; providers refuse much longer lists."""
BUILT_IN_BYTES: Final = 8192


@dataclass(frozen=True, slots=True)
class _Came:
    """What a call came to, before it is shown."""

    wish: Wish
    ended: Ended
    done: Done = field(default_factory=lambda: Done(None))
    shown: Shown | None = None


class ToolRuntime:
    """Made per turn. `built_in` and `remote` are all there is; what a stage and a user may use is decided here."""

    def __init__(
        self,
        *,
        built_in: Sequence[BuiltIn],
        remote: Sequence[RemoteTool],
        log: CallLog,
        admission: Admission,
        pseudonyms: Pseudonyms,
        speaks: Speaks,
        round_seconds: float = ROUND_SECONDS,
    ) -> None:
        self._built_in = {tool.name: tool for tool in built_in}
        self._remote = {tool.spec.name: tool for tool in remote if tool.spec.name not in self._built_in}
        self._log = log
        self._pseudonyms = pseudonyms
        self._speaks = speaks
        self._round_seconds = round_seconds
        self._calls = RemoteCalls(log, admission, pseudonyms, speaks, asyncio.Semaphore(AT_ONCE))

    def specs(self, talk: Talk) -> Sequence[ToolSpec]:
        """Return the tools that this user may cause to be used at this stage, our own first."""
        return tuple(islice(self._offered(talk), MAX_SPECS))

    def _offered(self, talk: Talk) -> Iterator[ToolSpec]:
        yield from filter(None, (tool.spec(talk) for tool in self._built_in.values()))
        for tool in self._remote.values():
            if is_offered(talk, tool.spec.name, tool.definition):
                yield tool.spec

    async def run(self, talk: Talk, calls: Sequence[ToolCall], round_number: int) -> Sequence[ToolResult]:
        """Run calls and return a result for each, in order.

        Raises:
            Unavailable: one of our stores is away; what was done by then is found by the next run of the turn.
        """
        specs = self.specs(talk)
        deadline = asyncio.get_running_loop().time() + self._round_seconds
        wishes = plan(talk, calls, specs, round_number)
        schemas = {spec.name: spec for spec in specs}
        came = await asyncio.gather(
            *(self._answer(talk, wish, schemas.get(wish.name), deadline) for wish in wishes), return_exceptions=True
        )
        if failed := next((one for one in came if isinstance(one, BaseException)), None):
            raise failed
        return await self._results(talk, [one for one in came if not isinstance(one, BaseException)])

    async def _answer(self, talk: Talk, wish: Wish, spec: ToolSpec | None, deadline: float) -> _Came:
        if wish.refusal is not None or spec is None:
            refusal = wish.refusal or Refused(UNKNOWN_TOOL, "there is no such tool here")
            return _Came(wish, Ended("refused", refusal.code, refusal.words))
        if tool := self._built_in.get(wish.name):
            return await self._answer_built_in(talk, wish, tool, spec)
        ended, shown = await self._calls.make(talk, wish, self._remote[wish.name], deadline)
        return _Came(wish, ended, shown=shown)

    async def _answer_built_in(self, talk: Talk, wish: Wish, tool: BuiltIn, spec: ToolSpec) -> _Came:
        arguments = dict(wish.arguments)
        if tool.needs_real_values:
            arguments = self._pseudonyms.unmask_values(arguments)
        try:
            check(spec.parameters, arguments)
            done = await tool.run(talk, arguments)
        except Refused as refused:
            return _Came(wish, Ended("refused", refused.code, refused.words))
        except ToolFailed as failure:
            return _Came(wish, Ended("failed", failure.code, failure.words))
        return _Came(wish, Ended("done", value=done.value), done)

    async def _results(self, talk: Talk, came: Sequence[_Came]) -> list[ToolResult]:
        """Return the results, passages numbered through the turn; what was not logged yet is logged."""
        numbers = numbered(talk.excerpts, [*talk.results, *(one.done for one in came)])
        results = []
        for one in came:
            shown = one.shown
            if shown is None:
                shown = self._show(one, numbers)
                kept = replace(one.ended, value=None, code=shown.code)
                await self._log.end(self._entry(talk, one.wish), kept, shown.text, 0)
            results.append(_result(one, shown))
        return results

    def _show(self, came: _Came, numbers: Mapping[str, int]) -> Shown:
        """Return what is shown of a tool of ours; passages stand in the talk already, so data only points to them."""
        found = passages_file(came.done.excerpts, numbers)
        ended = replace(came.ended, value=found) if found else came.ended
        shown = show(came.wish.name, ended, BUILT_IN_BYTES, self._pseudonyms, self._speaks)
        if not found:
            return shown
        return replace(shown, data={"tool": came.wish.name, "found_passages": [one["n"] for one in found]})

    def _entry(self, talk: Talk, wish: Wish) -> Entry:
        arguments = self._pseudonyms.unmask_values(dict(wish.arguments))
        return Entry(wish.call_id, talk, wish.name, self._pseudonyms.mask_values(arguments))


def _result(came: _Came, shown: Shown) -> ToolResult:
    done = came.done
    return ToolResult(
        call=came.wish.call,
        status=came.ended.status,
        text=shown.text,
        code=shown.code,
        effects=done.effects,
        excerpts=done.excerpts,
        passages=done.passages,
        # What passages say is held against the passages, and cited.
        figures=() if done.excerpts else shown.figures,
        statements=() if done.excerpts else shown.statements,
        data=shown.data,
    )
