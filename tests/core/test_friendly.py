"""Names of tasks: stable, speakable, and spread evenly."""

import re

from core.friendly import friendly_id
from core.ids import derive_id


def test_the_same_task_has_the_same_name_for_ever() -> None:
    assert friendly_id("0193a5b0-0000-7000-8000-000000000001") == "clear-orca-3213"


def test_names_differ_and_can_be_said() -> None:
    names = {friendly_id(derive_id("task", str(n))) for n in range(2000)}
    assert len(names) >= 1999
    assert all(re.fullmatch("[a-z]{3,9}-[a-z]{3,9}-[1-9][0-9]{3}", name) for name in names)
