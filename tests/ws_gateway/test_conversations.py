"""Chat over real sockets: what a user says is stored once, in order, and told to whom it concerns."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from core import streams
from core.conversations import HandledBy, Role
from core.frames import MAX_FRAME_BYTES, message_frame
from core.ids import new_id
from core.playbooks import shipped
from local.installation import Company
from tests.ws_gateway.chatting import Archive, answer, answers, refused, said, say, shown
from tests.ws_gateway.harness import Author, Client, Inside, eventually, inside

TOO_MANY = shipped()["support"].playbook.limits.messages_per_minute


class TestAMessage:
    async def test_is_stored_published_and_accepted(self, gateway: Inside, company: Company, archive: Archive) -> None:
        client = await gateway.join(company)
        accepted = await said(client)
        assert accepted["type"] == "message.accepted"
        (kept,) = await archive.said(accepted["conversation_id"])
        assert (kept.message_id, kept.role, kept.text) == (accepted["message_id"], Role.USER, "How do I connect?")
        (turn,) = await archive.turns()
        assert (turn.turn_id, turn.conversation_id, turn.user_id) == (kept.turn_id, kept.conversation_id, "u1")

    async def test_is_shown_on_the_users_other_pages_alone(self, gateway: Inside, company: Company) -> None:
        client, tab, other = await gateway.join(company), await gateway.join(company), await gateway.join(company, "u2")
        accepted = await said(client)
        (frame,) = await shown(tab)
        assert (frame["role"], frame["text"], frame["client_message_id"]) == ("user", "How do I connect?", "m1")
        assert frame["message_id"] == accepted["message_id"]
        assert await other.pong() == []

    async def test_again_is_the_same_one(self, gateway: Inside, company: Company, archive: Archive) -> None:
        client, tab = await gateway.join(company), await gateway.join(company)
        first, again = await said(client), await said(client)
        named = await said(client, to=first["conversation_id"])
        elsewhere = await said(tab)
        assert first == again == named == elsewhere
        assert len(await archive.said(first["conversation_id"])) == 1
        assert len({turn.turn_id for turn in await archive.turns()}) == 1
        assert [frame["type"] for frame in await client.pong() if frame["type"] == "message"] == []

    async def test_without_a_conversation_continues_the_active_one(
        self, gateway: Inside, company: Company, archive: Archive
    ) -> None:
        client = await gateway.join(company)
        first, second = await said(client, key="1"), await said(client, key="2", playbook="sales")
        assert first["conversation_id"] == second["conversation_id"]
        await archive.close(first["conversation_id"])
        third = await said(client, key="3", playbook="sales")
        assert third["conversation_id"] != first["conversation_id"]
        assert [row["playbook"] for row in await archive.all()] == ["sales", "support"]

    async def test_of_an_anonymous_visitor_is_taken_as_well(
        self, gateway: Inside, company: Company, archive: Archive
    ) -> None:
        client = await gateway.join(company, "anon_1")
        accepted = await said(client)
        assert len(await archive.said(accepted["conversation_id"])) == 1

    async def test_to_a_person_makes_no_turn(self, gateway: Inside, company: Company, archive: Archive) -> None:
        client, tab = await gateway.join(company), await gateway.join(company)
        first = await said(client, key="1")
        await archive.hand(first["conversation_id"], HandledBy.HUMAN)
        await said(client, "Are you there?", key="2")
        assert [frame["text"] for frame in await shown(tab, 2)] == ["How do I connect?", "Are you there?"]
        assert len(await archive.turns()) == 1

    async def test_stale_ones_are_told_that_they_ended(
        self, gateway: Inside, company: Company, archive: Archive
    ) -> None:
        client = await gateway.join(company)
        old = await said(client, key="1")
        async with archive.database.transaction(company.company_id) as connection:
            await connection.execute("UPDATE conversations SET stale_at = now()")
        await say(client, key="2")
        while (frame := await client.frame())["type"] != "ended":
            pass
        assert (frame["conversation_id"], frame["code"]) == (old["conversation_id"], "stale")
        assert (await answer(client, "2"))["conversation_id"] != old["conversation_id"]


class TestBadInput:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            pytest.param("", "empty_message", id="empty"),
            pytest.param(" \n\u200b\u3164", "empty_message", id="nothing to be seen"),
            pytest.param("\0\x01\x7f", "empty_message", id="control characters alone"),
            pytest.param("\u202e\u2066\u2069", "empty_message", id="overrides alone"),
            pytest.param("x" * 4001, "message_too_long", id="a letter too many"),
            pytest.param("x" * 102_400, "message_too_long", id="100 KB"),
        ],
    )
    async def test_text_that_cannot_be_taken(
        self, gateway: Inside, company: Company, archive: Archive, text: str, code: str
    ) -> None:
        client = await gateway.join(company)
        reply = await said(client, text)
        assert (reply["type"], reply["code"]) == ("error", code)
        assert await client.pong() == []
        assert (await archive.all(), await archive.turns()) == ([], [])

    async def test_text_is_cleaned(self, gateway: Inside, company: Company, archive: Archive) -> None:
        client = await gateway.join(company)
        accepted = await said(client, "\u202eevil\u202c \0كيف\u200f أبدأ؟\r\n")
        (kept,) = await archive.said(accepted["conversation_id"])
        assert kept.text == "evil كيف\u200f أبدأ؟"

    async def test_a_frame_far_too_large_ends_the_line_alone(self, gateway: Inside, company: Company) -> None:
        client, other = await gateway.join(company), await gateway.join(company)
        await say(client, "x" * MAX_FRAME_BYTES, key="m1")
        assert await client.closed() == 1009
        assert await other.pong() == []

    async def test_conversations_of_others_do_not_exist(
        self, gateway: Inside, company: Company, other_company: Company, archive: Archive
    ) -> None:
        mine = (await said(await gateway.join(company)))["conversation_id"]
        replies = []
        for site, user, conversation_id in (
            (company, "u2", mine),
            (other_company, "u1", mine),
            (company, "u1", new_id()),
            (company, "u1", "'; DROP TABLE messages; --"),
            (company, "u1", "\0"),
        ):
            client = await gateway.join(site, user)
            for frame in (
                {"type": "send_message", "client_message_id": "m9", "text": "x"},
                {"type": "stop"},
                {"type": "request_human"},
                {"type": "cancel_human"},
            ):
                reply = await refused(client, **frame, conversation_id=conversation_id)
                assert reply["conversation_id"] == conversation_id
                replies.append((reply["code"], reply["detail"]))
        assert set(replies) == {("not_found", "There is no such conversation.")}
        assert len(await archive.said(mine)) == 1
        assert len(await archive.turns()) == 1

    async def test_an_ended_conversation_takes_nothing(
        self, gateway: Inside, company: Company, archive: Archive
    ) -> None:
        client = await gateway.join(company)
        first = await said(client, key="1")
        await archive.close(first["conversation_id"])
        reply = await said(client, key="2", to=first["conversation_id"])
        assert (reply["code"], reply["conversation_id"]) == ("conversation_ended", first["conversation_id"])
        assert (await said(client, key="2"))["type"] == "message.accepted"

    @pytest.mark.parametrize("playbook", ["unheard_of", "\0", "../onboarding"])
    async def test_an_unknown_playbook(
        self, gateway: Inside, company: Company, archive: Archive, playbook: str
    ) -> None:
        reply = await said(await gateway.join(company), playbook=playbook)
        assert reply["code"] == "unknown_playbook"
        assert await archive.all() == []

    async def test_fifty_at_once_are_taken_up_to_the_limit_and_the_rest_refused_by_name(
        self, gateway: Inside, company: Company, archive: Archive
    ) -> None:
        client, other = await gateway.join(company), await gateway.join(company, "u2")
        for number in range(50):
            await say(client, f"{number}", key=f"m{number}")
        replies = {reply["client_message_id"]: reply for reply in await answers(client, 50)}
        taken = [number for number in range(50) if replies[f"m{number}"]["type"] == "message.accepted"]
        assert taken == list(range(TOO_MANY))
        assert {replies[f"m{number}"]["code"] for number in range(TOO_MANY, 50)} == {"too_many_messages"}
        kept = await archive.said(replies["m0"]["conversation_id"])
        assert [(message.text, message.message_id) for message in kept] == [
            (f"{number}", replies[f"m{number}"]["message_id"]) for number in range(TOO_MANY)
        ]
        assert await other.pong() == []

    async def test_a_page_that_does_not_stop_is_hung_up_on(self, gateway: Inside, company: Company) -> None:
        client, other = await gateway.join(company), await gateway.join(company)
        for number in range(600):
            if client.socket.close_code is None:
                await say(client, key=f"m{number}")
        assert await client.closed() == 4429
        assert "nudge" not in {frame["type"] for frame in await other.pong()}


class TestSwitchedOff:
    @pytest.mark.parametrize("rules", [{"enabled": False}, {"rollout_percent": 0}])
    async def test_by_the_company(
        self, gateway: Inside, company: Company, archive: Archive, rules: dict[str, Any]
    ) -> None:
        await archive.configure(**rules)
        reply = await said(await gateway.join(company))
        assert (reply["type"], reply["code"]) == ("error", "conversations_unavailable")
        assert await archive.all() == []
        await archive.configure()
        accepted = await said(await gateway.join(company))
        assert accepted["type"] == "message.accepted"
        await archive.configure(**rules)
        assert (await said(await gateway.join(company), key="m2"))["code"] == "conversations_unavailable"
        await archive.hand(accepted["conversation_id"], HandledBy.HUMAN)
        assert (await said(await gateway.join(company), key="m3"))["type"] == "message.accepted"

    async def test_by_the_installation(
        self, database_url: str, redis_url: str, secret_key: str, company: Company, archive: Archive
    ) -> None:
        async with inside(database_url, redis_url, secret_key, conversations=False) as gateway:
            reply = await said(await gateway.join(company))
        assert reply["code"] == "conversations_unavailable"
        assert await archive.all() == []


class TestOrder:
    async def test_a_hundred_from_several_sockets_are_each_kept_once_in_one_order(
        self, gateway: Inside, company: Company, archive: Archive
    ) -> None:
        """Each socket's messages keep their order; each is sent twice, by its own page and by another."""
        await archive.allow(messages_per_minute=600)
        clients = [await gateway.join(company) for _ in range(5)]
        watching = await gateway.join(company)

        async def talk(number: int) -> list[dict[str, Any]]:
            for place in range(20):
                await say(clients[number], f"{number}:{place}", key=f"{number}:{place}")
            first = await answers(clients[number], 20)
            for place in range(20):
                await say(clients[number], "again", key=f"{(number + 1) % 5}:{place}")
            return first + await answers(clients[number], 20)

        replies = [reply for each in await asyncio.gather(*(talk(number) for number in range(5))) for reply in each]
        assert {reply["type"] for reply in replies} == {"message.accepted"}
        (conversation_id,) = {reply["conversation_id"] for reply in replies}
        kept = await archive.said(conversation_id)
        assert [message.position for message in kept] == list(range(1, 101))
        ids = {message.client_message_id: message.message_id for message in kept}
        assert len(ids) == 100
        assert all(ids[reply["client_message_id"]] == reply["message_id"] for reply in replies)
        for number in range(5):
            order = [str(message.client_message_id) for message in kept]
            assert [key for key in order if key.startswith(f"{number}:")] == [f"{number}:{n}" for n in range(20)]
        frames = await shown(watching, 100)
        assert {frame["message_id"] for frame in frames} == set(ids.values())
        assert await watching.pong() == []

    async def test_what_was_taken_is_done_although_the_page_is_gone(
        self, gateway: Inside, company: Company, archive: Archive
    ) -> None:
        client = await gateway.join(company)
        for number in range(10):
            await say(client, f"{number}", key=f"m{number}")
        await client.socket.close()

        async def all_kept() -> bool:
            rows = await archive.all()
            return bool(rows) and rows[0]["last_position"] == 10

        await eventually(all_kept)
        (row,) = await archive.all()
        assert [message.text for message in await archive.said(row["conversation_id"])] == [str(n) for n in range(10)]
        assert len(gateway.running.gateway.lanes) == 0

    async def test_a_lane_that_is_full_takes_no_more(
        self, gateway: Inside, company: Company, archive: Archive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ws_gateway.lanes.ROOM", 2)
        client = await gateway.join(company)
        for number in range(30):
            await say(client, f"{number}", key=f"m{number}")
        replies = await answers(client, 30)
        taken = [reply for reply in replies if reply["type"] == "message.accepted"]
        assert {reply["code"] for reply in replies if reply["type"] == "error"} == {"too_many_messages"}
        assert len(await archive.said(taken[0]["conversation_id"])) == len(taken) < 30


class TestResuming:
    async def test_what_was_said_meanwhile_comes_after_a_reconnect(
        self, gateway: Inside, company: Company, archive: Archive, author: Author
    ) -> None:
        client, tab = await gateway.join(company), await gateway.join(company)
        accepted = await said(tab)
        (own,) = await shown(client)
        await client.socket.close()
        reply = await archive.reply(accepted["conversation_id"])
        await author.outbox.publish(company.company_id, "u1", message_frame(reply), key=reply.message_id)
        again = await gateway.resume(company, client.hello, own["seq"])
        (frame,) = await shown(again)
        assert (frame["message_id"], frame["role"], frame["position"]) == (reply.message_id, "assistant", 2)
        assert await again.pong() == []

    async def test_an_unanswered_message_is_sent_again_after_a_reconnect_and_is_there(
        self, gateway: Inside, company: Company, archive: Archive
    ) -> None:
        client = await gateway.join(company)
        await say(client, key="m1")
        client.socket.transport.abort()

        async def kept() -> bool:
            return len(await archive.all()) == 1

        await eventually(kept)
        accepted = await said(await gateway.join(company), key="m1")
        assert len(await archive.said(accepted["conversation_id"])) == 1


class TestFeedback:
    async def test_thumbs_are_kept_and_may_change(self, gateway: Inside, company: Company, archive: Archive) -> None:
        client = await gateway.join(company)
        accepted = await said(client)
        reply = await archive.reply(accepted["conversation_id"])
        for rating in ("up", "down"):
            await client.send(type="feedback", message_id=reply.message_id, rating=rating)

        async def rated() -> bool:
            return (await archive.said(accepted["conversation_id"]))[1].rating == "down"

        await eventually(rated)

    async def test_only_for_answers_that_the_user_got(
        self, gateway: Inside, company: Company, other_company: Company, archive: Archive
    ) -> None:
        client = await gateway.join(company)
        accepted = await said(client)
        reply = await archive.reply(accepted["conversation_id"])
        for site, user, message_id in (
            (company, "u1", accepted["message_id"]),
            (company, "u2", reply.message_id),
            (other_company, "u1", reply.message_id),
            (company, "u1", new_id()),
            (company, "u1", "no id"),
        ):
            other = await gateway.join(site, user)
            error = await refused(other, type="feedback", message_id=message_id, rating="up")
            assert (error["code"], error["message_id"]) == ("not_found", message_id)
        assert [message.rating for message in await archive.said(accepted["conversation_id"])] == [None, None]


class TestStop:
    async def test_it_means_the_answer_that_is_being_written_and_no_later_one(
        self, gateway: Inside, company: Company, archive: Archive, redis: Redis
    ) -> None:
        client = await gateway.join(company)
        conversation_id = (await said(client, key="1"))["conversation_id"]
        (turn,) = await archive.turns()
        await archive.begin(turn.turn_id)
        await said(client, key="2")
        await client.send(type="stop", conversation_id=conversation_id)
        key = streams.stop_key(company.company_id, "u1")

        async def stopped() -> bool:
            return await redis.get(key) == turn.turn_id.encode()

        await eventually(stopped)
        assert 0 < await redis.ttl(key) <= 60

    async def test_where_nothing_is_written_it_means_nothing(
        self, gateway: Inside, company: Company, archive: Archive, redis: Redis
    ) -> None:
        client = await gateway.join(company)
        conversation_id = (await said(client))["conversation_id"]
        (turn,) = await archive.turns()
        await archive.begin(turn.turn_id)
        await archive.finish(turn.turn_id)
        await client.send(type="stop", conversation_id=conversation_id)
        await refused(client, type="stop", conversation_id=new_id())  # done after it
        assert await redis.get(streams.stop_key(company.company_id, "u1")) is None


class TestAPersonIsAskedFor:
    async def test_by_a_turn_that_says_so_once(self, gateway: Inside, company: Company, archive: Archive) -> None:
        client = await gateway.join(company)
        conversation_id = (await said(client, key="1"))["conversation_id"]
        (turn,) = await archive.turns()
        await archive.begin(turn.turn_id)
        for _ in range(3):
            await client.send(type="request_human", conversation_id=conversation_id)
        await refused(client, type="request_human", conversation_id=new_id())  # done after them
        asked = {each.turn_id for each in await archive.turns()} - {turn.turn_id}
        assert len(asked) == 1
        kept = await archive.said(conversation_id)
        assert [(message.role, message.text) for message in kept[1:]] == [("system", "human_requested")]
        await archive.begin(asked.pop())
        await client.send(type="request_human", conversation_id=conversation_id)
        await refused(client, type="request_human", conversation_id=new_id())
        assert len(await archive.said(conversation_id)) == 2

    async def test_not_where_one_answers_already(self, gateway: Inside, company: Company, archive: Archive) -> None:
        client = await gateway.join(company)
        conversation_id = (await said(client))["conversation_id"]
        await archive.hand(conversation_id, HandledBy.HUMAN)
        await client.send(type="request_human", conversation_id=conversation_id)
        await refused(client, type="request_human", conversation_id=new_id())
        assert len(await archive.turns()) == 1

    async def test_and_not_waited_for_any_more_on_all_pages_once(
        self, gateway: Inside, company: Company, archive: Archive, redis: Redis
    ) -> None:
        client, other = await gateway.join(company), await gateway.join(company)
        conversation_id = (await said(client))["conversation_id"]
        cancel = {"type": "cancel_human", "conversation_id": conversation_id}
        assert (await refused(client, **cancel))["code"] == "nobody_called"
        await archive.call(conversation_id)
        for _ in range(2):
            await client.send(**cancel)
        await refused(client, type="stop", conversation_id=new_id())  # done after them
        while (told := await other.frame())["type"] != "handoff":
            pass
        assert (told["conversation_id"], told["handled_by"]) == (conversation_id, "agent")
        kept = await redis.xrange(streams.frames_key(company.company_id, "u1"))
        assert sum(b'"handoff"' in fields[b"d"] for _, fields in kept) == 1
        await archive.hand(conversation_id, HandledBy.HUMAN)
        error = await refused(client, **cancel)
        assert (error["code"], error["conversation_id"]) == ("person_answers", conversation_id)


async def test_two_hundred_users_at_once_lose_and_double_nothing(
    gateway: Inside, company: Company, archive: Archive
) -> None:
    clients = [await gateway.join(company, f"u{number}") for number in range(200)]

    async def talk(client: Client) -> list[dict[str, Any]]:
        for number in range(3):
            await say(client, f"{number}", key=f"m{number}")
        return await answers(client, 3)

    replies = await asyncio.gather(*(talk(client) for client in clients))
    assert {reply["type"] for each in replies for reply in each} == {"message.accepted"}
    assert [[reply["client_message_id"] for reply in each] for each in replies] == [["m0", "m1", "m2"]] * 200
    assert len({each[0]["conversation_id"] for each in replies}) == 200
    async with archive.database.transaction(company.company_id) as connection:
        cursor = await connection.execute(
            "SELECT count(*), count(DISTINCT (user_id, client_message_id)), count(DISTINCT user_id) FROM messages"
        )
        assert await cursor.fetchone() == (600, 600, 200)
    assert len({turn.conversation_id for turn in await archive.turns()}) == 200
