"""A few converters, each with its worker process, shared by all ingestions of a process."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from knowledge.converting.converter import Converter
from knowledge.documents import ConvertLimits, Document, Raw


class Converters:
    """Converts several documents at a time, `size` of them; further ones wait. Close it, or use it in a `with`."""

    def __init__(self, limits: ConvertLimits, size: int) -> None:
        self._free = [Converter(limits) for _ in range(size)]
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="converting")

    async def convert(self, raw: Raw) -> Document:
        """Return the document as Markdown; raises Unreadable, or Unavailable when no worker could be started.

        Cancelled, it leaves the conversion to end by itself, in the time that every one has.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._convert, raw)

    def _convert(self, raw: Raw) -> Document:
        converter = self._free.pop()  # there are as many as threads
        try:
            return converter.convert(raw)
        finally:
            self._free.append(converter)

    def close(self) -> None:
        """Wait for conversions under way, and end the workers."""
        self._threads.shutdown(cancel_futures=True)
        for converter in self._free:
            converter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
