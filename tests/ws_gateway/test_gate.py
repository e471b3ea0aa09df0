"""The gate before the stores: one's turn is waited for, an outage is told at once, a fault is passed on."""

import asyncio

import psycopg
import pytest
from redis.exceptions import ConnectionError as RedisAway

from core.errors import NotFound, Unavailable
from ws_gateway.gate import Gate


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def meet(gate: Gate, error: Exception | None = None) -> str:
    async with gate.passed():
        if error:
            raise error
        return "passed"


async def test_so_many_at_a_time_in_the_order_in_which_they_came() -> None:
    gate, inside, order = Gate(2), [0], []

    async def one(number: int) -> None:
        async with gate.passed():
            inside[0] += 1
            assert inside[0] <= 2
            order.append(number)
            await asyncio.sleep(0)
            inside[0] -= 1

    await asyncio.gather(*(one(number) for number in range(20)))
    assert order == list(range(20))


@pytest.mark.parametrize("outage", [psycopg.OperationalError("away"), RedisAway("away"), ConnectionRefusedError()])
async def test_an_outage_is_told_to_those_who_waited_and_others_try_anew(clock: Clock, outage: Exception) -> None:
    gate = Gate(1, clock)

    async def find_out() -> None:
        async with gate.passed():
            await asyncio.sleep(0)
            clock.now += 5
            raise outage

    results = await asyncio.gather(find_out(), meet(gate), meet(gate), return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable] * 3
    assert await meet(gate) == "passed"


@pytest.mark.parametrize("error", [NotFound(), ZeroDivisionError(), psycopg.errors.NotNullViolation()])
async def test_what_is_no_outage_is_passed_on_and_closes_nothing(clock: Clock, error: Exception) -> None:
    gate = Gate(1, clock)
    with pytest.raises(type(error)):
        await meet(gate, error)
    assert await meet(gate) == "passed"


async def test_what_takes_too_long_is_given_up_alone(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ws_gateway.gate.SECONDS", 0.01)
    gate = Gate(1, clock)
    with pytest.raises(Unavailable):
        async with gate.passed():
            await asyncio.Event().wait()
    assert await meet(gate) == "passed"
