"""Stores that go away in the middle of a chat: nothing accepted is lost, nothing is kept twice, the order stands."""

import asyncio

from redis.asyncio import Redis

from core import streams
from local.installation import Company
from tests.conftest import RedisServer
from tests.ws_gateway.chatting import Archive, answers, refused, said, say, shown
from tests.ws_gateway.harness import Inside, PostgresLine, eventually


async def ready(gateway: Inside, status: int) -> bool:
    return (await gateway.get("/readyz"))[0] == status


class TestRedis:
    """Redis of this test alone, which can be stopped."""

    async def test_while_it_is_away_messages_are_refused_and_found_when_sent_again(
        self, gateway: Inside, company: Company, archive: Archive, redis_server: RedisServer
    ) -> None:
        client = await gateway.join(company)
        redis_server.stop()
        refusals = [await said(client, f"{number}", key=f"m{number}") for number in range(3)]
        assert {(reply["type"], reply["code"]) for reply in refusals} == {("error", "unavailable")}
        await asyncio.to_thread(redis_server.start)
        await eventually(lambda: ready(gateway, 200))
        again = [await said(client, f"{number}", key=f"m{number}") for number in range(3)]
        assert {reply["type"] for reply in again} == {"message.accepted"}
        kept = await archive.said(again[0]["conversation_id"])
        assert [message.text for message in kept] == ["0", "1", "2"]
        assert [message.message_id for message in kept] == [reply["message_id"] for reply in again]
        assert {turn.turn_id for turn in await archive.turns()} == {str(kept[0].turn_id)}
        assert [frame["text"] for frame in await shown(await gateway.resume(company, client.hello, 0), 3)] == [
            "0",
            "1",
            "2",
        ]

    async def test_while_it_is_away_other_wishes_are_refused_by_what_they_are_about(
        self, gateway: Inside, company: Company, redis_server: RedisServer
    ) -> None:
        client = await gateway.join(company)
        conversation_id = (await said(client))["conversation_id"]
        redis_server.stop()
        for kind in ("stop", "request_human"):
            error = await refused(client, type=kind, conversation_id=conversation_id)
            assert (error["code"], error["conversation_id"]) == ("unavailable", conversation_id)
        await asyncio.to_thread(redis_server.start)
        await eventually(lambda: ready(gateway, 200))
        await client.send(type="request_human", conversation_id=conversation_id)
        await said(client, key="after")

    async def test_lost_altogether_what_was_said_is_told_again_once(
        self, gateway: Inside, company: Company, archive: Archive, redis_server: RedisServer
    ) -> None:
        client = await gateway.join(company)
        accepted = await said(client)
        reply = await archive.reply(accepted["conversation_id"])
        redis_server.stop()
        for path in redis_server.directory.glob("appendonlydir/*"):
            path.unlink()
        await asyncio.to_thread(redis_server.start)
        assert await client.closed() == 1012
        await eventually(lambda: ready(gateway, 200))
        tabs = [await gateway.resume(company, client.hello, client.hello["seq"]) for _ in range(2)]
        for tab in tabs:
            assert not tab.hello["resumed"]
            frames = await shown(tab, 2)
            assert [frame["message_id"] for frame in frames] == [accepted["message_id"], reply.message_id]
            assert await tab.pong() == []
        again = await gateway.resume(company, tabs[0].hello, frames[0]["seq"])
        assert [frame["message_id"] for frame in await shown(again)] == [reply.message_id]
        assert await (await gateway.join(company)).pong() == []

    async def test_a_stream_that_cannot_be_written_is_a_fault_of_ours(
        self, gateway: Inside, company: Company, redis: Redis, archive: Archive
    ) -> None:
        await redis.set(streams.CONVERSATIONS, "not a stream")
        client = await gateway.join(company)
        error = await said(client)
        assert (error["code"], error["client_message_id"]) == ("internal_error", "m1")
        assert "stream" not in str(error["detail"])
        await redis.delete(streams.CONVERSATIONS)
        assert (await said(client))["type"] == "message.accepted"
        assert len(await archive.turns()) == 1


class TestPostgres:
    """A way to PostgreSQL that can be cut."""

    async def test_while_it_is_away_messages_are_refused_in_order_and_the_line_stays(
        self, gateway: Inside, company: Company, archive: Archive, line: PostgresLine
    ) -> None:
        client = await gateway.join(company)
        first = await said(client, "first", key="m0")
        await line.stop()
        for number in range(1, 6):
            await say(client, f"{number}", key=f"m{number}")
        replies = await answers(client, 5)
        assert [(reply["code"], reply["client_message_id"]) for reply in replies] == [
            ("unavailable", f"m{number}") for number in range(1, 6)
        ]
        assert [frame["type"] for frame in await client.pong() if frame["type"] == "error"] == []
        await line.start()

        async def answered_again() -> bool:
            return (await said(client, "1", key="m1"))["type"] == "message.accepted"

        await eventually(answered_again)
        for number in range(2, 6):
            assert (await said(client, f"{number}", key=f"m{number}"))["type"] == "message.accepted"
        kept = await archive.said(first["conversation_id"])
        assert [message.text for message in kept] == ["first", "1", "2", "3", "4", "5"]

    async def test_cut_in_the_middle_of_many_every_accepted_one_is_there_once(
        self, gateway: Inside, company: Company, archive: Archive, line: PostgresLine
    ) -> None:
        await archive.allow(messages_per_minute=600)
        clients = [await gateway.join(company, f"u{number}") for number in range(5)]
        for number in range(20):
            for client in clients:
                await say(client, f"{number}", key=f"m{number}")
        await answers(clients[0], 3)
        await line.stop()
        await line.start()
        accepted: dict[int, dict[str, str]] = {place: {} for place in range(5)}
        for place, client in enumerate(clients):
            await eventually(lambda client=client: self.open(client))  # type: ignore[misc]
            for number in range(20):
                reply = await said(client, f"{number}", key=f"m{number}")
                while reply["type"] == "error":
                    assert reply["code"] == "unavailable"
                    reply = await said(client, f"{number}", key=f"m{number}")
                accepted[place][f"m{number}"] = reply["message_id"]
        for row in await archive.all():
            kept = await archive.said(row["conversation_id"])
            assert [message.text for message in kept] == [f"{number}" for number in range(20)]
            place = int(row["user_id"][1:])
            assert {message.client_message_id: message.message_id for message in kept} == accepted[place]
        assert len(await archive.all()) == 5

    @staticmethod
    async def open(client: object) -> bool:
        return (await said(client, "0", key="m0"))["type"] == "message.accepted"  # type: ignore[arg-type]
