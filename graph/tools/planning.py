"""What is to be done about the calls of a round: which are made, with what arguments, and why others are not. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.ids import derive_id
from graph.talk import Talk, ToolCall, ToolResult, ToolSpec
from graph.tools.arguments import parse
from graph.tools.cleaning import clean
from graph.tools.contracts import REPEATED_CALL, TOO_MANY_CALLS, UNKNOWN_TOOL, Refused
from graph.tools.fitting import cut

MAX_NAME: Final = 64
ONCE_A_TURN: Final = frozenset({"create_ticket", "request_human"})
"""A user is not handed over twice by one answer."""
ONCE_A_ROUND: Final = frozenset({"advance_stage"})
"""The model reads the rules of a stage before it moves on from it."""
_SHOWN_GARBAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """A call as it was understood. `arguments` are as the model wrote them, masked; `refusal` says why it is not made.

    `call_id` is the same whenever this turn runs again; `key` is the same for equal calls of any round.
    """

    call: ToolCall
    name: str
    arguments: Mapping[str, Any]
    call_id: str
    key: str
    refusal: Refused | None = None


def plan(talk: Talk, calls: Sequence[ToolCall], specs: Sequence[ToolSpec], round_number: int) -> list[Wish]:
    """Return a wish for each call, in order."""
    wishes: list[Wish] = []
    for place, call in enumerate(calls):
        wishes.append(_wish(talk, call, {spec.name: spec for spec in specs}, wishes, f"{round_number}.{place}"))
    return wishes


def _wish(talk: Talk, call: ToolCall, specs: Mapping[str, ToolSpec], earlier: Sequence[Wish], place: str) -> Wish:
    name = cut(clean(call.name), MAX_NAME)
    arguments, refusal = _read(call.arguments)
    said = _canonical(arguments)
    if name not in specs:
        refusal = Refused(UNKNOWN_TOOL, f"there is no such tool here; there are: {', '.join(specs) or 'none'}")
    key = _key(talk, name, said)
    refusal = _excess(talk, earlier) or refusal or _repetition(talk, name, key, earlier)
    call_id = derive_id("tool_call", talk.turn.turn_id, place, name, said)
    return Wish(call, name, arguments, call_id, key, refusal)


def _read(text: str) -> tuple[dict[str, Any], Refused | None]:
    try:
        return parse(text), None
    except Refused as refused:
        return {"unread": clean(text[:_SHOWN_GARBAGE])}, refused


def _excess(talk: Talk, earlier: Sequence[Wish]) -> Refused | None:
    limit = talk.playbook.limits.tool_calls_per_turn
    if len(talk.results) + len(earlier) < limit:
        return None
    return Refused(TOO_MANY_CALLS, "no more calls for this answer; answer with what you have")


def _repetition(talk: Talk, name: str, key: str, earlier: Sequence[Wish]) -> Refused | None:
    made = [wish for wish in earlier if wish.refusal is None]
    done = [result for result in talk.results if result.status == "done"]
    if key in {wish.key for wish in made} or key in set(_keys(talk, done)):
        return Refused(REPEATED_CALL, "this very call was made before in this turn; use its result")
    if name in ONCE_A_ROUND | ONCE_A_TURN and name in {wish.name for wish in made}:
        return Refused(REPEATED_CALL, f"{name} is called once at a time")
    if name in ONCE_A_TURN and name in {result.call.name for result in done}:
        return Refused(REPEATED_CALL, f"{name} was called for this answer already")
    return None


def _keys(talk: Talk, results: Sequence[ToolResult]) -> Iterator[str]:
    for result in results:
        arguments, _ = _read(result.call.arguments)
        yield _key(talk, result.call.name, _canonical(arguments))


def _key(talk: Talk, name: str, said: str) -> str:
    return derive_id("tool_key", talk.turn.turn_id, name, said)


def _canonical(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True, ensure_ascii=False)
