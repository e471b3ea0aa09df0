"""What the local embedding models cost: a question's CPU, memory, and how many passages a second an ingestion gets.

Questions and passages are XQuAD's in `EVAL_DATA`, or sentences of the demo where that is unset: the figures are of
time, not of quality, which `bench.knowledge` measures.

- a question: ours through the whole embedder (cleaning, digest, a real Redis for the cache, a thread) beside the bare
  model: one `session.run` of onnxruntime, one call of wordllama, one of the multilingual engine;
- passages: ours as an ingestion embeds them, every one new to the cache, beside the bare model in one thread;
- memory: what a process holds more after its first question than before it, each model in a process of its own.

Each is CPU time of this process, the rounds of both sides in turn.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

import psutil

from bench.report import emit
from core.redis import connect
from core.settings import LlmSettings
from knowledge.embedding.chain import check_embedders
from knowledge.embedding.embedder import Embedder
from knowledge.settings import EmbeddingSettings
from local.valkey import server_command

MODELS = ("minilm", "wordllama", "e5")
ROUNDS = 7
QUESTIONS = 20
PASSAGES = {"minilm": 16, "wordllama": 128, "e5": 4}
"""Per round; as many as take about a second."""
COMPANY = "0193a5b0-0000-7000-8000-000000000001"
_SENTENCE = "Connect a bank account under Settings, Banking; the IBAN must be that of a business account."

Bare = Callable[[str, bool], Any]


class NoSpend:
    """Local models cost nothing; nobody asks."""

    async def reserve(self, *_: object) -> bool:
        raise AssertionError

    async def settle(self, *_: object, **__: object) -> None:
        raise AssertionError


def corpus() -> tuple[list[str], list[str]]:
    """Return questions and passages, long enough for all rounds."""
    folder = os.environ.get("EVAL_DATA")
    path = Path(folder or ".") / "retrieval" / "xquad.en.json"
    if not (folder and path.is_file()):
        passages = [f"{number}. " + " ".join([_SENTENCE] * 8) for number in range(1000)]
        return [f"How do I connect bank account number {number}?" for number in range(1000)], passages
    paragraphs = [part for article in json.loads(path.read_text())["data"] for part in article["paragraphs"]]
    questions = [item["question"] for part in paragraphs for item in part["qas"]]
    return questions, [part["context"] for part in paragraphs]


def settings_of(name: str) -> EmbeddingSettings:
    return EmbeddingSettings(_env_file=None, embedding_providers=(name,))


def bare_of(name: str) -> Bare:
    """Return one call of the model itself, with what its own documentation does around it."""
    if name == "minilm":
        return _bare_minilm()
    if name == "wordllama":
        from knowledge.embedding import wordllama

        light = wordllama.load().model
        return lambda text, _: light.embed([text], norm=True)[0]
    from knowledge.embedding import e5

    engine = e5.load().model
    return engine.encode  # type: ignore[no-any-return]


def _bare_minilm() -> Bare:
    import numpy as np

    from knowledge.embedding import minilm

    model = minilm.load()

    def run(text: str, _: bool) -> Any:
        ids = np.array([model.tokenizer.encode(text).ids])
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        return model.session.run(None, feed)[0][0].mean(axis=0)

    return run


def cpu_of_bare(bare: Bare, texts: Sequence[str], is_query: bool) -> list[float]:
    """Return milliseconds of CPU of each text."""
    found = []
    for text in texts:
        began = time.process_time()
        bare(text, is_query)
        found.append((time.process_time() - began) * 1e3)
    return found


async def cpu_of_questions(embedder: Embedder, texts: Sequence[str]) -> list[float]:
    """Return milliseconds of CPU of each question, one call each, as a search makes them."""
    found = []
    for text in texts:
        began = time.process_time()
        await embedder.embed(COMPANY, [text], is_query=True)
        found.append((time.process_time() - began) * 1e3)
    return found


async def cpu_of_passages(embedder: Embedder, texts: Sequence[str]) -> float:
    """Return milliseconds of CPU per passage, in one call."""
    began = time.process_time()
    await embedder.embed(COMPANY, texts)
    return (time.process_time() - began) / len(texts) * 1e3


async def measure(name: str, embedder: Embedder, bare: Bare) -> None:
    """Print the lines of one model."""
    questions, passages = corpus()
    await embedder.embed(COMPANY, ["warm up"], is_query=True)
    bare("warm up", True)
    asked, put = [], []
    for number in range(ROUNDS):
        some = [f"{number} {text}" for text in questions[number * QUESTIONS :][:QUESTIONS]]
        asked.append((median(await cpu_of_questions(embedder, some)), median(cpu_of_bare(bare, some, True))))
        size = PASSAGES[name]
        some = [f"{number} {passages[place % len(passages)]}" for place in range(number * size, (number + 1) * size)]
        put.append((await cpu_of_passages(embedder, some), fmean(cpu_of_bare(bare, some, False))))
    emit(f"embed-question-{name}", [a for a, _ in asked], [b for _, b in asked], "ms CPU/question, p50", digits=3)
    emit(f"embed-passage-{name}", [a for a, _ in put], [b for _, b in put], "ms CPU/passage", digits=3)
    rows = [(1e3 / ours, 1e3 / theirs) for ours, theirs in put]
    emit(f"embed-rows-{name}", [a for a, _ in rows], [b for _, b in rows], "rows/s of one core", digits=1)


def memory(name: str) -> tuple[float, float]:
    """Return megabytes that one question adds to a process: of ours, and of the bare model; each in a new process."""
    found = []
    for side in ("ours", "bare"):
        done = subprocess.run(
            [sys.executable, "-m", "bench.embedders", "--memory", name, side], capture_output=True, check=True
        )
        found.append(float(done.stdout.split()[-1]))
    return found[0], found[1]


def hold(name: str, side: str) -> None:
    """Load one model, ask one question, and print how much the process grew by; libraries included."""
    process = psutil.Process()
    before = process.memory_info().rss
    if side == "bare":
        held = bare_of(name)
        held(_SENTENCE, True)
    else:
        asyncio.run(_ask_once(name))
    print((process.memory_info().rss - before) / 1e6)


async def _ask_once(name: str) -> None:
    from knowledge.embedding.wiring import build_embedders

    redis = connect("unix:///nowhere.sock")
    embedders = build_embedders(settings_of(name), LlmSettings(_env_file=None), redis, NoSpend())
    await embedders.primary.embed(COMPANY, [_SENTENCE], is_query=True)


async def run(names: Sequence[str], url: str) -> None:
    """Measure each model over one Redis."""
    from knowledge.embedding.wiring import build_embedders

    redis = connect(url)
    for name in names:
        embedders = build_embedders(settings_of(name), LlmSettings(_env_file=None), redis, NoSpend())
        await measure(name, embedders.primary, bare_of(name))
        await embedders.close()
    await redis.aclose()


def available() -> list[str]:
    """Return the models whose packages are installed."""
    return [name for name in MODELS if _is_there(name)]


def _is_there(name: str) -> bool:
    from core.errors import SettingsError

    try:
        check_embedders(settings_of(name), LlmSettings(_env_file=None))
    except SettingsError:
        print(f"{name} is not installed", file=sys.stderr)
        return False
    return True


def main() -> None:
    """Print the figures as lines of JSON."""
    for name in available():
        ours, bare = memory(name)
        emit(f"embed-memory-{name}", [ours], [bare], "MB resident", digits=0)
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "redis.sock"
        server = subprocess.Popen(server_command(Path(folder), socket), stdout=subprocess.DEVNULL)
        try:
            while not socket.exists():
                time.sleep(0.02)
            asyncio.run(run(available(), f"unix://{socket}"))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        hold(*sys.argv[2:4])
    else:
        main()
