"""One worker process for all conversions of a session: starting it costs more than most of them."""

from collections.abc import Iterator

import pytest

from knowledge.converting.converter import Converter
from knowledge.documents import ConvertLimits


@pytest.fixture(scope="session")
def converter() -> Iterator[Converter]:
    with Converter(ConvertLimits(seconds=20)) as shared:
        yield shared
