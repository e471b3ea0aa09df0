"""Which runs of ingestion may begin beside those under way, so that no company's slow web site holds up the others.

A run that reads pages mostly waits, for a server or for the pace of a host, and may do so for hours. What was typed or
uploaded waits for nobody outside. So pages never get the last slot, and one company's pages get a third of all. A run
that may not begin is put off, for the others to be looked at meanwhile. The shares are of one process: several
processes together give a company as many of them.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

MOST_PUT_OFF: Final = 50
"""Runs that a process puts off on the stream at a time: each is looked at again every few seconds. Those beyond leave
the stream and are brought back by the sweep for runs left behind, the longest forgotten first."""
REMEMBERED_SECONDS: Final = 10.0
"""Time after which a run that was put off and not seen again counts as taken by another process."""


@dataclass(frozen=True, slots=True)
class Work:
    """A run as far as it matters to others. `reads_pages` says that it waits for servers."""

    company_id: str
    reads_pages: bool


def may_begin(wanted: Work, running: Iterable[Work], slots: int) -> bool:
    """Tell whether a run may begin beside those that are `running` in a process of so many slots (at least 1)."""
    under_way = list(running)
    if len(under_way) >= slots:
        return False
    if not wanted.reads_pages:
        return True
    companies = [work.company_id for work in under_way if work.reads_pages]
    return len(companies) < max(1, slots - 1) and companies.count(wanted.company_id) < max(1, slots // 3)


class Admission:
    """The runs under way in this process, and those that it put off."""

    def __init__(self, slots: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._slots = slots
        self._clock = clock
        self._running: dict[str, Work] = {}
        self._put_off: dict[str, float] = {}

    def begin(self, run_id: str, work: Work) -> bool:
        """Take a place for a run; False when it has one already or has to wait. `end` gives the place back."""
        if run_id in self._running or not may_begin(work, self._running.values(), self._slots):
            return False
        self._running[run_id] = work
        self._put_off.pop(run_id, None)
        return True

    def end(self, run_id: str) -> None:
        """Give the place of a run back."""
        del self._running[run_id]

    def put_off(self, run_id: str, *, is_fresh: bool) -> bool:
        """Note that a run has to wait; False when its entry need not stay on the stream for that.

        `is_fresh`: the entry was never put off, so that a run known here has another entry, and needs no second one.
        """
        now = self._clock()
        self._put_off = {each: at for each, at in self._put_off.items() if now - at < REMEMBERED_SECONDS}
        if is_fresh and (run_id in self._put_off or run_id in self._running):
            return False
        if run_id not in self._put_off and len(self._put_off) >= MOST_PUT_OFF:
            return False
        self._put_off[run_id] = now
        return True
