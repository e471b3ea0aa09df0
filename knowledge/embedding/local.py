"""Runs a local model: loaded once per process, at first use, and never on the event loop."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final, Protocol

from core.errors import ProviderFailed
from knowledge.embedding.embedder import Space, Vector
from knowledge.embedding.provider import Answer, Rejected
from knowledge.embedding.texts import BatchPolicy

THREADS: Final = max(1, min(4, (os.cpu_count() or 2) // 2))
"""Threads of one run of a model: half the machine at most, since others work on it too."""
RUNS: Final = 2
"""Runs at a time: a question need not wait for the passages of an ingestion."""
BATCH: Final = 8
"""Texts of one run, for the same reason; a larger one is no faster on a CPU."""


class LocalModel(Protocol):
    """A loaded model. `embed` blocks, may be called from several threads, and wants at least one clean text."""

    def embed(self, texts: Sequence[str], *, is_query: bool) -> list[Vector]:
        """Return one vector per text."""
        ...


@dataclass(frozen=True, slots=True)
class LocalProvider:
    """A provider whose model is a file on this machine; `load` is called once per process and space."""

    name: str
    space: Space
    load: Callable[[], LocalModel]
    executor: Executor
    text_tokens: int
    tells_queries: bool = False
    worth_caching: bool = True
    pays: bool = field(default=False, init=False)

    @property
    def policy(self) -> BatchPolicy:
        """Return small batches; a text longer than the model reads is cut by its tokenizer."""
        return BatchPolicy(BATCH, BATCH * self.text_tokens, self.text_tokens)

    async def answer(self, texts: Sequence[str], *, is_query: bool) -> Answer:
        """Embed one batch in a thread; see Provider."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, self._run, tuple(texts), is_query)

    async def close(self) -> None:
        """Let the threads end; the model stays with the process."""
        self.executor.shutdown(wait=False)

    def _run(self, texts: Sequence[str], is_query: bool) -> Answer:
        model = loaded(self.space, self.load)
        try:
            return Answer(tuple(model.embed(texts, is_query=is_query)))
        except ProviderFailed:
            raise
        except Exception as error:
            raise ProviderFailed(f"{self.name} failed: {type(error).__name__}") from error


_models: Final[dict[Space, LocalModel]] = {}
_loading: Final = Lock()


def loaded(space: Space, load: Callable[[], LocalModel]) -> LocalModel:
    """Return the model of a space, loading it when nobody in this process has yet. Blocks.

    Raises:
        Rejected: it cannot be loaded: a package is missing or a file is damaged.
    """
    with _loading:
        if space not in _models:
            try:
                _models[space] = load()
            except Rejected:
                raise
            except Exception as error:
                raise Rejected(f"{space.model} cannot be loaded: {type(error).__name__}") from error
        return _models[space]


def check_file(path: Path, sha256: str) -> None:
    """Raise Rejected, which names the file, when it is missing or not what it should be."""
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise Rejected(f"{path.name} is not the file that it should be; install the package {path.parts[-2]} again")
