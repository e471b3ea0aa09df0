"""What a socket's URL asks for, and whose token opens it."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from core.errors import Forbidden, TokenExpired, Unauthenticated
from core.security import issue_user_token
from ws_gateway.identity import CACHE_SECONDS, Identity, Opening, parse_opening

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
COMPANY = "0193a2b4-7c1d-7abc-9def-0123456789ab"
SECRET, OLD, FOREIGN = "ids_" + "n" * 40, "ids_" + "o" * 40, "ids_" + "f" * 40


@pytest.mark.parametrize(
    ("target", "opening"),
    [
        ("/ws/u1?token=t", Opening("u1", "t", 0, None)),
        ("/ws/u%201?token=t&after=41&epoch=e", Opening("u 1", "t", 41, "e")),
        ("/ws/u1", Opening("u1", "", 0, None)),
        ("/ws/u1?after=-3", Opening("u1", "", 0, None)),
        ("/ws/u1?after=x", Opening("u1", "", 0, None)),
        ("/ws/u1?after=99999999999999999999", Opening("u1", "", 0, None)),
        ("/ws/u1?after=²", Opening("u1", "", 0, None)),
        ("/ws/", None),
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

    return Identity(load)


def opening(token: str, user: str = "u1") -> Opening:
    return Opening(user, token, 0, None)


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


async def test_secrets_are_asked_for_once_in_a_while() -> None:
    calls: list[str] = []
    subject = identity(calls)
    for seconds in (0, 1, CACHE_SECONDS - 1, CACHE_SECONDS + 1):
        moment = NOW + timedelta(seconds=seconds)
        await subject.verify(opening(issue_user_token(SECRET, COMPANY, "u1", moment)[0]), moment)
    assert calls == [COMPANY, COMPANY]
