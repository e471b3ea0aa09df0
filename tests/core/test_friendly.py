"""Names of tasks: stable, speakable, and spread evenly."""

from core.friendly import friendly_id, is_friendly
from core.ids import derive_id


def test_the_same_task_has_the_same_name_for_ever() -> None:
    assert friendly_id("0193a5b0-0000-7000-8000-000000000001") == "clear-orca-3213"


def test_names_differ_and_are_recognised() -> None:
    names = {friendly_id(derive_id("task", str(n))) for n in range(2000)}
    assert len(names) >= 1999
    assert all(is_friendly(name) for name in names)


def test_ids_and_other_texts_are_no_names() -> None:
    for text in ("", "calm-otter", "calm-otter-12", "Calm-Otter-4821", "calm-otter-4821\n", derive_id("task", "1")):
        assert not is_friendly(text)
