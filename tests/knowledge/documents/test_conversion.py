"""Every kind of file through the entrance: what becomes of good ones, and the code of each refusal."""

import os
import random

import pytest

from knowledge.converting.converter import Converter, convert
from knowledge.converting.readers import read
from knowledge.converting.sniffing import sniff
from knowledge.documents import ConvertLimits, Raw, Unreadable
from tests.knowledge.documents.builders import (
    archive,
    billion_laughs,
    document_xml,
    docx,
    empty_pdf,
    fixture,
    paragraph,
    xlsx,
)

HTML = b"<!doctype html><html><body><h1>Refunds</h1><p>A refund takes ten working days.</p></body></html>"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


BAD = [
    (b"", "a.txt", "empty_document"),
    (b" \n\t\r\n", "a.md", "empty_document"),
    (b"\xef\xbb\xbf\n", "a.csv", "empty_document"),
    (bytes(64), "a.txt", "empty_document"),
    (b"a" * 20_000_001, "a.txt", "too_large"),
    (b"--- *** ---", "a.md", "no_text"),
    (PNG, "scan.pdf", "unsupported_type"),
    (b"{\\rtf1 hello}", "a.doc", "unsupported_type"),
    (b"\x1f\x8b\x08" + b"x" * 50, "a.txt", "unsupported_type"),
    (OLE + "WordDocument".encode("utf-16-le") + bytes(600), "a.doc", "unsupported_type"),
    (OLE + "Workbook".encode("utf-16-le") + bytes(600), "a.xls", "damaged_document"),
    (b'<?xml version="1.0"?><svg><image href="http://127.0.0.1:9/"/></svg>', "a.svg", "unsupported_type"),
    (b'<?xml version="1.0"?><rss></rss>', "a.html", "unsupported_type"),
    (bytes([1, 0, 0, 3, 0, 0, 7]) * 300, "a.txt", "unsupported_type"),
    (random.Random(1).randbytes(5000), "a.docx", "unsupported_type"),
    (fixture("guide.docx")[100:], "a.docx", "unsupported_type"),
    (archive({"a.txt": "x"}), "a.docx", "unsupported_type"),
    (fixture("encrypted.pdf"), "a.pdf", "encrypted_document"),
    (fixture("encrypted.docx"), "a.docx", "encrypted_document"),
    (fixture("encrypted.xlsx"), "a.xlsx", "encrypted_document"),
    (fixture("billing.pdf")[:20_000], "a.pdf", "damaged_document"),
    (fixture("guide.docx")[:20_000], "a.docx", "damaged_document"),
    (fixture("questions.xlsx")[:2_000], "a.xlsx", "damaged_document"),
    (b"%PDF-1.7\n%%EOF", "a.pdf", "damaged_document"),
    (docx("<w:document"), "a.docx", "damaged_document"),
    (docx("<a/>"), "a.docx", "damaged_document"),
    (empty_pdf(), "scan.pdf", "no_text"),
    (empty_pdf(pages=0), "a.pdf", "damaged_document"),
    (
        xlsx({number: {"A": "q?", "B": "a"} for number in range(1, 202)} | {1: {"A": "Q", "GZ": "A"}}),
        "a.xlsx",
        "too_large",
    ),
    (docx(document_xml("")), "a.docx", "no_text"),
    (docx(billion_laughs()), "a.docx", "damaged_document"),
    (docx(billion_laughs().encode("utf-16")), "a.docx", "damaged_document"),
    (docx(document_xml("<w:p>" * 50_000 + "</w:p>" * 50_000)), "a.docx", "too_complex"),
    (archive({"word/document.xml": bytes(60_000_000)}), "a.docx", "zip_bomb"),
    (archive({f"word/{number}.xml": "" for number in range(5001)}), "a.docx", "zip_bomb"),
    (xlsx({1: {"A": "name", "B": "price", "C": "stock"}}), "a.xlsx", "not_a_faq"),
    (b"<html><body>" + b"<div>" * 50_000 + b"text" + b"</div>" * 50_000, "a.html", "too_complex"),
]
WIDE = xlsx({1: {"A": "Question", "XFD": "Answer"}, 1_048_576: {"A": "a", "XFD": "b"}})
"""A dense table of 17 billion cells, in two."""


def refused(converter: Converter, content: bytes, name: str, media_type: str | None = None) -> str:
    with pytest.raises(Unreadable) as refusal:
        converter.convert(Raw(content, name, media_type))
    assert refusal.value.detail
    return refusal.value.code


def test_text_takes_its_title_from_its_name(converter: Converter) -> None:
    document = converter.convert(Raw(b"Open the settings and choose a plan.", "folder/how_to pay.txt"))
    assert (document.title, document.language, document.url) == ("how to pay", "en", None)


def test_a_log_of_a_terminal_is_text(converter: Converter) -> None:
    log = b"\x1b[1mStep one\x1b[0m of two is done and well\n" * 40
    assert "of two is done and well" in converter.convert(Raw(log, "log.txt")).markdown


def test_markdown_tells_of_itself_in_its_front_matter(converter: Converter) -> None:
    text = b'---\ntitle: "Paying"\nlicense: CC BY 4.0\ncopyright: Example Ltd\nlang: de\n---\n# Other\n\nOK.\n'
    document = converter.convert(Raw(text, "a.md", url="https://help.example/a"))
    assert (document.title, document.licence, document.language) == ("Paying", "CC BY 4.0", "de")
    assert document.markdown == "# Other\n\nOK."
    assert document.notices[0] == "Example Ltd"
    assert document.url == "https://help.example/a"


def test_a_rule_at_the_top_is_no_front_matter(converter: Converter) -> None:
    assert (
        converter.convert(Raw(b"---\nSome text\n---\nMore text\n", "a.md")).markdown == "---\nSome text\n---\nMore text"
    )


def test_a_docx_keeps_headings_lists_and_tables(converter: Converter) -> None:
    document = converter.convert(Raw(fixture("guide.docx"), "guide.docx"))
    assert document.title == "Welcome guide"
    assert document.markdown == (
        "# Welcome guide\n\nThis guide explains how to set up your account in ten minutes.\n\n# Connect your CRM\n\n"
        "- Open Settings.\n- Choose Integrations.\n\n"
        "| Plan | Contacts |\n| --- | --- |\n| Free | 100 |\n| Pro | 10,000 |"
    )
    assert "© 2026 Example Ltd. Licensed under CC BY 4.0" in document.notices


def test_a_workbook_becomes_questions(converter: Converter) -> None:
    document = converter.convert(Raw(fixture("questions.xlsx"), "questions.xlsx"))
    assert document.markdown == "## How do I reset my password?\n\nOpen Settings, then Security."


def test_bad_rows_of_a_workbook_are_named(converter: Converter) -> None:
    rows = {1: {"A": "السؤال", "B": "الجواب"}, 2: {"A": "كيف؟", "B": "هكذا"}, 4: {"B": "بلا سؤال"}}
    with pytest.raises(Unreadable) as refusal:
        converter.convert(Raw(xlsx(rows), "q.xlsx"))
    assert refusal.value.code == "bad_rows"
    assert [dict(error) for error in refusal.value.errors] == [
        {"row": 4, "sheet": "Sheet", "code": "question_missing", "detail": "An answer without a question."}
    ]


def test_a_pdf_gets_headings_paragraphs_and_loses_its_running_foot(converter: Converter) -> None:
    document = converter.convert(Raw(fixture("billing.pdf"), "billing.pdf"))
    assert document.title == "Billing guide"
    assert document.markdown.startswith("# Billing guide\n\nYour plan renews every month. An invoice is sent to the")
    assert (
        "\n\n## Refunds\n\nA refund is paid within ten working days of the request.\n\n### Exceptions\n"
        in document.markdown
    )
    assert "Licensed" not in document.markdown
    assert document.notices[0] == "© 2026 Acme Inc. Licensed under CC BY 4.0"


def test_an_arabic_pdf_reads_from_right_to_left(converter: Converter) -> None:
    document = converter.convert(Raw(fixture("arabic.pdf"), "arabic.pdf"))
    assert document.language == "ar"
    assert "# ربط الحساب بنظام العملاء" in document.markdown
    assert "واضغط على زر الاتصال، وبعد ذلك أدخل المفتاح السري" in document.markdown
    assert "تحتاج إلى حساب مشرف وإلى مفتاح API صالح لمدة 30 يوما." in document.markdown


def test_a_pdf_that_only_forbids_printing_is_read(converter: Converter) -> None:
    assert "Refunds" in converter.convert(Raw(fixture("restricted.pdf"), "r.pdf")).markdown


@pytest.mark.parametrize(
    ("content", "name", "found"),
    [
        (fixture("billing.pdf"), "page.html", "# Billing guide"),
        (fixture("guide.docx"), "guide.pdf", "# Welcome guide"),
        (fixture("questions.xlsx"), "guide.docx", "## How do I reset my password?"),
        (HTML, "error.pdf", "# Refunds"),
        (HTML, "page", "# Refunds"),
        ("\ufeff".encode("utf-16-le") + HTML.decode().encode("utf-16-le"), "page.txt", "# Refunds"),
        (b"<!-- saved -->\n" + HTML, "notes.md", "# Refunds"),
        (b"Just a few words, no tag.", "page.html", "Just a few words, no tag."),
        (b"Just a few words.", "guide.docx", "Just a few words."),
        (b"question,answer\nHow?,So it goes.\n", "faq.CSV", "## How?"),
    ],
)
def test_content_counts_and_not_the_name(converter: Converter, content: bytes, name: str, found: str) -> None:
    assert found in converter.convert(Raw(content, name)).markdown


def test_a_flood_of_comments_is_sniffed_at_once(converter: Converter) -> None:
    assert "plain words" in converter.convert(Raw(b"<!---->" * 250 + b" and plain words", "a.txt")).markdown


def test_a_media_type_tells_kinds_of_text_apart(converter: Converter) -> None:
    table = Raw(b"question,answer\nHow?,So it goes.\n", "export", "text/csv; charset=utf-8")
    assert converter.convert(table).markdown == "## How?\n\nSo it goes."


@pytest.mark.parametrize(("content", "name", "code"), [*BAD, (WIDE, "a.xlsx", "too_complex")])
def test_a_bad_file_is_refused_with_its_code(converter: Converter, content: bytes, name: str, code: str) -> None:
    assert refused(converter, content, name) == code
    assert converter.convert(Raw(HTML, "page.html")).title == "Refunds"


@pytest.mark.parametrize(("content", "name", "code"), BAD)
def test_the_readers_refuse_with_the_same_codes_in_any_process(content: bytes, name: str, code: str) -> None:
    raw, limits = Raw(content, name), ConvertLimits()
    with pytest.raises(Unreadable) as refusal:
        read(raw, sniff(raw, limits), limits)
    assert refusal.value.code == code


@pytest.mark.parametrize("name", ["guide.docx", "questions.xlsx", "billing.pdf", "arabic.pdf", "restricted.pdf"])
def test_the_readers_give_the_same_in_any_process(converter: Converter, name: str) -> None:
    raw, limits = Raw(fixture(name), name), ConvertLimits()
    assert read(raw, sniff(raw, limits), limits).markdown == converter.convert(raw).markdown


def test_an_archive_that_lies_about_its_sizes_is_refused(converter: Converter) -> None:
    content = archive({"word/document.xml": bytes(3_000_000)})
    claimed = (3_000_000).to_bytes(4, "little")
    assert content.count(claimed) == 2
    assert refused(converter, content.replace(claimed, (300).to_bytes(4, "little")), "a.docx") == "damaged_document"


def test_an_archive_of_too_much_in_all_is_refused() -> None:
    noise = random.Random(1).randbytes(40_000)
    content = docx(document_xml(paragraph("Hello.")), {f"word/media/{number}.png": noise for number in range(5)})
    with pytest.raises(Unreadable) as refusal:
        convert(Raw(content, "a.docx"), ConvertLimits(unpacked_bytes=150_000))
    assert refusal.value.code == "zip_bomb"


def test_a_bomb_within_the_archive_stays_packed(converter: Converter) -> None:
    bomb = archive({"inner.zip": archive({"zeros": bytes(50_000_000)})})
    content = docx(document_xml(paragraph("Some plain words.")), {"word/embeddings/bomb.zip": bomb})
    assert converter.convert(Raw(content, "a.docx")).markdown == "Some plain words."


@pytest.mark.parametrize("name", ["guide.docx", "billing.pdf", "questions.xlsx"])
@pytest.mark.parametrize("seed", range(12))
def test_a_spoiled_file_is_read_or_refused_and_never_more(converter: Converter, name: str, seed: int) -> None:
    content = bytearray(fixture(name))
    chance = random.Random(seed)
    for _ in range(chance.choice((1, 20, 400))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    try:
        assert converter.convert(Raw(bytes(content), name)).markdown
    except Unreadable:
        return


def test_noise_is_refused(converter: Converter) -> None:
    assert refused(converter, os.urandom(5000), "a.pdf") in ("undecodable", "unsupported_type")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"word " * 50, "a.txt"),
        (docx(document_xml(paragraph("word " * 50))), "a.docx"),
        (b"<p>" + b"word " * 50 + b"</p>", "a.html"),
        (fixture("billing.pdf"), "a"),
    ],
)
def test_more_characters_than_allowed_are_too_large(content: bytes, name: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        convert(Raw(content, name), ConvertLimits(characters=100))
    assert refusal.value.code == "too_large"
