"""Stores and gateways that go away: clients lose nothing, get nothing twice, and mostly notice nothing."""

import asyncio
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from core import streams
from core.nudges import Nudge
from local.installation import Company
from tests.conftest import RedisServer
from tests.ws_gateway.harness import (
    Author,
    Client,
    Inside,
    PostgresLine,
    eventually,
    inside,
    outside,
    token,
)


async def expect(client: Client, *expected: Nudge) -> int:
    """Read these nudges and nothing else; returns the last number."""
    seq = 0
    for nudge in expected:
        frame = await client.expect("nudge")
        assert frame["nudge"]["nudge_id"] == nudge.nudge_id
        seq = frame["seq"]
    assert await client.pong() == []
    return seq


class TestRedis:
    """Redis of this test alone, which can be stopped."""

    @staticmethod
    async def stop(server: RedisServer, gateway: Inside) -> None:
        server.stop()
        await eventually(lambda: readiness(gateway, 503))

    @staticmethod
    async def start(server: RedisServer, gateway: Inside) -> None:
        await asyncio.to_thread(server.start)
        await eventually(lambda: readiness(gateway, 200))

    async def test_a_restart_with_its_data_is_not_noticed(
        self, gateway: Inside, company: Company, author: Author, redis_server: RedisServer
    ) -> None:
        client = await gateway.join(company)
        first = await author.nudge(company)
        await expect(client, first)
        await self.stop(redis_server, gateway)
        await self.start(redis_server, gateway)
        second = await author.nudge(company)
        await expect(client, second)

    async def test_reports_made_while_it_is_away_are_kept_and_confirmed_later(
        self, gateway: Inside, company: Company, author: Author, redis_server: RedisServer
    ) -> None:
        client, other = await gateway.join(company), await gateway.join(company, "u2")
        nudge = await author.nudge(company)
        await expect(client, nudge)
        await self.stop(redis_server, gateway)
        await client.ack(nudge, "shown")
        await client.send(type="ping")
        assert await other.pong() == []
        await self.start(redis_server, gateway)
        await client.expect("pong")
        assert len([event for event in await author.events() if event.event_type == "nudge_shown"]) == 1

    async def test_a_client_that_comes_while_it_is_away_is_asked_to_try_again(
        self, gateway: Inside, company: Company, redis_server: RedisServer
    ) -> None:
        await self.stop(redis_server, gateway)
        assert await gateway.refused(gateway.url("u1", token=token(company, "u1"))) == (1013, [])
        await self.start(redis_server, gateway)
        assert await (await gateway.join(company)).pong() == []
        assert len(gateway.running.registry) == 1

    async def test_deliveries_lost_with_it_are_read_from_the_outbox(
        self, gateway: Inside, company: Company, author: Author, redis_server: RedisServer, redis: Redis
    ) -> None:
        client = await gateway.join(company)
        nudge = await author.save(company)
        await self.stop(redis_server, gateway)
        gateway.running.deliveries._last = "9999999999999-0"  # as if the entry had been trimmed before it was read
        await asyncio.to_thread(redis_server.start)
        await author.publish(company, nudge)
        assert (await client.expect("nudge"))["nudge"]["nudge_id"] == nudge.nudge_id

    async def test_lost_altogether_clients_come_back_and_get_what_postgres_knows(
        self, gateway: Inside, company: Company, author: Author, redis_server: RedisServer
    ) -> None:
        client = await gateway.join(company)
        nudge = await author.nudge(company)
        seq = await expect(client, nudge)
        await self.stop(redis_server, gateway)
        for path in redis_server.directory.glob("appendonlydir/*"):
            path.unlink()
        await self.start(redis_server, gateway)
        assert await client.closed() == 1012
        again = await gateway.resume(company, client.hello, seq)
        assert not again.hello["resumed"]
        assert again.hello["epoch"] != client.hello["epoch"]
        assert await expect(again, nudge) > seq


async def readiness(gateway: Inside, status: int) -> bool:
    return (await gateway.get("/readyz"))[0] == status


async def test_redis_flushed_under_an_open_connection_is_noticed_by_the_next_beat(
    database_url: str, redis_url: str, secret_key: str, company: Company, author: Author, redis: Redis
) -> None:
    async with inside(database_url, redis_url, secret_key, gateway_heartbeat_seconds=0.2) as gateway:
        client = await gateway.join(company)
        await eventually(lambda: redis.exists(streams.EPOCH_KEY))
        nudge = await author.save(company)
        await redis.flushall()
        assert await client.closed() == 1012
        again = await gateway.resume(company, client.hello, client.hello["seq"])
        assert not again.hello["resumed"]
        await expect(again, nudge)


async def test_a_heartbeat_renews_what_expired(
    database_url: str, redis_url: str, secret_key: str, company: Company, author: Author, redis: Redis
) -> None:
    async with inside(database_url, redis_url, secret_key, gateway_heartbeat_seconds=0.2) as gateway:
        client = await gateway.join(company)
        key = streams.connections_key(company.company_id, "u1")
        await redis.delete(key)
        await eventually(lambda: redis.exists(key))
        await expect(client, await author.nudge(company))


async def test_a_connection_ends_with_its_token(
    database_url: str, redis_url: str, secret_key: str, company: Company
) -> None:
    async with inside(database_url, redis_url, secret_key, gateway_heartbeat_seconds=0.2) as gateway:
        lasting = await gateway.join(company, "u2")
        brief = await gateway.join(company, "u1", life=timedelta(seconds=4))
        assert await brief.closed() == 4401
        assert await lasting.pong() == []
        assert await gateway.refused(gateway.url("u1", token="")) == (4401, [])


class TestPostgres:
    """A way to PostgreSQL that can be cut."""

    async def test_who_comes_while_it_is_away_is_greeted_and_gets_the_rest_later(
        self, gateway: Inside, company: Company, author: Author, line: PostgresLine
    ) -> None:
        await gateway.join(company, "somebody")  # the company's secrets are known from here on
        published, unpublished = await author.nudge(company), await author.save(company)
        await line.stop()
        client, resumed = await gateway.join(company), await gateway.join(company, "u2")
        assert await client.pong() == []
        meanwhile = await author.nudge(company)
        assert await client.pong() == []
        await line.start()
        ids = [(await client.expect("nudge"))["nudge"]["nudge_id"] for _ in range(3)]
        assert ids[0] == published.nudge_id
        assert set(ids[1:]) == {unpublished.nudge_id, meanwhile.nudge_id}
        assert await client.pong() == []
        assert await resumed.pong() == []

    async def test_a_line_that_breaks_while_it_waits_loses_nothing(
        self, gateway: Inside, company: Company, author: Author, line: PostgresLine
    ) -> None:
        await gateway.join(company, "somebody")
        nudge = await author.nudge(company)
        await line.stop()
        client = await gateway.join(company)
        await client.socket.close()
        await line.start()
        again = await gateway.resume(company, client.hello, client.hello["seq"])
        await expect(again, nudge)
        await eventually(lambda: idle(gateway))

    async def test_open_connections_do_not_notice(
        self, gateway: Inside, company: Company, author: Author, line: PostgresLine
    ) -> None:
        client = await gateway.join(company)
        await line.stop()
        await expect(client, await author.nudge(company))
        assert (await gateway.get("/readyz"))[0] == 200

    async def test_a_company_not_seen_before_is_asked_to_try_again(
        self, gateway: Inside, company: Company, line: PostgresLine
    ) -> None:
        await line.stop()
        assert await gateway.refused(gateway.url("u1", token=token(company, "u1"))) == (1013, [])
        await line.start()
        await eventually(lambda: welcomes(gateway, company))


async def idle(gateway: Inside) -> bool:
    return not len(gateway.running.reception.catch_ups)


async def welcomes(gateway: Inside, company: Company) -> bool:
    socket = await gateway.dial(gateway.url("u1", token=token(company, "u1")))
    try:
        return '"hello"' in str(await socket.recv())
    except Exception:
        return False


class TestProcess:
    """Gateways as real processes."""

    async def test_killed_its_clients_go_on_at_another(
        self, environment: dict[str, str], company: Company, author: Author
    ) -> None:
        async with outside(environment) as first, outside(environment) as second:
            client = await first.join(company)
            seq = await expect(client, await author.nudge(company))
            await first.end(9)
            assert await client.closed() == 1006
            missed = await author.nudge(company)
            again = await second.resume(company, client.hello, seq)
            assert again.hello["resumed"]
            await expect(again, missed)
            await expect(again, await author.nudge(company))

    async def test_told_to_stop_it_asks_its_clients_to_reconnect_and_saves_their_reports(
        self, environment: dict[str, str], company: Company, author: Author
    ) -> None:
        async with outside(environment) as gateway:
            clients = [await gateway.join(company, f"u{number}") for number in range(5)]
            nudge = await author.nudge(company, "u0")
            await clients[0].expect("nudge")
            await clients[0].ack(nudge, "shown")
            codes, (code, _) = await asyncio.gather(
                asyncio.gather(*(client.closed() for client in clients)), gateway.end()
            )
            assert (set(codes), code) == ({1012}, 0)
            assert [event.user_id for event in await author.reported("nudge_shown")] == ["u0"]

    async def test_a_client_that_does_not_answer_cannot_hold_it_up(
        self, environment: dict[str, str], company: Company
    ) -> None:
        async with outside(environment, GATEWAY_DRAIN_SECONDS=1) as gateway:
            client = await gateway.join(company)
            client.socket.transport.pause_reading()
            code, _ = await gateway.end()
            assert code == 0
            client.socket.transport.resume_reading()

    async def test_no_token_or_secret_reaches_the_log(
        self, environment: dict[str, str], company: Company, author: Author
    ) -> None:
        async with outside(environment, LOG_LEVEL="DEBUG") as gateway:
            good = token(company, "u1")
            client = await gateway.join(company)
            await client.socket.send("{" + good)
            await client.ack(await author.nudge(company), "shown")
            for value in (good, good[:-2], "x.y.z"):
                await gateway.refused(gateway.url("u2", token=value))
                await gateway.get(f"/nothing?token={value}")
                await gateway.get(f"/ws/u1?token={value}")
            reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
            writer.write(f"nonsense {good}\r\n\r\n".encode())
            await reader.read()
            _, log = await gateway.end()
            assert "listening" in log
            for secret in (good, good.rsplit(".", 1)[1], company.identity_secret, environment["SECRET_KEY"]):
                assert secret not in log

    async def test_it_stops_for_a_supervisor_to_restart_it_when_a_task_of_it_fails(
        self, database_url: str, redis_url: str, secret_key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failed = asyncio.Event()

        async def fail(_: object) -> None:
            await failed.wait()
            raise ZeroDivisionError

        monkeypatch.setattr("ws_gateway.deliveries.Deliveries.run", fail)
        site = inside(database_url, redis_url, secret_key, up="/healthz")
        gateway = await site.__aenter__()
        failed.set()
        await asyncio.wait([gateway.task])
        with pytest.raises(ZeroDivisionError):
            await site.__aexit__(None, None, None)

    async def test_settings_that_are_wrong_are_told_in_a_line(self, environment: dict[str, str]) -> None:
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", 'exec "$0" -m local.cli gateway 2>&1', __import__("sys").executable),
            env={**environment, "GATEWAY_PORT": "many"},
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        assert process.returncode == 1
        assert output.decode().strip().splitlines()[-1].startswith("onboarding-agent: GATEWAY_PORT: ")


async def test_one_that_cannot_be_brought_up_to_date_is_asked_to_try_again_and_others_go_on(
    gateway: Inside, company: Company, author: Author, redis: Redis
) -> None:
    broken, other = await gateway.join(company), await gateway.join(company, "u2")
    await redis.set(streams.frames_key(company.company_id, "u1"), "not a stream")
    for user in ("u1", "u2"):
        (member,) = gateway.running.registry.of(company.company_id, user)
        assert member[1].suspect()
        gateway.running.postman.bring_up_to_date(member)
    assert await broken.closed() == 1013
    await expect(other, await author.nudge(company, "u2"))


async def test_beats_go_on_while_redis_is_away(
    database_url: str, redis_server: RedisServer, secret_key: str, company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "ws_gateway.heartbeat")
    async with inside(database_url, redis_server.url, secret_key, gateway_heartbeat_seconds=0.1) as gateway:
        client = await gateway.join(company)
        redis_server.stop()
        await eventually(lambda: logged(caplog, "connections could not be announced"))
        await eventually(lambda: logged(caplog, "redis is away"))
        await asyncio.to_thread(redis_server.start)
        assert await client.pong() == []


async def logged(caplog: pytest.LogCaptureFixture, text: str) -> bool:
    return any(text in record.getMessage() for record in caplog.records)


async def test_reports_beyond_what_can_wait_are_refused_so_that_the_client_keeps_them(
    gateway: Inside, company: Company, author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ws_gateway.reports.QUEUE_SIZE", 0)
    client = await gateway.join(company)
    await client.ack(await author.save(company), "shown")
    assert await client.closed() == 1013
    assert await author.events() == []


async def test_secrets_under_another_key_are_a_fault_of_the_installation(
    database_url: str, redis_url: str, company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    async with inside(database_url, redis_url, "another-secret-key-0123456789-0123456789") as gateway:
        assert await gateway.refused(gateway.url("u1", token=token(company, "u1"))) == (1013, [])
    assert await logged(caplog, "another SECRET_KEY")


async def test_reports_that_cannot_be_written_at_the_end_are_named(
    database_url: str, redis_server: RedisServer, secret_key: str, company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    async with inside(database_url, redis_server.url, secret_key, gateway_drain_seconds=0.3) as gateway:
        client = await gateway.join(company)
        redis_server.stop()
        await client.send(type="nudge.ack", nudge_id="0193a2b4-7c1d-7abc-9def-0123456789ab", status="shown")
        await eventually(lambda: reports_wait(gateway))
    assert await logged(caplog, "reports were lost at the end")


async def reports_wait(gateway: Inside) -> bool:
    return len(gateway.running.reports._queue) == 1


async def test_who_comes_while_the_gateway_drains_is_sent_elsewhere(gateway: Inside, company: Company) -> None:
    gateway.running.reception.closed = True
    assert await gateway.refused(gateway.url("u1", token=token(company, "u1"))) == (1012, [])
    assert (await gateway.get("/readyz"))[0] == 503
    gateway.running.reception.closed = False
