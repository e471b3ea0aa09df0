"""The events role: store a batch, fold it into the users' windows, notice who is stuck, and publish turns for them.

Every step may be repeated (DESIGN: "Why each step is safe to repeat"): rows are keyed by event id, windows know their
events, turn ids derive from the evidence. So a batch that dies anywhere is simply handled again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from core.events import AcceptedEvent, to_ms
from core.turns import Signal
from db import events as event_rows
from db import nudges, users
from db.pool import Database
from detection.signals import detect, next_deadline
from detection.window import Window, fold, remember_nudges
from stream_consumer.batch import UserKey, by_user, decode, merges, reports, seen
from stream_consumer.candidates import Candidate, TurnMaker
from stream_consumer.companies import Companies, Company
from stream_consumer.entries import DONE, Entry, Outcome
from stream_consumer.windows import Versioned, WindowStore

REBUILT_FROM: Final = 300
"""Latest events of a user from which a lost window is made anew."""

Events = Mapping[UserKey, Sequence[AcceptedEvent]]


@dataclass(frozen=True, slots=True)
class Folded:
    """A user's window with the batch in it, at the version it was read, and what was noticed."""

    version: bytes
    window: Window
    candidates: list[Candidate]


class EventsHandler:
    """Handles batches of `events_stream`."""

    def __init__(
        self,
        db: Database,
        windows: WindowStore,
        companies: Companies,
        turns: TurnMaker,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._windows = windows
        self._companies = companies
        self._turns = turns
        self._now = now

    async def handle(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Store and fold the batch; entries that hold no event fail alone."""
        decoded = decode(entries)
        if decoded.events:
            users_events = by_user(decoded.events)
            await self._store(decoded.events, users_events)
            await self._notice(users_events)
        return [decoded.failures.get(place, DONE) for place in range(len(entries))]

    async def abandon(self, entry: Entry, reason: str) -> None:
        """The dead letter says it all; there is no row to mark."""

    async def _store(self, events: Sequence[AcceptedEvent], users_events: Events) -> None:
        """Write everything that the batch says into PostgreSQL, in one transaction."""
        async with self._db.transaction(*{user.company_id for user in users_events}) as connection:
            await event_rows.insert(connection, events)
            await users.touch(connection, seen(users_events))
            await nudges.report(connection, reports(events))
            for merge in merges(events):
                await users.merge(connection, *merge, self._now())

    async def _notice(self, users_events: Events) -> None:
        """Fold and detect until every user's window is stored; whoever loses against another consumer folds again."""
        companies = await self._companies.get({user.company_id for user in users_events})
        left: Sequence[UserKey] = list(users_events)
        while left:
            now = self._now()
            windows = await self._windows.load(left)
            past = await self._past_of([user for user in left if windows[user].window is None], users_events)
            folded = {
                user: _fold(user, windows[user], past, users_events[user], companies[user.company_id], now)
                for user in left
            }
            await self._publish(folded, now)
            lost = await self._windows.store(
                {user: (result.version, result.window) for user, result in folded.items()}, to_ms(now)
            )
            await self._windows.set_deadlines(_deadlines(folded, companies, lost))
            left = lost

    async def _past_of(self, missing: Sequence[UserKey], users_events: Events) -> dict[UserKey, list[AcceptedEvent]]:
        """Return the stored events of users whose window is gone, without those of this batch."""
        if not missing:
            return {}
        async with self._db.transaction(*{user.company_id for user in missing}) as connection:
            recent = await event_rows.recent_for_users(connection, missing, REBUILT_FROM)
        past: dict[UserKey, list[AcceptedEvent]] = {}
        for user in missing:
            fresh = {event.event_id for event in users_events[user]}
            past[user] = [event for event in recent.get(user, ()) if event.event_id not in fresh]
        return past

    async def _publish(self, folded: Mapping[UserKey, Folded], now: datetime) -> None:
        candidates = [candidate for result in folded.values() for candidate in result.candidates]
        if not candidates:
            return
        for user, counts in (await self._turns.make(candidates, now)).items():
            for stuck_point, count in counts.items():
                remember_nudges(folded[user].window, stuck_point, count)


def _fold(
    user: UserKey,
    stored: Versioned,
    past: Mapping[UserKey, Sequence[AcceptedEvent]],
    events: Sequence[AcceptedEvent],
    company: Company,
    now: datetime,
) -> Folded:
    # Where the window is gone, nothing tells which of the stored events were dealt with: a process may have died
    # between storing and detecting. So all of them count as new, and a signal that was noticed before comes to the
    # turn that is there already.
    told = events if stored.window else [*past.get(user, ()), *events]
    window = fold(stored.window or Window(), told)
    signals = detect(window, told, company.config.detection, company.baseline, to_ms(now))
    return Folded(stored.version, window, [_candidate(user, told, signal, company) for signal in signals])


def _candidate(user: UserKey, events: Sequence[AcceptedEvent], signal: Signal, company: Company) -> Candidate:
    """The last event of the evidence completed the signal: its session and trace lead on into the turn."""
    last = signal.evidence[-1].event_id
    cause = next((event for event in events if event.event_id == last), events[-1])
    return Candidate(user, cause.session_id, cause.trace_id, signal, company)


def _deadlines(
    folded: Mapping[UserKey, Folded], companies: Mapping[str, Company], lost: Sequence[UserKey]
) -> dict[UserKey, int]:
    deadlines = {}
    for user in folded.keys() - set(lost):
        company = companies[user.company_id]
        at_ms = next_deadline(folded[user].window, company.config.detection, company.baseline)
        if at_ms is not None:
            deadlines[user] = at_ms
    return deadlines
