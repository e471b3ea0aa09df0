"""Nudges, baselines, configuration and stream entries: what is accepted, refused and kept in order."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core import streams
from core.baselines import Baseline, BaselineStep, page_path
from core.config import CompanyConfig
from core.events import AcceptedEvent, from_ms, to_ms
from core.nudges import NudgeAction, NudgeContent, NudgeStatus, NudgeType, advance_status, complete_nudge

STATUSES = list(NudgeStatus)


@given(st.lists(st.sampled_from(STATUSES)), st.randoms())
def test_reports_in_any_order_lead_to_the_same_status(reports: list[NudgeStatus], random: object) -> None:
    def outcome(order: list[NudgeStatus]) -> NudgeStatus:
        status = NudgeStatus.PENDING
        for report in order:
            status = advance_status(status, report)
        return status

    shuffled = reports[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert outcome(shuffled) == outcome(reports) == outcome(reports * 2)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"]
)
def test_a_link_that_could_run_code_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        NudgeAction(label="Go", kind="link", url=url)


@pytest.mark.parametrize("url", ["https://a.example/x", "/settings", "mailto:a@b.example", "?tab=2", None])
def test_a_plain_link_is_accepted(url: str | None) -> None:
    assert NudgeAction(label="Go", kind="link", url=url).url == url


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl"), ("he-IL", "rtl"), ("pt-BR", "ltr")])
def test_a_nudge_knows_its_writing_direction(language: str, direction: str) -> None:
    content = NudgeContent(nudge_type=NudgeType.CHAT, title="t", body="b", language=language)
    nudge = complete_nudge(content, "n1", "connect-crm", datetime(2026, 11, 22, tzinfo=UTC))
    assert (nudge.dir, nudge.nudge_id, nudge.stuck_point, nudge.body) == (direction, "n1", "connect-crm", "b")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://app.example/connect-crm/?a=1#x", "/connect-crm"),
        ("https://app.example", "/"),
        ("https://app.example/#/import/", "/#/import"),
        ("/relative/", "/relative"),
        ("http://[broken", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_the_path_of_a_page(url: str | None, path: str) -> None:
    assert page_path(url) == path


def step(key: str, pattern: str) -> BaselineStep:
    return BaselineStep(key=key, title=key, url_pattern=pattern)


def test_a_page_belongs_to_the_first_step_that_fits() -> None:
    baseline = Baseline(name="b", steps=(step("new", "/projects/new"), step("project", "/projects/*")))
    found = [baseline.step_of(url) for url in ("https://x/projects/new", "https://x/projects/7/a", "https://x/other")]
    assert [each.key if each else None for each in found] == ["new", "project", None]
    assert baseline.step("project") == baseline.steps[1]
    assert baseline.step("nowhere") is None


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/connect-crm", "/connect-crm"),
        ("/connect-crm/", "/connect-crm"),
        ("https://app.example/connect-crm", "/connect-crm"),
        ("https://app.example/projects/*/import/", "/projects/*/import"),
        ("https://app.example/#/import", "/#/import"),
        ("https://app.example", "/"),
        ("/", "/"),
        ("*", "*"),
    ],
)
def test_the_pattern_of_a_step_is_kept_as_pages_are_named(pattern: str, path: str) -> None:
    assert step("a", pattern).url_pattern == path


def test_a_step_without_a_title_is_called_by_its_key() -> None:
    assert BaselineStep.model_validate({"key": "crm", "url_pattern": "/crm"}).title == "crm"
    with pytest.raises(ValidationError):
        BaselineStep.model_validate({"url_pattern": "/crm"})


def test_step_keys_are_unique() -> None:
    with pytest.raises(ValidationError, match="unique"):
        Baseline(name="b", steps=(step("a", "/1"), step("a", "/2")))


@pytest.mark.parametrize(
    "document",
    [
        {"confidence_threshold": 1.5},
        {"restraint": {"max_per_day": -1}},
        {"restraint": {"quiet_hours": {"start": "22:00", "end": "07:00", "time_zone": "Mars/Olympus"}}},
        {"allowed_origins": ["app.example"]},
        {"allowed_origins": ["https://app.example/path"]},
        {"unknown": 1},
        {"escalation": {"webhook_url": "ftp://x"}},
    ],
)
def test_a_wrong_configuration_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CompanyConfig.model_validate(document)


def test_an_empty_configuration_is_the_defaults() -> None:
    config = CompanyConfig.model_validate({})
    assert (config.confidence_threshold, config.restraint.max_per_day, config.restraint.min_gap_seconds) == (0.6, 5, 60)
    assert config.escalation.after_nudges == 3
    assert CompanyConfig.model_validate_json(config.model_dump_json()) == config


EVENT = AcceptedEvent("c", "e1", "u", "s", "click", "#a", None, 1_700_000_000_123, 2, 3, {"n": [1, "ü"]}, "t")


def test_an_event_survives_the_stream() -> None:
    assert streams.decode_event(streams.encode_event(EVENT)) == EVENT
    assert to_ms(EVENT.occurred_at) == EVENT.occurred_ms
    assert EVENT.corrected_at == from_ms(2)


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"[2,1,1,1,1,1,1,1,1,1,1,1,1]", b"[1,2]", b"\xff"])
def test_a_foreign_entry_is_told_apart(payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind is the contract, the text is not
        streams.decode_event(payload)
    with pytest.raises(ValueError):  # noqa: PT011
        streams.decode_turn(payload)


@pytest.mark.parametrize("payload", [b"[]", b'["a","b",1]', b'{"a":1}', b"x"])
def test_a_foreign_notification_is_told_apart(payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        streams.decode_notification(payload)


def test_a_notification_survives_the_stream() -> None:
    assert streams.decode_notification(streams.encode_notification("c", "n", "t")) == ("c", "n", "t")


def test_a_user_keeps_to_one_shard_and_users_spread() -> None:
    assert streams.shard_names("s", 1) == ["s"]
    assert streams.shard_of("s", 1, "c", "u") == "s"
    names = streams.shard_names("s", 4)
    used = {streams.shard_of("s", 4, "c", f"u{n}") for n in range(200)}
    assert used == set(names)
    assert streams.shard_of("s", 4, "c", "u1") == streams.shard_of("s", 4, "c", "u1")


def test_keys_of_a_user_share_a_slot() -> None:
    keys = [
        make("c", "u") for make in (streams.session_key, streams.connections_key, streams.frames_key, streams.lock_key)
    ]
    assert len(set(keys)) == 4
    assert all("{c:u}" in key for key in keys)
