"""ZIP archives, which DOCX and XLSX are, looked at before any parser sees them: bombs and unknown kinds stop here."""

import io
import zipfile
import zlib
from typing import Final

from knowledge.converting.sniffing import Kind
from knowledge.documents import DAMAGED, ENCRYPTED, UNSUPPORTED, ZIP_BOMB, ConvertLimits, Unreadable

_PARTS: Final = {
    "word/document.xml": Kind.OFFICE,
    "xl/workbook.xml": Kind.SPREADSHEET,
    "xl/workbook.bin": Kind.SPREADSHEET,
}
_ODS: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_SMALL: Final = 10_000_000
"""Bytes below which a ratio says nothing: a table of zeros packs a thousandfold."""
_ENCRYPTED_FLAG: Final = 0x1
_STEP: Final = 1 << 20


def identify(content: bytes, limits: ConvertLimits) -> Kind:
    """Return SPREADSHEET for a workbook and OFFICE for a DOCX, after unpacking every part once within the limits.

    Archives within the archive are never opened, so that only the outermost layer can burst.

    Raises:
        Unreadable: `zip_bomb`, `encrypted_document`, `damaged_document` or `unsupported_type`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_sizes(archive.infolist(), limits)
            _unpack(archive, limits)
            return _kind(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError) as error:
        if "Overlapped" in str(error):
            raise Unreadable(ZIP_BOMB, "Parts of the archive overlap.") from None
        raise Unreadable(DAMAGED, "The archive is damaged or cut off.") from None


def _check_sizes(entries: list[zipfile.ZipInfo], limits: ConvertLimits) -> None:
    if len(entries) > limits.entries:
        raise Unreadable(ZIP_BOMB, f"The archive has {len(entries)} parts; at most {limits.entries} are read.")
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        raise Unreadable(ENCRYPTED, "Parts of the archive are protected by a password.")
    total = sum(entry.file_size for entry in entries)
    if total > limits.unpacked_bytes:
        raise Unreadable(ZIP_BOMB, f"Unpacked it has {total} bytes; at most {limits.unpacked_bytes} are read.")
    for entry in entries:
        if entry.file_size > max(_SMALL, limits.unpack_ratio * entry.compress_size):
            raise Unreadable(ZIP_BOMB, f"A part unpacks to more than {limits.unpack_ratio} times its size.")


def _unpack(archive: zipfile.ZipFile, limits: ConvertLimits) -> None:
    # The sizes above are the archive's own claims. Reading stops at the claimed size and fails on a false checksum.
    left = limits.unpacked_bytes
    for entry in archive.infolist():
        with archive.open(entry) as part:
            while step := part.read(_STEP):
                left -= len(step)
                if left < 0:
                    raise Unreadable(ZIP_BOMB, "Unpacked it is larger than it claims.")


def _kind(archive: zipfile.ZipFile) -> Kind:
    names = set(archive.namelist())
    for part, kind in _PARTS.items():
        if part in names:
            return kind
    if "mimetype" in names and archive.read("mimetype").strip() == _ODS:
        return Kind.SPREADSHEET
    raise Unreadable(UNSUPPORTED, "By its content this is an archive, but neither a DOCX nor a workbook.")
