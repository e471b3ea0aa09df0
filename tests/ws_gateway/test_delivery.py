"""Frames on their way to pages: each exactly once and in order, whoever publishes, reloads or reconnects."""

import asyncio
from datetime import timedelta

import orjson
import pytest
from redis.asyncio import Redis

from core import streams
from core.nudges import Nudge, NudgeStatus
from local.installation import Company
from tests.ws_gateway.harness import Author, Client, Inside, eventually, inside


async def received(client: Client, *expected: Nudge) -> list[int]:
    """Read exactly these nudges; returns their numbers."""
    frames = [await client.expect("nudge") for _ in expected]
    assert [frame["nudge"]["nudge_id"] for frame in frames] == [nudge.nudge_id for nudge in expected]
    assert await client.pong() == []
    return [frame["seq"] for frame in frames]


async def test_a_first_connection_is_greeted(gateway: Inside, company: Company) -> None:
    client = await gateway.join(company)
    assert client.hello == {
        "type": "hello",
        "connection_id": client.hello["connection_id"],
        "epoch": client.hello["epoch"],
        "seq": 0,
        "resumed": False,
    }
    assert await client.pong() == []


async def test_a_nudge_reaches_every_tab_of_its_user_and_nobody_else(
    gateway: Inside, company: Company, author: Author
) -> None:
    tabs = [await gateway.join(company) for _ in range(3)]
    neighbour = await gateway.join(company, "u2")
    nudge = await author.save(company)
    seq = await author.publish(company, nudge)
    for tab in tabs:
        frame = await tab.expect("nudge")
        assert (frame["seq"], frame["nudge"]) == (seq, nudge.model_dump(mode="json"))
    assert await neighbour.pong() == []


async def test_the_same_user_id_in_two_companies_is_two_users(
    gateway: Inside, company: Company, other_company: Company, author: Author
) -> None:
    ours, theirs = await gateway.join(company), await gateway.join(other_company)
    first, second = await author.nudge(company), await author.nudge(other_company)
    await received(ours, first)
    await received(theirs, second)
    sent = await author.reported("nudge_sent", at_least=2)
    assert {event.company_id for event in sent} == {company.company_id, other_company.company_id}


async def test_published_twice_it_comes_once_with_one_number(gateway: Inside, company: Company, author: Author) -> None:
    client = await gateway.join(company)
    nudge = await author.save(company)
    numbers = [await author.publish(company, nudge) for _ in range(3)]
    assert set(numbers) == set(await received(client, nudge))


async def test_many_published_at_once_come_in_order(gateway: Inside, company: Company, author: Author) -> None:
    client = await gateway.join(company)
    saved = [await author.save(company) for _ in range(20)]
    numbers = await asyncio.gather(*(author.publish(company, nudge) for nudge in saved))
    in_order = [nudge for _, nudge in sorted(zip(numbers, saved, strict=True), key=lambda pair: pair[0])]
    assert await received(client, *in_order) == sorted(set(numbers))


async def test_deliveries_that_overtake_each_other_are_put_in_order(
    gateway: Inside, company: Company, author: Author, redis: Redis
) -> None:
    """As on a cluster, where a frame is stored and passed on in two steps: the later one comes first."""
    client = await gateway.join(company)
    key = streams.connections_key(company.company_id, "u1")
    gateway_id = next(iter(await redis.hvals(key))).decode().partition("|")[0]
    await redis.delete(key)
    nudges = [await author.nudge(company) for _ in range(3)]
    (first, _), (second, fields), *_ = [
        (int(entry_id.split(b"-")[0]), fields)
        for entry_id, fields in await redis.xrange(streams.frames_key(company.company_id, "u1"))
    ]
    address = orjson.dumps((company.company_id, "u1"))
    late = {"u": address, "s": second, "p": first, "d": fields[b"d"]}
    await redis.xadd(streams.deliveries_key(gateway_id), late)
    await received(client, *nudges)


async def test_a_delivery_that_nobody_can_read_harms_nothing(
    gateway: Inside, company: Company, author: Author, redis: Redis
) -> None:
    client = await gateway.join(company)
    value = next(iter(await redis.hvals(streams.connections_key(company.company_id, "u1"))))
    key = streams.deliveries_key(value.decode().partition("|")[0])
    for fields in ({"x": "y"}, {"u": "[1]", "s": "1", "p": "0", "d": "{}"}, {"u": "{", "s": "1", "p": "0", "d": ""}):
        await redis.xadd(key, fields)
    await redis.xadd(key, {"u": orjson.dumps((company.company_id, "u1")), "s": "0", "p": "0", "d": "no json"})
    await received(client, await author.nudge(company))


async def test_sent_is_reported_once_however_many_tabs_there_are(
    gateway: Inside, company: Company, author: Author
) -> None:
    tabs = [await gateway.join(company) for _ in range(3)]
    nudge = await author.nudge(company)
    for tab in tabs:
        await received(tab, nudge)
    again = await gateway.join(company)
    await received(again, nudge)
    keys = {(event.event_id, event.occurred_ms) for event in await author.reported("nudge_sent", at_least=2)}
    assert len(keys) == 1


class TestReload:
    """A page that connects afresh knows no number."""

    async def test_it_gets_what_was_sent_but_never_shown(
        self, gateway: Inside, company: Company, author: Author
    ) -> None:
        first = await gateway.join(company)
        nudge = await author.nudge(company)
        await received(first, nudge)
        await author.report(company, nudge, NudgeStatus.SENT)
        await first.socket.close()
        again = await gateway.join(company)
        assert not again.hello["resumed"]
        (seq,) = await received(again, nudge)
        assert again.hello["seq"] < seq

    async def test_it_does_not_get_what_was_shown(self, gateway: Inside, company: Company, author: Author) -> None:
        shown, unseen = await author.nudge(company), await author.nudge(company)
        await author.report(company, shown, NudgeStatus.SHOWN)
        await received(await gateway.join(company), unseen)

    async def test_what_was_shown_a_moment_ago_counts_before_the_consumer_has_stored_it(
        self, gateway: Inside, company: Company, author: Author
    ) -> None:
        first = await gateway.join(company)
        nudge = await author.nudge(company)
        await received(first, nudge)
        await first.ack(nudge, "shown")
        assert await first.pong() == []
        before = await (await gateway.join(company)).pong()
        assert [frame for frame in before if frame["type"] == "nudge"] == []

    async def test_it_does_not_get_what_has_expired(self, gateway: Inside, company: Company, author: Author) -> None:
        expired = await author.save(company, life=timedelta(seconds=-1))
        await author.publish(company, expired)
        client = await gateway.join(company)
        assert await client.pong() == []
        assert client.hello["seq"] > 0

    async def test_it_gets_what_is_saved_but_was_never_published(
        self, gateway: Inside, company: Company, author: Author
    ) -> None:
        published, unpublished = await author.nudge(company), await author.save(company)
        await received(await gateway.join(company), published, unpublished)

    async def test_tabs_opened_at_once_get_the_same_frames(
        self, gateway: Inside, company: Company, author: Author
    ) -> None:
        saved = [await author.save(company) for _ in range(3)]
        tabs = await asyncio.gather(*(gateway.join(company) for _ in range(8)))
        numbers = [await received(tab, *saved) for tab in tabs]
        assert all(each == numbers[0] for each in numbers)

    async def test_the_next_nudge_follows_what_was_left_out(
        self, gateway: Inside, company: Company, author: Author
    ) -> None:
        unseen, shown = await author.nudge(company), await author.nudge(company)
        await author.report(company, shown, NudgeStatus.SHOWN)
        client = await gateway.join(company)
        await received(client, unseen)
        await received(client, await author.nudge(company))


class TestResume:
    """A page whose line broke says the last number it has."""

    async def test_it_gets_what_came_since_and_nothing_else(
        self, gateway: Inside, company: Company, author: Author
    ) -> None:
        client = await gateway.join(company)
        first = await author.nudge(company)
        (seq,) = await received(client, first)
        await client.socket.close()
        missed = [await author.nudge(company) for _ in range(2)]
        again = await gateway.resume(company, client.hello, seq)
        assert (again.hello["resumed"], again.hello["seq"]) == (True, seq)
        await received(again, *missed)

    async def test_before_its_first_frame_it_resumes_from_nothing(
        self, gateway: Inside, company: Company, author: Author
    ) -> None:
        client = await gateway.join(company)
        await client.socket.close()
        nudge = await author.nudge(company)
        again = await gateway.resume(company, client.hello, 0)
        assert again.hello["resumed"]
        await received(again, nudge)

    async def test_a_line_that_broke_after_hello_loses_nothing(
        self, gateway: Inside, company: Company, author: Author
    ) -> None:
        nudges = [await author.nudge(company) for _ in range(2)]
        client = await gateway.join(company)
        again = await gateway.resume(company, client.hello, client.hello["seq"])
        await received(again, *nudges)

    async def test_what_another_tab_showed_meanwhile_is_left_out(
        self, gateway: Inside, company: Company, author: Author
    ) -> None:
        client = await gateway.join(company)
        await client.socket.close()
        shown, unseen = await author.nudge(company), await author.nudge(company)
        await author.report(company, shown, NudgeStatus.DISMISSED)
        await received(await gateway.resume(company, client.hello, 0), unseen)

    async def test_another_epoch_is_no_resumption(self, gateway: Inside, company: Company, author: Author) -> None:
        nudge = await author.nudge(company)
        again = await gateway.resume(company, {"epoch": "of another redis"}, 2**50)
        assert not again.hello["resumed"]
        await received(again, nudge)

    async def test_a_number_from_the_future_hides_nothing_that_comes(
        self, gateway: Inside, company: Company, author: Author
    ) -> None:
        client = await gateway.join(company)
        again = await gateway.resume(company, client.hello, 2**50)
        await received(again, await author.nudge(company))

    async def test_frames_that_redis_no_longer_has_come_from_postgres(
        self, gateway: Inside, company: Company, author: Author, redis: Redis
    ) -> None:
        client = await gateway.join(company)
        await client.socket.close()
        nudge = await author.nudge(company)
        await redis.delete(streams.frames_key(company.company_id, "u1"))
        await received(await gateway.resume(company, client.hello, 0), nudge)

    async def test_nothing_is_lost_or_doubled_between_looking_and_listening(
        self, gateway: Inside, company: Company, author: Author
    ) -> None:
        """Nudges are published while the client connects again and again."""
        client = await gateway.join(company)
        saved = [await author.save(company) for _ in range(40)]
        got: list[str] = []

        async def publish() -> None:
            for nudge in saved:
                await author.publish(company, nudge)

        async def read_some(after: int) -> int:
            again = await gateway.resume(company, client.hello, after)
            for _ in range(3):
                if len(got) == len(saved):
                    break
                frame = await again.expect("nudge")
                after = frame["seq"]
                got.append(frame["nudge"]["nudge_id"])
            again.socket.transport.abort()
            return after

        publishing, after = asyncio.create_task(publish()), 0
        while len(got) < len(saved):
            after = await read_some(after)
        await publishing
        assert sorted(got) == sorted(nudge.nudge_id for nudge in saved)
        assert len(set(got)) == len(got)


class TestManyGateways:
    """One user, several gateways."""

    @pytest.fixture
    async def second(self, database_url: str, redis_url: str, secret_key: str):
        async with inside(database_url, redis_url, secret_key) as site:
            yield site

    async def test_each_delivers_to_its_own(
        self, gateway: Inside, second: Inside, company: Company, author: Author
    ) -> None:
        here, there = await gateway.join(company), await second.join(company)
        nudge = await author.nudge(company)
        assert await received(here, nudge) == await received(there, nudge)

    async def test_a_page_moves_from_one_to_the_other(
        self, gateway: Inside, second: Inside, company: Company, author: Author
    ) -> None:
        here = await gateway.join(company)
        (seq,) = await received(here, await author.nudge(company))
        await here.socket.close()
        missed = await author.nudge(company)
        await received(await second.resume(company, here.hello, seq), missed)

    async def test_a_status_reaches_the_other_connections_wherever_they_are(
        self, gateway: Inside, second: Inside, company: Company, author: Author
    ) -> None:
        here, beside, there = await gateway.join(company), await gateway.join(company), await second.join(company)
        nudge = await author.nudge(company)
        for client in (here, beside, there):
            await received(client, nudge)
        await here.ack(nudge, "shown")
        for client in (beside, there):
            frame = await client.expect("nudge.status")
            assert (frame["nudge_id"], frame["status"]) == (nudge.nudge_id, "shown")
            assert frame["by"] == here.hello["connection_id"]
        assert await here.pong() == []


async def test_a_connection_that_ends_is_withdrawn(gateway: Inside, company: Company, redis: Redis) -> None:
    client = await gateway.join(company)
    key = streams.connections_key(company.company_id, "u1")
    assert [field.decode() for field in await redis.hkeys(key)] == [client.hello["connection_id"]]
    await client.socket.close()
    await eventually(lambda: _is_empty(redis, key))
    assert len(gateway.running.registry) == 0


async def _is_empty(redis: Redis, key: str) -> bool:
    return not await redis.exists(key)


async def test_entries_of_gateways_that_died_are_cleared_by_publishing(
    gateway: Inside, company: Company, author: Author, redis: Redis
) -> None:
    client = await gateway.join(company)
    key = streams.connections_key(company.company_id, "u1")
    await redis.hset(key, mapping={"dead": "gone|1", "odd": "nonsense"})
    await received(client, await author.nudge(company))
    assert await redis.hkeys(key) == [client.hello["connection_id"].encode()]
    assert not await redis.exists(streams.deliveries_key("gone"))
