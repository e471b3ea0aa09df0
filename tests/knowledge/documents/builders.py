"""Small files of each kind, made part by part so that a test can spoil one."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "fixtures"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_ROOT = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_R}/officeDocument" Target="word/document.xml"/></Relationships>'
)


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return packed.getvalue()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def document_xml(body: str, prologue: str = "") -> str:
    return f'{prologue}<w:document xmlns:w="{_W}" xmlns:r="{_R}"><w:body>{body}</w:body></w:document>'


def docx(document: str | bytes, more: Mapping[str, str | bytes] | None = None) -> bytes:
    parts = {"[Content_Types].xml": _TYPES, "_rels/.rels": _ROOT, "word/document.xml": document}
    return archive({**parts, **(more or {})})


def xlsx(rows: Mapping[int, Mapping[str, str]]) -> bytes:
    """Return `questions.xlsx` with other cells: {row number: {column letters: text}}."""
    cells = "".join(
        f'<row r="{number}">'
        + "".join(f'<c r="{column}{number}" t="inlineStr"><is><t>{text}</t></is></c>' for column, text in row.items())
        + "</row>"
        for number, row in rows.items()
    )
    sheet = f'<worksheet xmlns="{_SHEET}"><sheetData>{cells}</sheetData></worksheet>'
    with zipfile.ZipFile(io.BytesIO(fixture("questions.xlsx"))) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    return archive({**parts, "xl/worksheets/sheet1.xml": sheet})


def billion_laughs() -> str:
    """Return a document of 10^10 characters, were its entities expanded."""
    levels = "".join(f'<!ENTITY {chr(98 + level)} "{("&" + chr(97 + level) + ";") * 10}">' for level in range(9))
    return document_xml(paragraph("&j;"), f'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">{levels}]>')


def empty_pdf(*, pages: int = 1) -> bytes:
    """Return a PDF of blank pages, as a scanner makes them without text recognition."""
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 3 + pages))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages), *[page] * pages]
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(made))
    return made + b"xref\n0 %d\n" % size + table + end
