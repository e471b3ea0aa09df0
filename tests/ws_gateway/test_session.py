"""The session protocol by tables: what is sent, held, dropped, and answered."""

import orjson
import pytest

from core.frames import CloseCode
from core.outbox import Frame
from ws_gateway.session import BURST, FRAMES_PER_SECOND, Hangup, Reply, Report, Session


def session() -> Session:
    return Session("c1", "company", "u1", now=0.0)


def frame(seq: int) -> Frame:
    return Frame(seq, b"f%d" % seq)


@pytest.mark.parametrize(
    ("known", "missed", "meanwhile", "sent"),
    [
        pytest.param(0, [], [], [], id="nothing missed"),
        pytest.param(4, [5, 6], [], [b"f5", b"f6"], id="missed only"),
        pytest.param(4, [], [5], [b"f5"], id="arrived meanwhile only"),
        pytest.param(4, [5, 6], [6, 7], [b"f5", b"f6", b"f7"], id="overlap comes once"),
        pytest.param(6, [], [5, 6], [], id="the client has them already"),
        pytest.param(4, [6, 5], [], [b"f5", b"f6"], id="put in order"),
    ],
)
def test_catching_up(known: int, missed: list[int], meanwhile: list[int], sent: list[bytes]) -> None:
    subject = session()
    assert subject.catching_up
    for seq in meanwhile:
        assert subject.deliver(frame(seq)) is None
    assert subject.catch_up(known, [frame(seq) for seq in missed]) == sent
    assert not subject.catching_up


def test_a_passing_frame_that_arrives_while_catching_up_comes_after_what_was_missed() -> None:
    subject = session()
    subject.deliver(Frame(0, b"typing"))
    assert subject.catch_up(1, [frame(2)]) == [b"f2", b"typing"]


def test_durable_frames_are_sent_once_and_passing_ones_always() -> None:
    subject = session()
    subject.catch_up(0, [])
    assert [subject.deliver(frame(seq)) for seq in (1, 1, 3, 2)] == [b"f1", None, b"f3", None]
    assert [subject.deliver(Frame(0, b"p")) for _ in range(2)] == [b"p", b"p"]


@pytest.mark.parametrize("status", ["shown", "clicked", "dismissed", "snoozed"])
def test_an_acknowledgement_is_reported(status: str) -> None:
    effect = session().receive(orjson.dumps({"type": "nudge.ack", "nudge_id": "n1", "status": status}), now=0)
    assert isinstance(effect, Report)
    assert (effect.ack.nudge_id, effect.ack.status) == ("n1", status)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="broken json"),
        pytest.param(b"[]", id="not an object"),
        pytest.param(b'{"type": "launch"}', id="unknown type"),
        pytest.param(b'{"type": "nudge.ack", "nudge_id": "n1", "status": "sent"}', id="a status only we may report"),
        pytest.param(b'{"type": "nudge.ack", "nudge_id": "", "status": "shown"}', id="empty id"),
        pytest.param(b'{"type": "nudge.ack", "nudge_id": 7, "status": "shown"}', id="wrong type"),
        pytest.param(b"\xff\xfe", id="not utf-8"),
        pytest.param('{"type": "ping\ud800"}'.encode("utf-8", "surrogatepass"), id="lone surrogate"),
    ],
)
def test_a_bad_frame_is_answered_and_the_connection_stays(text: bytes) -> None:
    effect = session().receive(text, now=0)
    assert isinstance(effect, Reply)
    assert orjson.loads(effect.data)["code"] == "invalid_frame"


def test_ping_is_answered() -> None:
    assert session().receive(b'{"type":"ping"}', now=0) == Reply(b'{"type":"pong"}')


def test_conversation_frames_are_refused_by_name_while_there_are_none() -> None:
    effect = session().receive(b'{"type":"request_human","conversation_id":"c"}', now=0)
    assert isinstance(effect, Reply)
    assert orjson.loads(effect.data)["code"] == "conversations_unavailable"


def test_a_flood_is_hung_up_on_and_patience_comes_back_with_time() -> None:
    subject, ping = session(), b'{"type":"ping"}'
    for _ in range(int(BURST)):
        assert isinstance(subject.receive(ping, now=1.0), Reply)
    assert subject.receive(ping, now=1.0) == Hangup(CloseCode.TOO_MANY)
    later = 1.0 + 2.5 / FRAMES_PER_SECOND
    assert [type(subject.receive(ping, now=later)) for _ in range(3)] == [Reply, Reply, Hangup]
