"""Archives before any parser: which kind, and which are refused."""

import io
import struct
import zipfile

import pytest

from knowledge.converting.archives import identify
from knowledge.converting.sniffing import Kind
from knowledge.documents import ConvertLimits, Unreadable
from tests.knowledge.documents.builders import archive, docx, fixture

ODS = b"application/vnd.oasis.opendocument.spreadsheet"


def spoiled(content: bytes, offset_in_entry: int, value: bytes) -> bytes:
    """Change bytes of every entry in the archive's directory."""
    made = bytearray(content)
    at = made.find(b"PK\x01\x02")
    while at >= 0:
        made[at + offset_in_entry : at + offset_in_entry + len(value)] = value
        at = made.find(b"PK\x01\x02", at + 4)
    return bytes(made)


def overlapping() -> bytes:
    """Return an archive of two entries that are both read from where the first one begins."""
    return spoiled(archive({"a": b"text " * 100, "b": b"text " * 100}), 42, struct.pack("<I", 0))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (fixture("guide.docx"), Kind.OFFICE),
        (fixture("questions.xlsx"), Kind.SPREADSHEET),
        (archive({"xl/workbook.bin": "x"}), Kind.SPREADSHEET),
        (archive({"mimetype": ODS, "content.xml": "x"}), Kind.SPREADSHEET),
    ],
)
def test_parts_tell_the_kind(content: bytes, kind: Kind) -> None:
    assert identify(content, ConvertLimits()) is kind


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (archive({"mimetype": b"application/epub+zip"}), ConvertLimits(), "unsupported_type"),
        (spoiled(docx("x"), 8, b"\x01\x00"), ConvertLimits(), "encrypted_document"),
        (overlapping(), ConvertLimits(), "damaged_document"),
        (docx("x" * 5000), ConvertLimits(unpacked_bytes=3000), "zip_bomb"),
        (docx("x"), ConvertLimits(entries=2), "zip_bomb"),
        (archive({"word/document.xml": bytes(11_000_000)}), ConvertLimits(), "zip_bomb"),
        (b"PK\x03\x04", ConvertLimits(), "damaged_document"),
        (spoiled(docx("x"), 10, b"\x63\x00"), ConvertLimits(), "damaged_document"),
        (spoiled(docx("x" * 500), 16, b"\x00\x00\x00\x00"), ConvertLimits(), "damaged_document"),
    ],
)
def test_a_hostile_or_foreign_archive_is_refused(content: bytes, limits: ConvertLimits, code: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        identify(content, limits)
    assert refusal.value.code == code


def test_a_packed_text_of_ordinary_size_is_no_bomb() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("word/document.xml", b"0" * 9_000_000)
    assert identify(packed.getvalue(), ConvertLimits()) is Kind.OFFICE
