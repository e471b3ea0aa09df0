"""The alert of a ticket: what the person who is called in gets to read of the conversation."""

import pytest

from graph.conversing.tickets import ticket_alert
from tests.graph.talks import make_talk

ASKED = ("user: Hello", "user: How do I undo an import?", "assistant: I did not find an answer.")


@pytest.mark.parametrize(
    ("text", "before", "wrote", "asked"),
    [
        ("get me a person", ASKED, "They wrote: “get me a person”. Before that they wrote: “How do I undo an import?”.",
         ["wrote: How do I undo an import?"]),
        ("أريد التحدث إلى شخص", ("user: كيف ألغي الاستيراد؟",),
         "They wrote: “أريد التحدث إلى شخص”. Before that they wrote: “كيف ألغي الاستيراد؟”.",
         ["wrote: كيف ألغي الاستيراد؟"]),
        ("yes", ASKED, "They wrote: “yes”. Before that they wrote: “How do I undo an import?”.",
         ["wrote: How do I undo an import?"]),
        ("My import is stuck at row 12", (), "They wrote: “My import is stuck at row 12”.",
         ["wrote: My import is stuck at row 12"]),
        ("", ASKED, "Last they wrote: “How do I undo an import?”.", ["wrote: How do I undo an import?"]),
        ("", (), "They wrote nothing yet.", []),
    ],
)  # fmt: skip
def test_the_person_reads_what_the_user_asked_last(
    text: str, before: tuple[str, ...], wrote: str, asked: list[str]
) -> None:
    talk = make_talk(text, *before)
    alert = ticket_alert(talk, "wish", text, "t1")
    assert alert.why == f"The user asked for a person. {wrote}"
    assert alert.evidence == asked


def test_the_latest_of_much_that_was_said_fits_the_alert() -> None:
    talk = make_talk("get me a person", *(f"user: {number} {'x' * 600}" for number in range(6)))
    alert = ticket_alert(talk, "wish", "y" * 500, "t1")
    assert len(alert.why) <= 600
    assert [line[:9] for line in alert.evidence] == ["wrote: 3 ", "wrote: 4 ", "wrote: 5 "]
