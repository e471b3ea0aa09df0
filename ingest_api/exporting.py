"""A user's copy of their data, made into a file: a JSON line for each row, and a receipt as the last line.

The file is finished before its first byte is sent. So a client that reads slowly holds no connection to the database,
and one that gets a file without its last line knows that it is not whole.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from tempfile import SpooledTemporaryFile
from typing import Final

import orjson

from db import erasures, exports
from db.pool import Database

MEDIA_TYPE: Final = "application/x-ndjson"
_IN_MEMORY: Final = 1 << 20
"""Bytes from which on the file is kept on disk."""
_PIECE: Final = 1 << 16

File = SpooledTemporaryFile[bytes]


async def write_rows(database: Database, company_id: str, user_id: str) -> tuple[File, Mapping[str, int]]:
    """Return the file as far as its rows go, and how many rows of each table are in it; all rows are of one moment."""
    file, counted = File(max_size=_IN_MEMORY), Counter[str]()
    async with database.snapshot(company_id) as connection:
        users = await erasures.names_of(connection, company_id, user_id)
        async for table, row in exports.rows(connection, company_id, users):
            file.write(b'{"table":"%b","row":%b}\n' % (table.encode(), row.encode()))
            counted[table] += 1
    return file, counted


def read_pieces(file: File, receipt: Mapping[str, object]) -> Iterator[bytes]:
    """Yield the file, the receipt after it, and close it."""
    with file:
        file.write(orjson.dumps({"receipt": receipt}) + b"\n")
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
