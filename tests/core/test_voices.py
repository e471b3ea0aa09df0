"""Who may talk with a user while conversations are switched off, by a table."""

import pytest

from core.conversations import HandledBy
from core.voices import Voices, voices


@pytest.mark.parametrize(
    ("is_on", "handled_by", "has_ticket", "expected"),
    [
        (True, None, False, Voices.ALL),
        (True, HandledBy.AGENT, False, Voices.ALL),
        (True, HandledBy.HUMAN, True, Voices.ALL),
        (False, None, False, Voices.NOBODY),
        (False, None, True, Voices.NOBODY),
        (False, HandledBy.AGENT, False, Voices.NOBODY),
        (False, HandledBy.AGENT, True, Voices.PEOPLE),
        (False, HandledBy.QUEUE, True, Voices.PEOPLE),
        (False, HandledBy.QUEUE, False, Voices.PEOPLE),
        (False, HandledBy.HUMAN, False, Voices.PEOPLE),
    ],
)
def test_people_go_on_where_the_agent_is_switched_off(
    is_on: bool, handled_by: HandledBy | None, has_ticket: bool, expected: Voices
) -> None:
    assert voices(is_on=is_on, handled_by=handled_by, has_ticket=has_ticket) is expected
