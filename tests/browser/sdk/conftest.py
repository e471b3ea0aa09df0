"""A host page, and a stand-in for the servers that can misbehave, for tests of the SDK."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.sdk.standin import StandIn


@pytest.fixture
def standin(sdk_dist: Path) -> Iterator[StandIn]:
    """API, gateway and the host's pages on free ports of this machine."""
    with StandIn(sdk_dist) as running:
        yield running
