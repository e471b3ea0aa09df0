"""A visitor's way through the demo's onboarding: six steps, what each accepts, and what was saved. Pure.

The steps are meant to be failed in the ways real ones are: the CRM step wants a key that most people paste wrongly,
and the import answers the first good attempt with an outage.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from local.demo.contacts import Contact, UnreadableContacts, is_email, parse_contacts

STEPS = ("signup", "workspace", "connect-crm", "import-contacts", "invite-team", "report")
MIN_PASSWORD = 8
MAX_INVITES = 3
API_KEY = re.compile(r"crm_(live|test)_[0-9a-f]{24}")
WORKSPACE_NAME = re.compile(r"[a-z][a-z0-9-]{2,29}")

Form = Mapping[str, object]
Saved = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Journey:
    """What one visitor has done so far; `saved` holds, per completed step, the values shown again in its form."""

    user_id: str
    saved: Mapping[str, Saved] = field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()
    import_attempts: int = 0

    @property
    def current(self) -> str | None:
        """The first step that is not done, or None when all are."""
        return next((step for step in STEPS if step not in self.saved), None)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The step is done; `first` tells a completion from a later change of the same step."""

    journey: Journey
    first: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    """The form is wrong: one message per field name."""

    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The step could not be done just now; nothing was saved but the attempt."""

    journey: Journey


@dataclass(frozen=True, slots=True)
class OutOfOrder:
    """An earlier step has to be done first."""

    current: str


Outcome = Accepted | Rejected | Unavailable | OutOfOrder


def submit(journey: Journey, step: str, form: Form) -> Outcome:
    """Try to complete `step` (one of `STEPS`) with `form`; fields that are not text count as empty."""
    done = len(journey.saved)
    if STEPS.index(step) > done:
        return OutOfOrder(STEPS[done])
    if step == "import-contacts":
        return _import(journey, _text(form, "contacts"))
    errors, values = _CHECKS[step](form)
    return Rejected(errors) if errors else _complete(journey, step, values)


def _complete(journey: Journey, step: str, values: Saved) -> Accepted:
    first = step not in journey.saved
    return Accepted(replace(journey, saved={**journey.saved, step: values}), first)


def _import(journey: Journey, text: str) -> Outcome:
    try:
        contacts = parse_contacts(text)
    except UnreadableContacts as problem:
        return Rejected({"contacts": str(problem)})
    tried = replace(journey, contacts=contacts, import_attempts=journey.import_attempts + 1)
    if tried.import_attempts == 1:
        return Unavailable(replace(tried, contacts=()))
    return _complete(tried, "import-contacts", {"contacts": text})


Checked = tuple[dict[str, str], dict[str, str]]


def _check_signup(form: Form) -> Checked:
    values = {"name": _text(form, "name"), "email": _text(form, "email")}
    errors = {}
    if not values["name"]:
        errors["name"] = "Please tell us your name."
    if not is_email(values["email"]):
        errors["email"] = "This does not look like an e-mail address."
    if len(_text(form, "password")) < MIN_PASSWORD:
        errors["password"] = f"Use at least {MIN_PASSWORD} characters."
    return errors, values


def _check_workspace(form: Form) -> Checked:
    values = {"name": _text(form, "name"), "size": _text(form, "size")}
    errors = {}
    if not WORKSPACE_NAME.fullmatch(values["name"]):
        errors["name"] = "Use 3 to 30 small letters, digits or hyphens, beginning with a letter."
    if values["size"] not in ("1-5", "6-20", "21-100", "100+"):
        errors["size"] = "Please choose the size of your team."
    return errors, values


def _check_crm(form: Form) -> Checked:
    key = _text(form, "api_key")
    match = API_KEY.fullmatch(key)
    if not match:
        return {"api_key": "That is not an API key. It looks like crm_live_ and 24 characters."}, {}
    if match[1] == "test":
        return {"api_key": "The CRM refused this key: it is a test key, and it cannot read your live contacts."}, {}
    return {}, {"key_ending": key[-4:]}


def _check_invites(form: Form) -> Checked:
    names = [f"email_{number}" for number in range(1, MAX_INVITES + 1)]
    values = {name: email for name in names if (email := _text(form, name))}
    seen: set[str] = set()
    errors = {}
    for name, email in values.items():
        if not is_email(email):
            errors[name] = "This does not look like an e-mail address."
        elif email.lower() in seen:
            errors[name] = "This address is there twice."
        seen.add(email.lower())
    return errors, values


def _check_report(_form: Form) -> Checked:
    return {}, {}


def _text(form: Form, name: str) -> str:
    value = form.get(name)
    if not isinstance(value, str):
        return ""
    # JSON may smuggle in half a surrogate pair, which could not be sent back.
    return value.strip().encode("utf-8", "replace").decode("utf-8")


_CHECKS: Mapping[str, Callable[[Form], Checked]] = {
    "signup": _check_signup,
    "workspace": _check_workspace,
    "connect-crm": _check_crm,
    "invite-team": _check_invites,
    "report": _check_report,
}
