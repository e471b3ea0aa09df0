"""How synthetic users behave in the demo product, so that a fresh installation has life in it. Pure.

A persona is a script: a sequence of actions with the pause before each. The pauses are drawn from a random generator
that the caller seeds, so one seed always gives the same users doing the same things.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue

Script = Iterator["Action"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a user does, `pause` seconds after the one before, on the page at `path`."""

    pause: float
    event_type: str
    path: str
    element: str | None = None
    properties: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the demo's path: the fields its form has, and how long they take (seconds, at an even pace)."""

    key: str
    fields: tuple[str, ...]
    seconds: float

    @property
    def path(self) -> str:
        """Where the step's page is."""
        return f"/{self.key}"

    @property
    def form(self) -> str:
        """Selector of the step's form."""
        return f"#{self.key}-form"

    @property
    def button(self) -> str:
        """Selector of the button that sends the form."""
        return f"#{self.key}-submit"


SIGNUP = Step("signup", ("#signup-name", "#signup-email", "#signup-password"), 26)
WORKSPACE = Step("workspace", ("#workspace-name", "#workspace-size"), 20)
CONNECT_CRM = Step("connect-crm", ("#crm-api-key",), 35)
IMPORT_CONTACTS = Step("import-contacts", ("#contacts-text",), 38)
INVITE_TEAM = Step("invite-team", ("#invite-email-1", "#invite-email-2"), 22)
FORMS: Final = (SIGNUP, WORKSPACE, CONNECT_CRM, IMPORT_CONTACTS, INVITE_TEAM)
TEST_CONNECTION: Final = "#test-connection"


def smooth(rng: random.Random) -> Script:
    """Goes straight to the report."""
    yield from _steps(rng, FORMS)
    yield from _report()


def slow(rng: random.Random) -> Script:
    """Arrives, but takes several times as long as most over every step."""
    yield from _steps(rng, FORMS, slowness=rng.uniform(4, 6))
    yield from _report()


def validation_loop(rng: random.Random) -> Script:
    """Pastes wrong keys into the CRM step again and again; half of them give up there."""
    yield from _steps(rng, (SIGNUP, WORKSPACE))
    yield from _arrive(CONNECT_CRM)
    for _ in range(rng.randint(3, 5)):
        yield Action(rng.uniform(6, 15), "change", CONNECT_CRM.path, "#crm-api-key", {"form": CONNECT_CRM.form})
        yield Action(rng.uniform(1, 3), "click", CONNECT_CRM.path, CONNECT_CRM.button)
        yield Action(0.05, "submit_failed", CONNECT_CRM.path, CONNECT_CRM.form, {"form": CONNECT_CRM.form})
    yield from _perhaps_go_on(rng, CONNECT_CRM)


def rage_clicker(rng: random.Random) -> Script:
    """Hammers on the button that tests the connection, then leaves or goes on."""
    yield from _steps(rng, (SIGNUP, WORKSPACE))
    yield from _arrive(CONNECT_CRM)
    clicks = rng.randint(3, 6)
    for number in range(clicks):
        pause = rng.uniform(8, 20) if number == 0 else rng.uniform(0.15, 0.4)
        yield Action(pause, "click", CONNECT_CRM.path, TEST_CONNECTION, {"text": "Test connection"})
    yield Action(0.1, "rage_click", CONNECT_CRM.path, TEST_CONNECTION, {"clicks": clicks})
    yield from _perhaps_go_on(rng, CONNECT_CRM)


def dead_clicker(rng: random.Random) -> Script:
    """Presses the button that does nothing, waits, and presses it once more."""
    yield from _steps(rng, (SIGNUP, WORKSPACE))
    yield from _arrive(CONNECT_CRM)
    for _ in range(2):
        yield Action(rng.uniform(5, 12), "click", CONNECT_CRM.path, TEST_CONNECTION, {"text": "Test connection"})
        yield Action(2.5, "dead_click", CONNECT_CRM.path, TEST_CONNECTION)
    yield from _perhaps_go_on(rng, CONNECT_CRM)


def page_looper(rng: random.Random) -> Script:
    """Goes back and forth between the workspace and the CRM step."""
    yield from _steps(rng, (SIGNUP, WORKSPACE))
    for step in (CONNECT_CRM, WORKSPACE, CONNECT_CRM, WORKSPACE, CONNECT_CRM):
        yield Action(rng.uniform(4, 9), "page_view", step.path)
    yield from _perhaps_go_on(rng, CONNECT_CRM)


def form_abandoner(rng: random.Random) -> Script:
    """Fills the import form in part, and leaves it without sending."""
    yield from _steps(rng, (SIGNUP, WORKSPACE, CONNECT_CRM))
    yield from _arrive(IMPORT_CONTACTS)
    yield Action(rng.uniform(10, 25), "change", IMPORT_CONTACTS.path, "#contacts-text", {"form": IMPORT_CONTACTS.form})
    yield Action(rng.uniform(5, 20), "page_view", "/")
    yield Action(rng.uniform(2, 6), "page_hidden", "/")


def help_seeker(rng: random.Random) -> Script:
    """Opens the help of the CRM step and of the import, and arrives."""
    yield from _steps(rng, (SIGNUP, WORKSPACE))
    yield Action(1, "page_view", CONNECT_CRM.path)
    yield Action(rng.uniform(10, 20), "help_click", CONNECT_CRM.path, "#crm-help-link")
    yield from _fill_and_send(rng, CONNECT_CRM)
    yield Action(1, "page_view", IMPORT_CONTACTS.path)
    yield Action(rng.uniform(10, 20), "help_click", IMPORT_CONTACTS.path)
    yield from _fill_and_send(rng, IMPORT_CONTACTS)
    yield from _steps(rng, (INVITE_TEAM,))
    yield from _report()


def drop_out(rng: random.Random) -> Script:
    """Does a few steps, looks at the next one, and is gone."""
    done = rng.randint(0, len(FORMS) - 1)
    yield from _steps(rng, FORMS[:done])
    yield from _arrive(FORMS[done])
    yield Action(rng.uniform(5, 30), "page_hidden", FORMS[done].path)


PERSONAS: Final[Mapping[str, Callable[[random.Random], Script]]] = {
    persona.__name__: persona
    for persona in (
        smooth,
        slow,
        validation_loop,
        rage_clicker,
        dead_clicker,
        page_looper,
        form_abandoner,
        help_seeker,
        drop_out,
    )
}

# Of twenty users so many behave in each way: most succeed, and every way of being stuck occurs.
DECK: Final = (
    *["smooth"] * 7,
    *["validation_loop"] * 3,
    *["slow", "form_abandoner", "drop_out"] * 2,
    *["rage_clicker", "dead_clicker", "page_looper", "help_seeker"],
)


def deal(count: int, rng: random.Random) -> list[str]:
    """Names of the personas of `count` users: whole shuffled decks, so that shares hold from twenty users on."""
    cards: list[str] = []
    while len(cards) < count:
        cards += rng.sample(DECK, len(DECK))
    return cards[:count]


def _steps(rng: random.Random, steps: tuple[Step, ...], slowness: float = 1) -> Script:
    for step in steps:
        yield from _arrive(step)
        yield from _fill_and_send(rng, step, slowness)


def _arrive(step: Step) -> Script:
    yield Action(1, "page_view", step.path)


def _fill_and_send(rng: random.Random, step: Step, slowness: float = 1) -> Script:
    share = step.seconds * slowness / (len(step.fields) + 1)
    for selector in step.fields:
        yield Action(share * rng.uniform(0.6, 1.3), "change", step.path, selector, {"form": step.form})
    yield Action(share * rng.uniform(0.6, 1.3), "click", step.path, step.button)
    yield Action(0.02, "submit", step.path, step.form, {"form": step.form})
    yield Action(0.3, "step_completed", step.path, None, {"step": step.key})


def _perhaps_go_on(rng: random.Random, step: Step) -> Script:
    if rng.random() < 0.5:
        yield Action(rng.uniform(10, 40), "page_hidden", step.path)
        return
    yield from _fill_and_send(rng, step)
    yield from _steps(rng, FORMS[FORMS.index(step) + 1 :])
    yield from _report()


def _report() -> Script:
    yield Action(0.5, "page_view", "/report")
    yield Action(0.4, "step_completed", "/report", None, {"step": "report"})
    yield Action(0.01, "onboarding_completed", "/report")
