"""Identifiers: fresh ones sort by time, derived ones repeat, so that doing a step twice makes one row.

Fresh ids are UUIDv7 (RFC 9562). Derived ids are UUIDv5 over a namespace of ours: the same facts give the same id on
every machine and in every retry, which is what makes at-least-once delivery safe.
"""

import os
import re
import time
import uuid
from collections.abc import Iterable

NAMESPACE = uuid.UUID("6f1d2d0e-0f0b-5d8e-9c57-0c9a3c1c7b11")
ANONYMOUS_PREFIX = "anon_"
"""How the user ids begin that we give to anonymous visitors."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id(now_ms: int | None = None) -> str:
    """Return a fresh UUIDv7 as text; `now_ms` (Unix milliseconds) is taken from the clock when not given."""
    stamp = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    bits = (stamp & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(os.urandom(10), "big")
    bits = bits & ~(0xF << 76) | 0x7 << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=bits))


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID as we write them, so that PostgreSQL takes it for one."""
    return _UUID.fullmatch(text) is not None


def derive_id(kind: str, *parts: str) -> str:
    """Return the UUIDv5 of `kind` and `parts`; parts are length-prefixed, so ("a", "bc") and ("ab", "c") differ."""
    return str(uuid.uuid5(NAMESPACE, _canonical((kind, *parts))))


def _canonical(parts: Iterable[str]) -> str:
    return "".join(f"{len(part)}:{part}" for part in parts)


def turn_id(company_id: str, user_id: str, signal: str, stuck_point: str, first_evidence_id: str) -> str:
    """Id of the behaviour turn that one signal at one place, first proven by one event, gives rise to."""
    return derive_id("turn", company_id, user_id, signal, stuck_point, first_evidence_id)


def nudge_id(turn: str) -> str:
    """Id of the one nudge that a turn may produce."""
    return derive_id("nudge", turn)


def escalation_id(turn: str) -> str:
    """Id of the one escalation that a turn may produce."""
    return derive_id("escalation", turn)


def notification_id(subject_id: str, event: str, channel: str) -> str:
    """Id of the notification about one subject (an escalation, a budget day, …) through one channel."""
    return derive_id("notification", subject_id, event, channel)


def interaction_id(turn: str, node: str, prompt_version: str, attempt: int = 0) -> str:
    """Request id of an LLM call; a re-run of the turn derives the same id and finds the answer already paid for."""
    return derive_id("interaction", turn, node, prompt_version, str(attempt))


def ack_event_id(nudge: str, status: str) -> str:
    """Id of the event that records that a nudge reached `status`; many tabs and retries make one event."""
    return derive_id("ack", nudge, status)
