"""Fresh ids sort by time; derived ones repeat and keep apart what differs."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from core import ids


def test_fresh_ids_are_version_7_and_sort_by_time() -> None:
    made = [ids.new_id(now_ms) for now_ms in (1, 2, 1_800_000_000_000)]
    assert made == sorted(made)
    assert {uuid.UUID(each).version for each in made} == {7}
    assert uuid.UUID(made[2]).variant == uuid.RFC_4122
    assert uuid.UUID(made[2]).int >> 80 == 1_800_000_000_000


def test_fresh_ids_differ_within_a_millisecond() -> None:
    assert len({ids.new_id(5) for _ in range(1000)}) == 1000


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_derived_ids_are_equal_just_when_their_parts_are(one: list[str], other: list[str]) -> None:
    assert (ids.derive_id("k", *one) == ids.derive_id("k", *other)) == (one == other)


def test_each_kind_of_derived_id_is_its_own() -> None:
    made = {ids.nudge_id("x"), ids.escalation_id("x"), ids.ack_event_id("x", "shown"), ids.ack_event_id("x", "clicked")}
    assert len(made) == 4
    assert {uuid.UUID(each).version for each in made} == {5}


def test_derived_ids_never_change_between_releases() -> None:
    assert ids.turn_id("c", "u", "rage_click", "p", "e") == "1f48a4c6-f913-5e4f-ab3a-df01c4df3cb1"
