"""Latency of an answer's first sentence, from the piece by which a model finishes it to the page's socket, beside a
bare hop of the same frame.

Writer and page are this process. The ways alternate sentence by sentence, on one Redis that syncs every write.

    bare  XADD → a process that blocks in XREAD and sends what it reads to its one socket (`bench.nudge_hop`)
    ours  the sink that a reasoner writes to: the answer is cut into sentences, the sentence looked at by the guards,
          held against four passages, given its source, unmasked, and passed on to the gateway that holds the user →
          `onboarding-agent gateway` → socket

Each sentence is the first of an answer of its own, and nobody has read it or its passage before; what is made ready
while a model thinks or writes (the grounds of the round, a check ahead of the sentence's end) is made before the clock
starts. The pieces of an end are those of a model's tokens: " [", "1", "]." where it cites, ".", " Test" where it does
not (Qwen2.5's tokenizer). A third provider sends the whole sentence, cited, as one piece, so that nothing of it can be
looked at ahead. Prints for each of the three a JSON line for the median, and one for the 99th percentile of each round.
"""

import asyncio
import itertools
import re
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection

from bench.nudge_hop import FRAMES, PAUSE_SECONDS, ROUNDS, STREAM, join, leave, report, run_beside_bare
from core.config import CompanyConfig
from core.conversations import Channel, ConversationState, ConversationTurn, HandledBy, Role, answer_id
from core.frames import delta_frame
from core.ids import new_id
from core.passages import Passage, Scores
from core.playbooks import shipped
from core.pseudonyms import Pseudonyms
from core.redis import connect as connect_redis
from core.security import issue_user_token
from graph.conversing.checking import grounds_for
from graph.conversing.guarding import guard_for
from graph.conversing.streaming import AnswerStream
from graph.excerpts import Excerpt
from graph.talk import Said, Talk
from stream_consumer.conversation_stores import PageDelivery
from stream_consumer.knowledge_store import Claims
from stream_consumer.metrics import ConsumerMetrics

TEXTS = (
    "To connect your CRM, copy the live key from the developer page of your CRM. A live key begins with crm_live_ and "
    "has 32 characters. Test keys are refused when you connect your CRM, so check the first letters of the key.",
    "The first import brings over contacts and deals within 20 minutes. E-mails are not imported. You can follow the "
    "progress of an import on the page of imports, and start it again there when it was interrupted.",
    "Invite your team from the settings. Each member gets an e-mail with a link that is valid for 7 days. A member who "
    "did not get the e-mail can be invited again; the link in the first one stops working then.",
    "Reports are made every night. A report shows deals by stage, by owner and by month. You may add a filter, save "
    "it, and send a report as a PDF to up to 10 addresses once a week.",
)
SENTENCE = "A live key begins with crm_live_ and has {number} characters"
WHOLE = "whole_sentence_hop"
ENDS = {"sentence_hop": (" [", "1", "]."), "plain_sentence_hop": (".", " Test"), WHOLE: (" [1].",)}
"""The last pieces of a sentence, by the figure that they make; the last of all is the one that finishes it."""
Send = Callable[[], Awaitable[object]]


def a_talk(founded: Any, now: datetime) -> Talk:
    """Return a talk of usual size, as it stands when a model is asked."""
    turn = ConversationTurn(
        turn_id=new_id(), company_id=founded.company_id, user_id="u1", conversation_id=new_id(), created_at=now,
        trace_id="bench",
    )  # fmt: skip
    playbook = shipped()["support"]
    earlier = tuple(Said(Role.USER, f"How do I set up part {number}?", number, now) for number in range(1, 11))
    return Talk(
        turn=turn, config=CompanyConfig(), playbook=playbook.playbook, playbook_version=playbook.version,
        state=ConversationState.IN_PROGRESS, handled_by=HandledBy.AGENT, stage=playbook.playbook.first_stage,
        language="en", channel=Channel.PAGE, customer_name=None, is_anonymous=False, context={}, messages=earlier,
        asked=(Said(Role.USER, "How long is a live key?", 11, now),), now=now,
        excerpts=tuple(Excerpt(f"chunk-{number}", "Help", text) for number, text in enumerate(TEXTS)),
    )  # fmt: skip


def the_passages(number: int) -> tuple[Passage, ...]:
    """Return what a search found; its first passage is a new one for each number."""
    texts = (TEXTS[0].replace("32", str(number)), *TEXTS[1:])
    return tuple(
        Passage(f"chunk-{place}", "source", "Help", (), text, Scores(0.8), url=f"https://help.example/{place}")
        for place, text in enumerate(texts)
    )


def pieces_of(name: str, sentence: str) -> list[str]:
    """Return the pieces in which a provider sends a sentence."""
    pieces = [*re.findall(r"\s?\S+", sentence), *ENDS[name]]
    return ["".join(pieces)] if name == WHOLE else pieces


def our_sentence(founded: Any, delivery: PageDelivery, name: str) -> Callable[[], Awaitable[Send]]:
    """Return what makes an answer ready up to the last piece of its first sentence, and then the way to write that."""
    talk, numbers = a_talk(founded, datetime.now(UTC)), itertools.count(1000)

    async def ready() -> Send:
        number, pseudonyms = next(numbers), Pseudonyms()
        passages, sentence = the_passages(number), SENTENCE.format(number=number)
        own = replace(talk, turn=talk.turn.model_copy(update={"turn_id": new_id()}))
        grounds = grounds_for(own, passages, Claims(), guard_for(own, passages, pseudonyms))
        stream = AnswerStream(grounds, delivery, pseudonyms)
        await stream.hold_to(grounds)
        pieces = pieces_of(name, sentence)
        for piece in pieces[:-1]:
            await stream.write(piece)
        return lambda: stream.write(pieces[-1])

    return ready


def bare_sentence(redis: Redis) -> Callable[[], Awaitable[Send]]:
    """Return the same for the bare way: the frame is made before the clock starts."""

    async def ready() -> Send:
        frame = delta_frame(new_id(), answer_id(new_id()), new_id(), 0, f"{SENTENCE.format(number=1000)} [1].")
        entry: Any = {"d": orjson.dumps(frame)}
        return lambda: redis.xadd(STREAM, entry, maxlen=1000, approximate=True)

    return ready


async def hop(send: Send, page: ClientConnection) -> float:
    """Milliseconds from the last piece to the frame."""
    started = time.perf_counter()
    sending = asyncio.ensure_future(send())
    data = await page.recv(decode=False)
    elapsed = time.perf_counter() - started
    await sending
    assert b" characters [1]" in data
    return elapsed * 1000


Ways = dict[str, tuple[Callable[[], Awaitable[Send]], ClientConnection]]


async def play(ways: Ways) -> dict[str, tuple[float, float]]:
    """Median and 99th percentile of each way in one round."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(FRAMES):
        for name in ways if number % 2 == 0 else reversed(ways):
            ready, page = ways[name]
            send = await ready()
            await asyncio.sleep(PAUSE_SECONDS)
            times[name].append(await hop(send, page))
    return {name: (statistics.median(each), statistics.quantiles(each, n=100)[98]) for name, each in times.items()}


async def measure(environment: dict[str, str], founded: Any, our_port: int, bare_port: int) -> None:
    """Measure all ways in alternating rounds."""
    redis = connect_redis(environment["REDIS_URL"])
    token, _ = issue_user_token(founded.identity_secret, founded.company_id, "u1", datetime.now(UTC))
    bare_page = await join(f"ws://127.0.0.1:{bare_port}/")
    our_page = await join(f"ws://127.0.0.1:{our_port}/ws/u1?token={token}")
    delivery = PageDelivery(redis, ConsumerMetrics(CollectorRegistry()))
    ways: Ways = {name: (our_sentence(founded, delivery, name), our_page) for name in ENDS}
    ways["bare"] = (bare_sentence(redis), bare_page)
    await play(ways)  # warms up
    rounds = [await play(ways) for _ in range(ROUNDS)]
    for name in ENDS:
        report(name, *([figures[way] for figures in rounds] for way in (name, "bare")))
    await leave(redis, [our_page, bare_page])


if __name__ == "__main__":
    run_beside_bare(measure)
