"""An export holds what an erasure would take, of this user alone."""

import orjson

from db.erasures import OWN_ROWS, names_of
from db.exports import EXPORTED, LEFT_OUT, rows
from tests.db.test_erasures import fill


def test_what_can_be_erased_can_be_read_before() -> None:
    assert set(EXPORTED) | set(LEFT_OUT) == set(OWN_ROWS) | {"ai_interactions"}


async def test_every_row_of_the_user_and_no_other(db, acme, samples, now):
    for user in ("u1", "u2"):
        await fill(db, acme, samples, now, user)
    async with db.snapshot(acme) as connection:
        found = [pair async for pair in rows(connection, acme, await names_of(connection, acme, "u1"))]
    assert {table for table, _ in found} == set(EXPORTED)
    read = [orjson.loads(row) for _, row in found]
    assert {row["user_id"] for row in read} == {"u1"}
    assert not any("company_id" in row for row in read)
    events = [row["received_at"] for (table, _), row in zip(found, read, strict=True) if table == "events"]
    assert len(events) == 2
    assert events == sorted(events)
