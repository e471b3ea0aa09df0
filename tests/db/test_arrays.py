from collections.abc import Sequence

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import arrays

TEXTS = st.lists(
    st.none() | st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=40)
)


@pytest.fixture(scope="module")
def connection(postgres_url: str) -> psycopg.Connection[tuple[object, ...]]:
    connection = psycopg.connect(postgres_url, autocommit=True)
    arrays.register(connection.adapters)
    return connection


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=TEXTS)
def test_texts_and_nulls_arrive_as_they_were(connection: psycopg.Connection, values: list[str | None]) -> None:
    column = arrays.text_column(values)
    row = connection.execute("SELECT array(SELECT unnest(%b::text[]))", (column,)).fetchone()
    assert row is not None
    assert row[0] == values


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_numbers_arrive_as_they_were(connection: psycopg.Connection, values: list[int]) -> None:
    row = connection.execute("SELECT array(SELECT unnest(%b::bigint[]))", (arrays.int8_column(values),)).fetchone()
    assert row is not None
    assert row[0] == values


def test_long_texts_arrive(connection: psycopg.Connection) -> None:
    values: Sequence[str] = ["x" * 4095, "y" * 4096, "ü" * 9000]
    row = connection.execute("SELECT %b::text[]", (arrays.text_column(values),)).fetchone()
    assert row is not None
    assert row[0] == values


def test_nul_is_refused_by_the_server(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.DataError):
        connection.execute("SELECT %b::text[]", (arrays.text_column(["a\x00b"]),))


def test_a_lone_surrogate_is_refused_here() -> None:
    with pytest.raises(UnicodeEncodeError):
        arrays.text_column(["\ud800"])
