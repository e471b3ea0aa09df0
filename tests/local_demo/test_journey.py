from collections.abc import Mapping
from typing import Any

import pytest

from local.demo.journey import STEPS, Accepted, Journey, OutOfOrder, Rejected, Unavailable, submit

LIVE_KEY = "crm_live_" + "0123456789abcdef01234567"
GOOD: Mapping[str, dict[str, Any]] = {
    "signup": {"name": "Ada", "email": "ada@team.example", "password": "long enough"},
    "workspace": {"name": "acme-sales", "size": "6-20"},
    "connect-crm": {"api_key": LIVE_KEY},
    "import-contacts": {"contacts": "name,email\nBo,bo@one.example"},
    "invite-team": {"email_1": "cleo@team.example"},
    "report": {},
}


def at(step: str) -> Journey:
    """A journey on which everything before `step` is done."""
    return Journey("u1", saved={done: {} for done in STEPS[: STEPS.index(step)]})


@pytest.mark.parametrize("step", [step for step in STEPS if step != "import-contacts"])
def test_a_good_form_completes_its_step_once(step: str) -> None:
    outcome = submit(at(step), step, GOOD[step])
    assert isinstance(outcome, Accepted)
    assert outcome.first
    assert step in outcome.journey.saved
    again = submit(outcome.journey, step, GOOD[step])
    assert isinstance(again, Accepted)
    assert not again.first


def test_the_whole_path_ends_with_nothing_left() -> None:
    journey = Journey("u1")
    for step in STEPS:
        assert journey.current == step
        outcome = submit(journey, step, GOOD[step])
        if isinstance(outcome, Unavailable):
            outcome = submit(outcome.journey, step, GOOD[step])
        assert isinstance(outcome, Accepted)
        journey = outcome.journey
    assert journey.current is None


def test_the_first_good_import_fails_and_the_second_succeeds() -> None:
    bad = submit(at("import-contacts"), "import-contacts", {"contacts": "nonsense"})
    assert isinstance(bad, Rejected)
    first = submit(at("import-contacts"), "import-contacts", GOOD["import-contacts"])
    assert isinstance(first, Unavailable)
    assert first.journey.contacts == ()
    assert first.journey.current == "import-contacts"
    second = submit(first.journey, "import-contacts", GOOD["import-contacts"])
    assert isinstance(second, Accepted)
    assert len(second.journey.contacts) == 1


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_step_waits_for_those_before_it(step: str) -> None:
    assert submit(Journey("u1"), step, GOOD[step]) == OutOfOrder("signup")


@pytest.mark.parametrize(
    ("step", "change", "field"),
    [
        ("signup", {"name": "  "}, "name"),
        ("signup", {"email": "nobody"}, "email"),
        ("signup", {"password": "short"}, "password"),
        ("signup", {"password": None}, "password"),
        ("signup", {"name": ["Ada"]}, "name"),
        ("workspace", {"name": "Acme"}, "name"),
        ("workspace", {"name": "1acme"}, "name"),
        ("workspace", {"name": "ab"}, "name"),
        ("workspace", {"size": ""}, "size"),
        ("workspace", {"size": 6}, "size"),
        ("connect-crm", {"api_key": ""}, "api_key"),
        ("connect-crm", {"api_key": LIVE_KEY[:-1]}, "api_key"),
        ("connect-crm", {"api_key": LIVE_KEY.upper()}, "api_key"),
        ("connect-crm", {"api_key": LIVE_KEY.replace("live", "test")}, "api_key"),
        ("import-contacts", {"contacts": "name\nBo"}, "contacts"),
        ("invite-team", {"email_1": "cleo"}, "email_1"),
        ("invite-team", {"email_3": "CLEO@team.example"}, "email_3"),
    ],
)
def test_a_bad_field_is_named(step: str, change: dict[str, Any], field: str) -> None:
    outcome = submit(at(step), step, {**GOOD[step], **change})
    assert isinstance(outcome, Rejected)
    assert list(outcome.errors) == [field]
    assert outcome.errors[field].endswith(".")


def test_inviting_nobody_is_fine() -> None:
    assert isinstance(submit(at("invite-team"), "invite-team", {}), Accepted)


def test_a_test_key_is_refused_in_other_words_than_nonsense() -> None:
    nonsense = submit(at("connect-crm"), "connect-crm", {"api_key": "x"})
    test_key = submit(at("connect-crm"), "connect-crm", {"api_key": LIVE_KEY.replace("live", "test")})
    assert isinstance(nonsense, Rejected)
    assert isinstance(test_key, Rejected)
    assert "test key" in test_key.errors["api_key"]
    assert "test key" not in nonsense.errors["api_key"]


def test_secrets_are_not_kept() -> None:
    account = submit(at("signup"), "signup", GOOD["signup"])
    crm = submit(at("connect-crm"), "connect-crm", GOOD["connect-crm"])
    assert isinstance(account, Accepted)
    assert isinstance(crm, Accepted)
    assert "long enough" not in repr(account.journey)
    assert LIVE_KEY not in repr(crm.journey)
