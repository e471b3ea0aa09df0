"""Who may open a socket, how many, and what the port answers besides."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest

from core.security import Vault, create_identity_secret, issue_user_token
from db import companies
from db.pool import Database
from local.installation import Company
from tests.ws_gateway.harness import Inside, inside, token


def forged(signer: Company, algorithm: str = "HS256", secret: str | None = None, **claims: object) -> str:
    whole = {"sub": "u1", "company": signer.company_id, "exp": datetime.now(UTC) + timedelta(minutes=5), **claims}
    key = "" if algorithm == "none" else secret or signer.identity_secret
    return jwt.encode(whole, key, algorithm=algorithm)


async def test_bad_tokens_are_refused_after_the_handshake(
    gateway: Inside, company: Company, other_company: Company
) -> None:
    now = datetime.now(UTC)
    tokens = {
        "missing": "",
        "garbage": "a.b.c",
        "expired": forged(company, exp=now - timedelta(minutes=5)),
        "unsigned": forged(company, "none"),
        "another algorithm": forged(company, "HS512"),
        "lives too long": forged(company, exp=now + timedelta(hours=2)),
        "another company's secret": forged(company, secret=other_company.identity_secret),
        "no such company": forged(company, company=str(uuid4())),
    }
    answers = {name: await gateway.refused(gateway.url("u1", token=value)) for name, value in tokens.items()}
    assert answers == dict.fromkeys(tokens, (4401, []))
    assert await gateway.refused(f"ws://{gateway.host}:{gateway.port}/ws/u1") == (4401, [])


async def test_the_token_of_another_user_is_refused(gateway: Inside, company: Company) -> None:
    assert await gateway.refused(gateway.url("u2", token=token(company, "u1"))) == (4403, [])


@pytest.mark.parametrize("user", ["", "a/b", "u\x00"], ids=["empty", "a path", "NUL"])
async def test_a_path_that_names_no_user_is_refused(gateway: Inside, company: Company, user: str) -> None:
    url = f"ws://{gateway.host}:{gateway.port}/ws/{user.replace(chr(0), '%00')}"
    assert await gateway.refused(f"{url}?token={token(company, user or 'u1')}") == (4401, [])


@pytest.mark.parametrize("user", ["ann@example.test", "a b+c", "العربية", "a}b{c:d", "x" * 128])
async def test_user_ids_of_all_kinds_are_welcome(gateway: Inside, company: Company, user: str) -> None:
    assert await (await gateway.join(company, user)).pong() == []


async def test_a_rotated_secret_is_good_at_once_and_the_one_before_it_too(
    gateway: Inside, company: Company, database: Database, secret_key: str
) -> None:
    await gateway.join(company)
    fresh = create_identity_secret()
    async with database.transaction(company.company_id) as connection:
        stored = Vault(secret_key).encrypt(fresh)
        assert await companies.rotate_identity_secret(connection, company.company_id, stored)
    gateway.running.gateway._identity._keyring._known.clear()
    for secret in (fresh, company.identity_secret):
        good, _ = issue_user_token(secret, company.company_id, "u1", datetime.now(UTC))
        socket = await gateway.dial(gateway.url("u1", token=good))
        assert '"hello"' in str(await socket.recv())


async def test_a_thousand_sockets_of_one_user_are_held_to_the_limit(gateway: Inside, company: Company) -> None:
    limit = 20
    first = [await gateway.join(company) for _ in range(limit)]
    url = gateway.url("u1", token=token(company, "u1"))
    codes: list[int | None] = []
    for _ in range(20):
        codes += [code for code, _ in await asyncio.gather(*(gateway.refused(url) for _ in range(49)))]
    assert codes == [4429] * 980
    assert len(gateway.running.registry) == limit
    await gateway.join(company, "u2")
    await first[0].socket.close()
    await asyncio.gather(*(client.pong() for client in first[1:]))
    assert (await gateway.join(company)).hello["type"] == "hello"


async def test_a_company_is_held_to_its_limit_and_others_are_not(
    database_url: str, redis_url: str, secret_key: str, company: Company, other_company: Company
) -> None:
    async with inside(database_url, redis_url, secret_key, gateway_connections_per_company=2) as gateway:
        for user in ("u1", "u2"):
            await gateway.join(company, user)
        assert await gateway.refused(gateway.url("u3", token=token(company, "u3"))) == (4429, [])
        await gateway.join(other_company, "u3")


async def test_plain_http_beside_the_sockets(gateway: Inside, company: Company) -> None:
    await gateway.join(company)
    assert await gateway.get("/healthz") == (200, "ok\n")
    assert await gateway.get("/readyz") == (200, "ready\n")
    status, metrics = await gateway.get("/metrics")
    assert status == 200
    assert "gateway_connections 1.0" in metrics
    assert 'gateway_opened_total{outcome="ok"}' in metrics
    for path in ("/", "/ws", "/w/u1", "/healthz/", "//ws/u1"):
        assert (await gateway.get(path))[0] == 404
    assert (await gateway.get("/ws/u1"))[0] == 426
