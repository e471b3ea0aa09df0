"""What a socket's URL asks for, and whose token opens it."""

import asyncio
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from core.errors import Forbidden, TokenExpired, Unauthenticated, Unavailable
from core.security import issue_user_token
from ws_gateway.identity import RECHECK_SECONDS, Identity, Opening, parse_opening
from ws_gateway.keyring import AGAIN_SECONDS, FRESH_SECONDS, MAX_COMPANIES, STALE_SECONDS, Keyring

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
COMPANY = "0193a2b4-7c1d-7abc-9def-0123456789ab"
SECRET, OLD, FOREIGN = "ids_" + "n" * 40, "ids_" + "o" * 40, "ids_" + "f" * 40


@pytest.mark.parametrize(
    ("target", "opening"),
    [
        ("/ws/u1?token=t", Opening("u1", "t", None, None)),
        ("/ws/u%201?token=t&after=41&epoch=e", Opening("u 1", "t", 41, "e")),
        ("/ws/u1", Opening("u1", "", None, None)),
        ("/ws/u1?after=-3", Opening("u1", "", None, None)),
        ("/ws/u1?after=x", Opening("u1", "", None, None)),
        ("/ws/u1?after=99999999999999999999", Opening("u1", "", None, None)),
        ("/ws/u1?after=²", Opening("u1", "", None, None)),
        ("/ws/u1?after=0&epoch=e", Opening("u1", "", 0, "e")),
        ("/ws/", None),
        ("/ws/u%00", None),
        ("/ws/u1/more", None),
        ("/other/ws/u1", None),
        ("/metrics", None),
    ],
)
def test_openings(target: str, opening: Opening | None) -> None:
    assert parse_opening(target) == opening


def identity(calls: list[str] | None = None) -> Identity:
    async def load(company_id: str) -> tuple[str, ...]:
        if calls is not None:
            calls.append(company_id)
        return (SECRET, OLD) if company_id == COMPANY else ()

    return Identity(Keyring(load))


def opening(token: str, user: str = "u1") -> Opening:
    return Opening(user, token, None, None)


@pytest.mark.parametrize("secret", [SECRET, OLD], ids=["newest secret", "secret being rotated out"])
async def test_a_good_token_opens(secret: str) -> None:
    token, expires_at = issue_user_token(secret, COMPANY, "u1", NOW)
    claims = await identity().verify(opening(token), NOW)
    assert (claims.user_id, claims.company_id, claims.expires_at) == ("u1", COMPANY, expires_at)


def signed(secret: str = SECRET, **claims: object) -> str:
    whole = {"sub": "u1", "company": COMPANY, "exp": NOW + timedelta(minutes=5), **claims}
    return jwt.encode({key: value for key, value in whole.items() if value is not None}, secret, algorithm="HS256")


@pytest.mark.parametrize(
    ("token", "error"),
    [
        pytest.param("", Unauthenticated, id="missing"),
        pytest.param("a.b.c", Unauthenticated, id="garbage"),
        pytest.param(signed(FOREIGN), Unauthenticated, id="bad signature"),
        pytest.param(
            jwt.encode({"sub": "u1", "company": COMPANY}, "", algorithm="none"), Unauthenticated, id="alg none"
        ),
        pytest.param(
            jwt.encode({"sub": "u1", "company": COMPANY, "exp": NOW}, SECRET, algorithm="HS512"),
            Unauthenticated,
            id="alg",
        ),
        pytest.param(signed(exp=NOW - timedelta(minutes=5)), TokenExpired, id="expired"),
        pytest.param(signed(exp=NOW + timedelta(hours=2)), Unauthenticated, id="lives too long"),
        pytest.param(signed(exp=None), Unauthenticated, id="never ends"),
        pytest.param(signed(exp=1e300), Unauthenticated, id="absurd end"),
        pytest.param(signed(sub=None), Unauthenticated, id="no user"),
        pytest.param(signed(company=None), Unauthenticated, id="no company"),
        pytest.param(signed(company="acme"), Unauthenticated, id="company is no id"),
        pytest.param(signed(company=COMPANY.upper()), Unauthenticated, id="company id not canonical"),
        pytest.param(signed(company="0193a2b4-7c1d-7abc-9def-00000000000b"), Unauthenticated, id="unknown company"),
        pytest.param(signed(sub="u2"), Forbidden, id="another user"),
    ],
)
async def test_a_bad_token_is_refused(token: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        await identity().verify(opening(token), NOW)
    assert type(caught.value) is error


async def test_a_token_signed_with_a_secret_that_came_since_is_good_at_once() -> None:
    secrets, calls = [SECRET], []

    async def load(company_id: str) -> tuple[str, ...]:
        calls.append(company_id)
        return tuple(secrets)

    subject, fresh = Identity(Keyring(load)), "ids_" + "r" * 40
    await subject.verify(opening(signed()), NOW)
    secrets.insert(0, fresh)
    later = NOW + timedelta(seconds=RECHECK_SECONDS + 1)
    assert (await subject.verify(opening(signed(fresh)), later)).user_id == "u1"
    assert (await subject.verify(opening(signed()), later)).user_id == "u1"
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            await subject.verify(opening(signed(FOREIGN)), later)
    assert len(calls) == 2, "bad tokens must not make a query each"


class Store:
    """Secrets in a database that may be away."""

    def __init__(self) -> None:
        self.away = False
        self.calls = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self, company_id: str) -> tuple[str, ...]:
        self.calls += 1
        await self.gate.wait()
        if self.away:
            raise Unavailable
        return () if company_id.startswith("unknown") else (company_id,)


async def test_secrets_are_asked_for_once_in_a_while() -> None:
    store = Store()
    subject = Keyring(store.load)
    for moment in (0, 1, FRESH_SECONDS, FRESH_SECONDS + 1):
        assert await subject.secrets("c", moment) == ("c",)
    assert store.calls == 2


async def test_many_who_come_at_once_make_one_query() -> None:
    store = Store()
    store.gate.clear()
    subject = Keyring(store.load)
    asking = [asyncio.create_task(subject.secrets("c", 0)) for _ in range(100)]
    while not store.calls:  # noqa: ASYNC110 - the first of them has to get there
        await asyncio.sleep(0)
    asking[0].cancel()
    store.gate.set()
    assert await asyncio.gather(*asking[1:]) == [("c",)] * 99
    assert store.calls == 1


async def test_while_the_database_is_away_known_secrets_serve_and_it_is_not_asked_each_time() -> None:
    store = Store()
    subject = Keyring(store.load)
    await subject.secrets("c", 0)
    store.away = True
    for _ in range(10):
        assert await subject.secrets("c", FRESH_SECONDS + 1) == ("c",)
    assert store.calls == 2
    assert await subject.secrets("c", FRESH_SECONDS + 1 + AGAIN_SECONDS + 1) == ("c",)
    assert store.calls == 3
    for company_id in ("c", "never seen"):
        with pytest.raises(Unavailable):
            await subject.secrets(company_id, STALE_SECONDS + 1)


async def test_guessing_companies_pushes_no_real_one_out() -> None:
    store = Store()
    subject = Keyring(store.load)
    await subject.secrets("c", 0)
    for number in range(MAX_COMPANIES + 10):
        assert await subject.secrets(f"unknown {number}", 0) == ()
    asked = store.calls
    assert await subject.secrets("c", 1) == ("c",)
    assert await subject.secrets(f"unknown {MAX_COMPANIES}", 1) == ()
    assert store.calls == asked
    assert await subject.secrets("unknown 0", 1) == ()
    assert store.calls == asked + 1
