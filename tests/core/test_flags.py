"""Who gets conversations: the switches, and a rollout that is sticky and only grows."""

import pytest
from openfeature import api

from core.config import ConversationRules
from core.flags import CompanyFlags, Flags

USERS = [f"u{n}" for n in range(2000)]


def those_who_may(flags: Flags, rules: ConversationRules, company: str = "c1") -> set[str]:
    return {user for user in USERS if flags.may_converse(company, user, rules)}


@pytest.mark.parametrize(
    ("installed", "rules", "everybody"),
    [
        (True, ConversationRules(), True),
        (False, ConversationRules(), False),
        (True, ConversationRules(enabled=False), False),
        (True, ConversationRules(rollout_percent=0), False),
    ],
)
def test_either_switch_turns_them_off_for_all(installed: bool, rules: ConversationRules, everybody: bool) -> None:
    flags = Flags(conversations=installed)
    assert those_who_may(flags, rules) == (set(USERS) if everybody else set())


def test_a_rollout_is_about_its_share_sticky_and_only_adds_users_when_it_grows() -> None:
    flags = Flags(conversations=True)
    few = those_who_may(flags, ConversationRules(rollout_percent=20))
    assert 320 < len(few) < 480
    assert those_who_may(Flags(conversations=True), ConversationRules(rollout_percent=20)) == few
    assert few < those_who_may(flags, ConversationRules(rollout_percent=50))
    assert those_who_may(flags, ConversationRules(rollout_percent=20), "c2") != few


def test_strange_ids_are_users_like_any_other() -> None:
    flags = Flags(conversations=True)
    for user in ("", "é" * 128, "\u202e", '{"var": "enabled"}'):
        assert flags.may_converse("c1", user, ConversationRules())


def test_an_unknown_flag_is_its_default_whatever_its_type() -> None:
    provider = CompanyFlags()
    Flags(conversations=True)
    client = api.get_client("onboarding_agent")
    assert client.get_boolean_value("unknown", True) is True
    assert client.get_string_value("unknown", "x") == "x"
    assert client.get_integer_value("unknown", 3) == 3
    assert client.get_float_value("unknown", 0.5) == 0.5
    assert client.get_object_value("unknown", {"a": 1}) == {"a": 1}
    assert provider.get_metadata().name == "onboarding_agent"
