"""What cutting documents costs and what it tears, beside langchain's splitters with the same counter and size.

The text is the repository's own Markdown, repeated. Besides the seconds of CPU per megabyte it counts chunks that hold
headings alone, table rows without their header, and code torn from its fences: once for each side.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path

import orjson
from langchain_text_splitters import Language, MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter

from bench.report import emit
from knowledge.chunking import ChunkPolicy, chunk
from knowledge.documents import Document
from knowledge.tokens import estimate_tokens

ROUNDS = 5
POLICY = ChunkPolicy(size=220, overlap=30, cap=400)
_HEADINGS = [("#" * level, f"h{level}") for level in range(1, 7)]


def ours(text: str) -> list[str]:
    """Cut as the product does."""
    return [each.text for each in chunk(Document("Title", text), POLICY)]


def langchain(text: str) -> list[str]:
    """Cut with the header splitter and, behind it, the Markdown rules of the recursive splitter."""
    parts = MarkdownHeaderTextSplitter(_HEADINGS, strip_headers=False).split_text(text)
    splitter = RecursiveCharacterTextSplitter.from_language(
        Language.MARKDOWN, chunk_size=POLICY.size, chunk_overlap=POLICY.overlap, length_function=estimate_tokens
    )
    return [each.page_content for each in splitter.split_documents(parts)]


def torn(chunks: list[str]) -> dict[str, int]:
    """Count what a reader could not use."""
    return {
        "chunks": len(chunks),
        "headings_alone": sum(bool(re.fullmatch(r"(#{1,6} .*\s*)+", each)) for each in chunks),
        "rows_without_header": sum(
            any(line.startswith("|") for line in each.splitlines()) and not re.search(r"^\|[ :|-]+\|$", each, re.M)
            for each in chunks
        ),
        "torn_code": sum(len(re.findall(r"^\s*```", each, re.M)) % 2 for each in chunks),
        "largest": max(map(estimate_tokens, chunks)),
    }


def cost(cut: Callable[[str], list[str]], texts: list[str]) -> float:
    """Return seconds of CPU per megabyte."""
    began = time.process_time()
    for text in texts:
        cut(text)
    return (time.process_time() - began) / (sum(map(len, texts)) / 1e6)


def main() -> None:
    """Measure both in alternating rounds."""
    root = Path(__file__).parents[1]
    texts = [path.read_text() for path in sorted([*root.glob("*.md"), *root.glob("docs/**/*.md")])]
    for name, cut in (("ours", ours), ("langchain", langchain)):
        counted = torn([each for text in texts for each in cut(text)])
        print(orjson.dumps({"bench": "chunking", "what": name, **counted}).decode())
    rounds = [(cost(ours, texts * 5), cost(langchain, texts * 5)) for _ in range(ROUNDS)]
    emit("chunking", [mine for mine, _ in rounds], [theirs for _, theirs in rounds], "s CPU/MB", digits=3)


if __name__ == "__main__":
    main()
