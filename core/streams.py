"""Names of everything in Redis, and the codec of what the streams carry.

One place, so that a process that writes and one that reads cannot disagree. Braces are hash tags: all keys of a user
share a slot in Redis Cluster.
"""

from dataclasses import dataclass
from typing import Final
from zlib import crc32

import orjson

from core.conversations import ConversationTurn
from core.events import AcceptedEvent
from core.turns import Turn

GROUP: Final = "workers"
"""Consumer group of every stream; a stream has one kind of reader."""
FIELD: Final = b"d"
"""The one field of every entry: the encoded payload."""

EVENTS: Final = "events_stream"
TURNS: Final = "turns_stream"
CONVERSATIONS: Final = "conversation_turns_stream"
"""Turns that a person waits for have a stream, and so slots, of their own: they do not queue behind nudges."""
NOTIFICATIONS: Final = "notifications_stream"
JOBS: Final = "jobs_stream"
SEARCHES: Final = "searches_stream"

_EVENT_FORMAT: Final = 1


def shard_names(stream: str, shards: int) -> list[str]:
    """Return the keys of a stream: its plain name when there is one shard, `name:{n}` when there are several."""
    return [stream] if shards == 1 else [f"{stream}:{{{n}}}" for n in range(shards)]


def shard_of(stream: str, shards: int, company_id: str, user_id: str) -> str:
    """Return the key that one user's entries go to; always the same one, so that their order is kept."""
    if shards == 1:
        return stream
    return f"{stream}:{{{shard_number(shards, company_id, user_id)}}}"


def dead_letters(stream: str) -> str:
    """Key of the stream that keeps entries given up on, with their reason."""
    return f"{stream}:dead"


def attempts_key(stream: str) -> str:
    """Key of the hash that counts how often an entry failed by its own fault (field: entry id)."""
    return f"{stream}:attempts"


def shard_number(shards: int, company_id: str, user_id: str) -> int:
    """Return which of `shards` one user belongs to."""
    return crc32(f"{company_id}:{user_id}".encode()) % shards


def session_key(company_id: str, user_id: str) -> str:
    """Key of a user's window and session state (hash: `v` version, `d` encoded window)."""
    return f"session:{{{company_id}:{user_id}}}"


def connections_key(company_id: str, user_id: str) -> str:
    """Key of the sockets that a user has open (hash: connection id → `gateway|expires_ms`)."""
    return f"ws_connections:{{{company_id}:{user_id}}}"


def frames_key(company_id: str, user_id: str) -> str:
    """Key of a user's outbox: a stream of durable frames whose entry ids are `{seq}-0`."""
    return f"frames:{{{company_id}:{user_id}}}"


def frame_index_key(company_id: str, user_id: str) -> str:
    """Key of the numbers of a user's frames by the keys they were published under (hash)."""
    return f"frame_index:{{{company_id}:{user_id}}}"


def acks_key(company_id: str, user_id: str) -> str:
    """Key of what a user's pages reported of nudges (hash: `nudge_id:status` → ms of the first report)."""
    return f"acks:{{{company_id}:{user_id}}}"


def lock_key(company_id: str, user_id: str) -> str:
    """Key of the lock that lets one turn of a user run at a time."""
    return f"lock:{{{company_id}:{user_id}}}"


def conversation_lock_key(company_id: str, user_id: str) -> str:
    """Key of the lock that lets one conversation turn of a user run at a time, beside a behaviour turn."""
    return f"conversation_lock:{{{company_id}:{user_id}}}"


def stop_key(company_id: str, user_id: str) -> str:
    """Key that holds the id of the turn whose answer the user stopped, so that no later one is meant; for a minute."""
    return f"stop:{{{company_id}:{user_id}}}"


STOP_SECONDS: Final = 60
"""How long a wish to stop stands; longer than an answer takes to notice it."""


def turn_ended_key(turn_id: str) -> str:
    """Key of a list that gets one element when a conversation turn has ended, for whoever waits for it."""
    return f"turn_ended:{turn_id}"


def deliveries_key(gateway_id: str) -> str:
    """Key of the stream that carries frames to one gateway."""
    return f"deliveries:{gateway_id}"


def notification_lock_key(notification_id: str) -> str:
    """Key of the lock that lets one process at a time deliver a notification."""
    return f"notification_lock:{notification_id}"


def notification_hold_key(notification_id: str) -> str:
    """Key that stands while a notification waits for its next attempt."""
    return f"notification_hold:{notification_id}"


def sweep_key(name: str) -> str:
    """Key that stands while a sweep of that name was done recently by anybody."""
    return f"sweep:{name}"


def idle_deadlines_key(shard: int) -> str:
    """Key of a sorted set of `company:user` members by the millisecond at which they count as inactive."""
    return f"idle_deadlines:{{{shard}}}"


def idle_leases_key(shard: int) -> str:
    """Key of a sorted set of the members that a sweeper is looking at, by the millisecond at which its lease ends."""
    return f"idle_leases:{{{shard}}}"


EPOCH_KEY: Final = "frames_epoch"
"""Key of a random value made when Redis is first used; a new one tells clients that sequence numbers began anew."""


def encode_event(event: AcceptedEvent) -> bytes:
    """Encode an event for `events_stream`, as a JSON array: positions cost less than names at 10,000 a second."""
    return encode_event_fields(
        event.company_id,
        event.event_id,
        event.user_id,
        event.session_id,
        event.event_type,
        event.target_element,
        event.page_url,
        event.occurred_ms,
        event.corrected_ms,
        event.received_ms,
        event.properties,
        event.trace_id,
    )


def encode_event_fields(*fields: object) -> bytes:
    """Encode the fields of an AcceptedEvent, in its order, without making one: the API does this for every event.

    Raises:
        TypeError: a value that JSON cannot hold, such as an integer beyond 64 bits (orjson.JSONEncodeError).
    """
    return orjson.dumps((_EVENT_FORMAT, *fields))


def decode_event(payload: bytes) -> AcceptedEvent:
    """Decode an entry of `events_stream`; raises ValueError for anything that we did not write."""
    fields = orjson.loads(payload)
    if not isinstance(fields, list) or len(fields) != 13 or fields[0] != _EVENT_FORMAT:
        raise ValueError("not an event entry")
    return AcceptedEvent(*fields[1:])


def encode_turn(turn: Turn) -> bytes:
    """Encode a turn for `turns_stream`."""
    return turn.model_dump_json().encode()


def decode_turn(payload: bytes) -> Turn:
    """Decode an entry of `turns_stream`; raises pydantic.ValidationError (a ValueError) for anything else."""
    return Turn.model_validate_json(payload)


def encode_conversation_turn(turn: ConversationTurn) -> bytes:
    """Encode a turn for `conversation_turns_stream`."""
    return turn.model_dump_json().encode()


def decode_conversation_turn(payload: bytes) -> ConversationTurn:
    """Decode an entry of `conversation_turns_stream`; raises pydantic.ValidationError (a ValueError) for others."""
    return ConversationTurn.model_validate_json(payload)


def encode_notification(company_id: str, notification_id: str, trace_id: str) -> bytes:
    """Encode an entry of `notifications_stream`: only a pointer, the row in PostgreSQL holds the content."""
    return orjson.dumps((company_id, notification_id, trace_id))


def decode_notification(payload: bytes) -> tuple[str, str, str]:
    """Decode an entry of `notifications_stream` into company id, notification id and trace id."""
    fields = orjson.loads(payload)
    if not isinstance(fields, list) or len(fields) != 3 or not all(isinstance(field, str) for field in fields):
        raise ValueError("not a notification entry")
    return fields[0], fields[1], fields[2]


@dataclass(frozen=True, slots=True)
class IngestJob:
    """An entry of `jobs_stream`: only a pointer, the run's row in PostgreSQL holds the rest."""

    company_id: str
    run_id: str
    trace_id: str


def encode_job(job: IngestJob) -> bytes:
    """Encode an entry of `jobs_stream`."""
    return orjson.dumps(
        {"kind": "ingest", "company_id": job.company_id, "run_id": job.run_id, "trace_id": job.trace_id}
    )


def decode_job(payload: bytes) -> IngestJob:
    """Decode an entry of `jobs_stream`; raises ValueError for anything that we did not write."""
    fields = orjson.loads(payload)
    if not isinstance(fields, dict) or fields.pop("kind", None) != "ingest":
        raise ValueError("not a job entry")
    if set(fields) != {"company_id", "run_id", "trace_id"} or not all(isinstance(v, str) for v in fields.values()):
        raise ValueError("not a job entry")
    return IngestJob(**fields)
