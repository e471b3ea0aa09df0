"""Licences: what is a notice and what is prose, which pattern forbids, and what a citation must show."""

import pytest

from knowledge import licences
from knowledge.documents import Document, Unreadable
from knowledge.settings import KnowledgeSettings

DEFAULTS = KnowledgeSettings.model_fields
BLOCKED = (*DEFAULTS["kb_blocked_license_patterns"].default, "all rights reserved")
ATTRIBUTION = DEFAULTS["kb_attribution_patterns"].default
LONG = "\n\n".join(f"Paragraph {number} explains a step in a few plain words." for number in range(8))


def of(markdown: str, *, licence: str | None = None, notices: tuple[str, ...] = ()) -> Document:
    return Document("Guide", markdown, licence=licence, notices=(*notices, *licences.notices_in(markdown)))


@pytest.mark.parametrize(
    "markdown",
    [
        f"{LONG}\n\n© 2026 Example Ltd. All rights reserved.",
        f"© 2026 Example Ltd. All rights reserved.\n\n{LONG}",
        f"{LONG}\n\nAll rights reserved.\n\n{LONG}",
        f"{LONG}\n\n*Copyright 2026 by Example - all rights reserved*\n\n{LONG}",
        f"{LONG}\n\n> This document is confidential and for staff only.\n\n{LONG}",
        f"CONFIDENTIAL\n\n{LONG}",
        f"{LONG}\n\nExample internal, do not distribute",
        f"{LONG}\n\n## Licence\n\nYou may use this text for noncommercial ends.\n\n## Next\n\nMore.",
        f"{LONG}\n\nLicensed under CC BY-NC 4.0.\n\n{LONG}",
        f"{LONG}\n\n<!-- SPDX-License-Identifier: CC BY-NC -->\n\n{LONG}",
    ],
)
def test_a_notice_that_forbids_blocks(markdown: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        licences.clear(of(markdown), BLOCKED, ATTRIBUTION)
    assert refusal.value.code == "licence_blocked"


@pytest.mark.parametrize(
    "markdown",
    [
        f"# What does “all rights reserved” mean?\n\nWords like all rights reserved forbid copies.\n\n{LONG}",
        f"{LONG}\n\nYour answers stay confidential.",
        f"{LONG}\n\nChoose a noncommercial plan, or mark the file as confidential, do not distribute it.\n\n{LONG}",
        f"{LONG}\n\n- Confidential files are shown with a lock\n\n{LONG}",
        f"{LONG}\n\n## Licences\n\nEvery seat needs one.\n\n## Sharing\n\nShare nothing confidential.",
        f"{LONG}\n\n## License keys and noncommercial use of the product, explained for administrators\n\nText.",
        "",
    ],
)
def test_prose_about_licences_does_not(markdown: str) -> None:
    assert licences.blocked(of(markdown), BLOCKED) is None


def test_metadata_and_footers_block_whatever_the_text_is() -> None:
    assert licences.blocked(of(LONG, licence="https://x.example CC BY-NC 4.0"), BLOCKED)
    assert licences.blocked(of(LONG, notices=("Strictly Confidential",)), BLOCKED)


def test_the_reason_names_the_pattern_and_what_it_found() -> None:
    reason = licences.blocked(
        of(LONG, notices=("© 2026 Example. ALL RIGHTS  RESERVED. Imprint",)), (r"all rights\s+reserved",)
    )
    assert reason is not None
    assert r"all rights\\s+reserved" in reason
    assert "© 2026 Example. ALL RIGHTS RESERVED. Imprint" in reason


def test_an_arabic_notice_is_one() -> None:
    assert licences.blocked(of(f"{LONG}\n\nجميع الحقوق محفوظة لشركة المثال.\n\n{LONG}"), ("جميع الحقوق محفوظة",))


def test_attribution_is_kept_once_and_without_its_parts() -> None:
    document = of(
        f"{LONG}\n\n© 2026 Example Ltd. Licensed under CC BY 4.0.",
        notices=("© 2026 Example Ltd. Licensed under CC BY 4.0",),
    )
    assert licences.attribution(document, ATTRIBUTION) == "© 2026 Example Ltd. Licensed under CC BY 4.0"
    assert licences.clear(document, (), ATTRIBUTION).attribution == "© 2026 Example Ltd. Licensed under CC BY 4.0"
    assert (
        licences.attribution(of("CC BY 4.0", notices=("Copyright 2026 Other",)), ATTRIBUTION)
        == "Copyright 2026 Other · CC BY 4.0"
    )
    assert licences.attribution(of(LONG), ATTRIBUTION) is None


def test_a_pattern_without_end_leaves_the_document_undecided() -> None:
    with pytest.raises(Unreadable, match="too long") as refusal:
        licences.clear(of(LONG, notices=("a" * 1000 + "!",)), (r"(a|aa)+$",), ())
    assert refusal.value.code == "licence_undecided"


@pytest.mark.parametrize("pattern", ["(open", "", "x" * 501, "[z-a]"])
def test_a_wrong_pattern_is_named(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|regular expression"):
        licences.check([r"fine\b", pattern])


def test_patterns_of_the_environment_may_hold_commas_in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_BLOCKED_LICENSE_PATTERNS", "a{0,3}b, (x,y) ,[1,2]+,plain")
    assert KnowledgeSettings().kb_blocked_license_patterns == ("a{0,3}b", "(x,y)", "[1,2]+", "plain")


def test_a_wrong_pattern_in_the_environment_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_ATTRIBUTION_PATTERNS", "(a")
    with pytest.raises(ValueError, match="no regular expression"):
        KnowledgeSettings()


def test_a_help_centre_that_reserves_its_rights_is_read_by_default() -> None:
    page = of(f"{LONG}\n\n© 2026 Example Ltd. All rights reserved.")
    kept = licences.clear(page, DEFAULTS["kb_blocked_license_patterns"].default, ATTRIBUTION)
    assert kept.attribution == "© 2026 Example Ltd. All rights reserved"
