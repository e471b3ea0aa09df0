"""The session protocol by tables: what is sent, held, dropped, and answered."""

import json
import random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.frames import CancelHuman, CloseCode, Feedback, RequestHuman, SendMessage, Stop
from core.outbox import Frame
from ws_gateway.session import (
    BURST,
    FLOOD,
    FRAMES_PER_SECOND,
    HELD_FRAMES,
    CatchUp,
    Confirm,
    Converse,
    Hangup,
    Report,
    Send,
    Session,
)

NUDGE = "11111111-1111-5111-8111-111111111111"


def session(known: int = 0) -> Session:
    subject = Session("c1", "company", "u1")
    subject.start(known)
    return subject


def live(known: int = 0) -> Session:
    subject = session(known)
    subject.seek()
    assert subject.catch_up([], known) == []
    return subject


def frame(seq: int) -> Frame:
    return Frame(seq, b"f%d" % seq)


@pytest.mark.parametrize(
    ("known", "missed", "until", "sent", "then"),
    [
        pytest.param(0, [], 0, [], 0, id="nothing missed"),
        pytest.param(4, [5, 6], 6, [b"f5", b"f6"], 6, id="some missed"),
        pytest.param(4, [4, 5], 5, [b"f5"], 5, id="the client has one already"),
        pytest.param(4, [6, 5], 6, [b"f5", b"f6"], 6, id="put in order"),
        pytest.param(0, [5], 9, [b"f5"], 9, id="the rest need not be told"),
    ],
)
def test_catching_up(known: int, missed: list[int], until: int, sent: list[bytes], then: int) -> None:
    subject = session(known)
    assert subject.catching_up
    assert subject.seek() == known
    assert subject.catch_up([frame(seq) for seq in missed], until) == sent
    assert not subject.catching_up
    assert subject.last_seq == then


def test_a_frame_heard_of_during_the_reading_asks_for_another() -> None:
    subject = session(4)
    subject.seek()
    assert subject.deliver(frame(7), 5) is None
    assert subject.catch_up([frame(5)], 5) == [b"f5"]
    assert subject.catching_up
    assert subject.seek() == 5
    assert subject.catch_up([frame(7)], 7) == [b"f7"]
    assert not subject.catching_up


def test_a_frame_heard_of_before_the_reading_and_not_found_is_waited_for_no_longer() -> None:
    subject = session(4)
    subject.deliver(frame(7), 4)
    subject.seek()
    assert subject.catch_up([], 4) == []
    assert not subject.catching_up
    assert subject.deliver(frame(8), 7) == Send(b"f8")


def test_a_passing_frame_that_arrives_while_catching_up_comes_after_what_was_missed() -> None:
    subject = session(1)
    subject.seek()
    assert subject.deliver(Frame(0, b"typing"), 0) is None
    assert subject.catch_up([frame(2)], 2) == [b"f2", b"typing"]


def test_passing_frames_are_held_within_a_bound() -> None:
    subject = session()
    for number in range(HELD_FRAMES + 5):
        subject.deliver(Frame(0, b"%d" % number), 0)
    subject.seek()
    assert subject.catch_up([], 0) == [b"%d" % number for number in range(HELD_FRAMES)]


def test_durable_frames_are_sent_once_and_passing_ones_always() -> None:
    subject = live()
    sent = [subject.deliver(frame(seq), previous) for seq, previous in ((1, 0), (1, 0), (3, 1), (2, 1))]
    assert sent == [Send(b"f1"), None, Send(b"f3"), None]
    assert [subject.deliver(Frame(0, b"p"), 0) for _ in range(2)] == [Send(b"p")] * 2


def test_a_frame_that_does_not_follow_the_last_one_makes_the_session_catch_up() -> None:
    subject = live(4)
    assert subject.deliver(frame(9), 7) == CatchUp()
    assert subject.deliver(frame(10), 9) is None
    assert subject.seek() == 4
    assert subject.catch_up([frame(7), frame(9), frame(10)], 10) == [b"f7", b"f9", b"f10"]
    assert subject.deliver(frame(11), 10) == Send(b"f11")


def test_suspicion_makes_a_session_catch_up_once() -> None:
    subject = live(4)
    assert [subject.suspect(), subject.suspect()] == [True, False]
    assert subject.deliver(frame(5), 4) is None
    subject.seek()
    assert subject.catch_up([frame(5)], 5) == [b"f5"]


@given(
    st.integers(1, 12).flatmap(
        lambda size: st.tuples(
            st.just(size), st.permutations(range(1, size + 1)), st.sets(st.integers(1, size)), st.randoms()
        )
    )
)
def test_whatever_is_lost_or_overtaken_each_frame_is_told_once_and_in_order(
    story: tuple[int, list[int], set[int], random.Random],
) -> None:
    """Frames 1…size are stored in order; deliveries come in any order, some never; the outbox is read at any time."""
    size, order, lost, chance = story
    subject, told, stored = live(), [], 0
    for seq in order:
        stored = max(stored, seq)
        if seq in lost:
            continue
        match subject.deliver(frame(seq), seq - 1):
            case Send(data):
                told.append(data)
        while subject.catching_up and chance.random() < 0.7:
            reading, until = subject.seek(), stored
            told += subject.catch_up([frame(each) for each in range(reading + 1, until + 1)], until)
    subject.suspect()
    while subject.catching_up:
        reading = subject.seek()
        told += subject.catch_up([frame(each) for each in range(reading + 1, size + 1)], size)
    assert told == [b"f%d" % seq for seq in range(1, size + 1)]


@pytest.mark.parametrize("status", ["shown", "clicked", "dismissed", "snoozed"])
def test_an_acknowledgement_is_reported(status: str) -> None:
    effect = session().receive(f'{{"type": "nudge.ack", "nudge_id": "{NUDGE}", "status": "{status}"}}', now=0)
    assert isinstance(effect, Report)
    assert (effect.ack.nudge_id, effect.ack.status) == (NUDGE, status)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="broken json"),
        pytest.param("[]", id="not an object"),
        pytest.param('{"type": "launch"}', id="unknown type"),
        pytest.param(f'{{"type": "nudge.ack", "nudge_id": "{NUDGE}", "status": "sent"}}', id="a status only we report"),
        pytest.param('{"type": "nudge.ack", "nudge_id": "", "status": "shown"}', id="empty id"),
        pytest.param('{"type": "nudge.ack", "nudge_id": "n1", "status": "shown"}', id="no nudge's id"),
        pytest.param(f'{{"type": "nudge.ack", "nudge_id": "{NUDGE}\\n", "status": "shown"}}', id="id and a line end"),
        pytest.param('{"type": "nudge.ack", "nudge_id": 7, "status": "shown"}', id="wrong type"),
        pytest.param(b'{"type": "ping"}', id="binary"),
        pytest.param('{"type": "ping\\ud800"}', id="lone surrogate"),
    ],
)
def test_a_bad_frame_is_answered_and_the_connection_stays(message: str | bytes) -> None:
    effect = session().receive(message, now=0)
    assert isinstance(effect, Send)
    assert orjson.loads(effect.data)["code"] == "invalid_frame"


def test_ping_is_confirmed() -> None:
    assert session().receive('{"type":"ping"}', now=0) == Confirm()


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        pytest.param('{"type":"send_message","client_message_id":"m","text":"Hi"}', SendMessage, id="a first message"),
        pytest.param(
            '{"type":"send_message","client_message_id":"m","text":"\\ud800"}', SendMessage, id="half a letter"
        ),
        pytest.param('{"type":"feedback","message_id":"m","rating":"up"}', Feedback, id="thumbs"),
        pytest.param('{"type":"stop","conversation_id":"c"}', Stop, id="stop"),
        pytest.param('{"type":"request_human","conversation_id":"c"}', RequestHuman, id="a person"),
        pytest.param('{"type":"cancel_human","conversation_id":"c"}', CancelHuman, id="no person any more"),
    ],
)
def test_what_concerns_conversations_is_passed_on(message: str, kind: type) -> None:
    effect = session().receive(message, now=0)
    assert isinstance(effect, Converse)
    assert isinstance(effect.frame, kind)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param({"text": 7}, id="no text"),
        pytest.param({"text": "Hi", "conversation_id": "c" * 65}, id="no conversation's id"),
        pytest.param({"text": "Hi", "playbook": ""}, id="no playbook's name"),
    ],
)
def test_a_message_that_cannot_be_taken_is_named_in_the_answer(frame: dict[str, object]) -> None:
    effect = session().receive(json.dumps({"type": "send_message", "client_message_id": "m1", **frame}), now=0)
    assert isinstance(effect, Send)
    reply = orjson.loads(effect.data)
    assert (reply["code"], reply["client_message_id"]) == ("invalid_frame", "m1")


@pytest.mark.parametrize("named", ["", "m" * 65, 7, None, ["m"], "m\n1"])
def test_an_id_that_is_none_is_not_repeated(named: object) -> None:
    effect = session().receive(json.dumps({"type": "send_message", "client_message_id": named, "text": 7}), now=0)
    assert isinstance(effect, Send)
    assert "client_message_id" not in orjson.loads(effect.data)


def test_messages_beyond_the_burst_are_refused_by_name_before_the_line_ends() -> None:
    subject = session()
    effects = [
        subject.receive(f'{{"type":"send_message","client_message_id":"{n}","text":"x"}}', 1.0) for n in range(500)
    ]
    assert [type(effect) for effect in effects[:BURST]] == [Converse] * BURST
    refused = [orjson.loads(effect.data) for effect in effects[BURST:FLOOD] if isinstance(effect, Send)]
    assert [(reply["code"], reply["client_message_id"]) for reply in refused] == [
        ("too_many_messages", str(number)) for number in range(BURST, FLOOD)
    ]
    assert effects[FLOOD:] == [Hangup(CloseCode.TOO_MANY)] * (500 - FLOOD)
    assert subject.receive('{"type":"ping"}', 1.0) == Confirm()


def test_a_flood_is_hung_up_on_and_patience_comes_back_with_time() -> None:
    subject, ping = session(), '{"type":"ping"}'
    for _ in range(BURST):
        assert isinstance(subject.receive(ping, now=1.0), Confirm)
    assert subject.receive(ping, now=1.0) == Hangup(CloseCode.TOO_MANY)
    later = 1.0 + 2.5 / FRAMES_PER_SECOND
    assert [type(subject.receive(ping, now=later)) for _ in range(3)] == [Confirm, Confirm, Hangup]
