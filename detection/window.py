"""What is remembered of one user between batches of events, small enough to load and store with every batch.

A window is the session state in Redis (`core.streams.session_key`). Deliveries repeat and overtake each other, so
everything in it is built to give the same result whichever way events arrive: logs know their events by id and keep
them in order of time, all else keeps the latest value it has seen. Folding an event twice therefore changes nothing.

One consumer owns a user's window while it works on it, so `fold` (and the detectors, which note what they reported)
change it in place: copying it for every batch would cost more than detection itself.

Facts that events may carry in `properties`: `form`, the selector of the form that a `change`, `submit` or
`submit_failed` belongs to (null: to no form at all; absent: unknown, the page counts as one form), and `step`, the
baseline step that an event of the host's own speaks of.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeVar, cast

import orjson

from core.baselines import page_path
from core.events import ACKNOWLEDGEMENTS, EXPLICIT_STUCK, FRUSTRATION, SERVER_EVENTS, AcceptedEvent
from detection.log import Entry, Log, entry_of, scope_of, text_of

FORMAT: Final = 1
"""Version of the encoded form. Raise it when the form changes: windows of another version are built anew."""
RETENTION_MS: Final = 60 * 60 * 1000
"""How long events are kept: the longest span that a rule may have (`core.config`). Page views stay longer, since a
step may take its time."""
MAX_VIEWS: Final = 56
"""Page views kept; `baseline_deviation.steps_off_path` may ask for 50 and the step before them."""
MAX_SIGHTINGS: Final = 24
"""Changes of the tab's visibility kept."""
MAX_TROUBLES: Final = 64
"""Events kept that tell of trouble; rules may ask for 20 of one kind (`core.config`)."""
MAX_RECENT: Final = 20
"""Other events kept; no rule needs them, they tell a repeated event from a new one and what the user did last."""
MAX_FORMS: Final = 16
MAX_MILESTONES: Final = 32
MAX_FIRED: Final = 64
MAX_COUNTERS: Final = 32

_NO_SIGN_OF_LIFE: Final = (frozenset(ACKNOWLEDGEMENTS) | SERVER_EVENTS) - {"nudge_clicked"}
_LOG_OF: Final = {
    "page_view": "views",
    "page_hidden": "sightings",
    "page_visible": "sightings",
    "submit_failed": "troubles",
} | dict.fromkeys(FRUSTRATION | EXPLICIT_STUCK, "troubles")
_SDK_EVENTS: Final = frozenset(_LOG_OF) | {"click", "change", "nudge_clicked"}
_ANY_FORM: Final = "*"

_as_entry: Final = cast("Callable[[list[Any]], Entry]", partial(tuple.__new__, Entry))

ValueT = TypeVar("ValueT")


class Form(NamedTuple):
    """A form: its latest change, and when it was last submitted (0: never)."""

    change: Entry | None
    submitted_ms: int


class Fired(NamedTuple):
    """What a signal was last reported on: its last event, up to which all evidence is used up, and its first id."""

    at_ms: int
    event_id: str
    first_id: str


@dataclass(slots=True)
class Window:
    """One user's session state.

    `active` is the latest sign of life, `page` the latest one that names a page, `session_id` the session of `active`
    (its place in time is `active`'s). `hidden_ms` is when the tab was last hidden. `milestones` holds when each kind
    of event of the host's own last happened, which is how steps are known to be complete. `nudges` caches the number
    of nudges per stuck point; PostgreSQL's rows are the truth.
    """

    session_id: str = ""
    active: Entry | None = None
    page: Entry | None = None
    hidden_ms: int = 0
    views: Log = field(default_factory=Log)
    sightings: Log = field(default_factory=Log)
    troubles: Log = field(default_factory=Log)
    recent: Log = field(default_factory=Log)
    forms: dict[str, Form] = field(default_factory=dict)
    milestones: dict[str, int] = field(default_factory=dict)
    fired: dict[str, Fired] = field(default_factory=dict)
    nudges: dict[str, int] = field(default_factory=dict)

    @property
    def is_hidden(self) -> bool:
        """Whether the tab was hidden and nothing has happened since; any sign of life shows it to be visible."""
        return self.active is None or self.hidden_ms >= self.active.at_ms

    @property
    def last_seen_ms(self) -> int:
        """When the user last gave a sign of life, in Unix milliseconds; 0 before the first."""
        return self.active.at_ms if self.active else 0


def fold(window: Window, events: Iterable[AcceptedEvent]) -> Window:
    """Add events, in any order and as often as they come; returns the window itself, changed in place."""
    for event in events:
        if event.event_type not in _NO_SIGN_OF_LIFE:
            _add(window, event)
    _let_go(window)
    return window


def form_key(entry: Entry) -> str:
    """Return the key of the form that an event belongs to; a page that names no forms counts as one form."""
    return scope_of(entry.page_url, entry.subject)


def open_forms(window: Window, path: str | None = None) -> Iterator[tuple[str, Entry]]:
    """Yield each form (of the page with that path, if given) that was changed and not submitted since.

    Yields the form's key and its latest change.
    """
    for key, form in window.forms.items():
        if form.change is None or (path is not None and page_path(form.change.page_url) != path):
            continue
        anywhere = window.forms.get(scope_of(form.change.page_url, _ANY_FORM))
        submitted_ms = max(form.submitted_ms, anywhere.submitted_ms if anywhere else 0)
        if form.change.at_ms > submitted_ms:
            yield key, form.change


def remember_nudges(window: Window, stuck_point: str, count: int) -> None:
    """Cache how many nudges the user has had on a stuck point, as the rows in PostgreSQL say."""
    window.nudges.pop(stuck_point, None)
    window.nudges[stuck_point] = count
    while len(window.nudges) > MAX_COUNTERS:
        del window.nudges[next(iter(window.nudges))]


def _add(window: Window, event: AcceptedEvent) -> None:
    entry = entry_of(event)
    kind = entry.event_type
    log: Log = getattr(window, _LOG_OF.get(kind, "recent"))
    if not log.insert(entry):
        return
    if kind == "page_hidden":
        window.hidden_ms = max(window.hidden_ms, entry.at_ms)
        return
    if window.active is None or entry > window.active:
        window.active, window.session_id = entry, event.session_id
    if entry.page_url and (window.page is None or entry > window.page):
        window.page = entry
    if kind == "change":
        _change_form(window, entry, event.properties)
    elif kind == "submit":
        _submit_form(window, entry)
        _pass_milestone(window, entry, text_of(event.properties.get("step")))
    elif kind not in _SDK_EVENTS:
        _pass_milestone(window, entry, entry.subject)


def _change_form(window: Window, entry: Entry, properties: dict[str, Any]) -> None:
    if not entry.subject and "form" in properties:
        return
    key = form_key(entry)
    form = window.forms.get(key)
    if form is None:
        window.forms[key] = Form(entry, 0)
    elif form.change is None or entry > form.change:
        window.forms[key] = Form(entry, form.submitted_ms)


def _pass_milestone(window: Window, entry: Entry, step: str) -> None:
    name = f"{entry.event_type} {step}"
    window.milestones[name] = max(window.milestones.get(name, 0), entry.at_ms)


def _submit_form(window: Window, entry: Entry) -> None:
    """A submit that names its form answers for that one; one that does not, for every form of the page."""
    for name in (entry.subject, "") if entry.subject else (_ANY_FORM,):
        key = scope_of(entry.page_url, name)
        form = window.forms.get(key) or Form(None, 0)
        window.forms[key] = Form(form.change, max(form.submitted_ms, entry.at_ms))


def _let_go(window: Window) -> None:
    oldest_ms = window.last_seen_ms - RETENTION_MS
    window.views.trim(MAX_VIEWS, 0)
    window.sightings.trim(MAX_SIGHTINGS, oldest_ms)
    window.troubles.trim(MAX_TROUBLES, oldest_ms)
    window.recent.trim(MAX_RECENT, oldest_ms)
    window.forms = _newest(window.forms, MAX_FORMS, _form_ms)
    window.milestones = _newest(window.milestones, MAX_MILESTONES, int)
    window.fired = _newest(window.fired, MAX_FIRED, attrgetter("at_ms"))


def _form_ms(form: Form) -> int:
    return max(form.submitted_ms, form.change.at_ms if form.change else 0)


def _newest(values: dict[str, ValueT], limit: int, at_ms: Callable[[ValueT], int]) -> dict[str, ValueT]:
    if len(values) <= limit:
        return values
    by_age = sorted(values.items(), key=lambda item: (at_ms(item[1]), item[0]))
    return dict(by_age[-limit:])


def encode_window(window: Window) -> bytes:
    """Encode a window for Redis: a JSON array with the version of the format first."""
    return orjson.dumps(
        (
            FORMAT,
            window.session_id,
            window.active,
            window.page,
            window.hidden_ms,
            [(log.floor_ms, log.entries) for log in (window.views, window.sightings, window.troubles, window.recent)],
            window.forms,
            window.milestones,
            window.fired,
            window.nudges,
        ),
        default=tuple,
    )


def decode_window(blob: bytes) -> Window:
    """Decode a window; raises ValueError for anything but this version's format, so that the window is built anew."""
    fields = orjson.loads(blob)
    if not isinstance(fields, list) or fields[:1] != [FORMAT]:
        raise ValueError("not a window of this version")
    try:
        _, session_id, active, page, hidden_ms, logs, forms, milestones, fired, nudges = fields
        views, sightings, troubles, recent = (_log(*kept) for kept in logs)
        return Window(
            session_id,
            _entry(active),
            _entry(page),
            hidden_ms,
            views,
            sightings,
            troubles,
            recent,
            {key: Form(_entry(change), submitted_ms) for key, (change, submitted_ms) in forms.items()},
            milestones,
            {key: Fired(*values) for key, values in fired.items()},
            nudges,
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError("a damaged window") from error


def _log(floor_ms: int, entries: list[list[Any]]) -> Log:
    """Entries are most of the work of decoding, so they are made in C and only their number of fields is checked."""
    if sum(map(len, entries)) != len(entries) * len(Entry._fields):
        raise ValueError("a damaged log")
    return Log(list(map(_as_entry, entries)), floor_ms)


def _entry(fields: list[Any] | None) -> Entry | None:
    return None if fields is None else Entry(*fields)
