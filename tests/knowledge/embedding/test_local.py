"""The local models: right vectors, whatever the text, without a network, and loaded once."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.errors import ProviderFailed
from knowledge.embedding import e5, minilm, wordllama
from knowledge.embedding.embedder import REJECTED, UNAVAILABLE, EmbeddingUnavailable, Space, Vector
from knowledge.embedding.local import LocalModel, LocalProvider, check_file, loaded
from knowledge.embedding.provider import Rejected
from tests.conftest import require
from tests.knowledge.embedding.conftest import COMPANY, Build, llm_at

ARTICLES = {
    "bank": "Connect a bank account: open Settings, choose Banking, and enter the IBAN of your business account.",
    "invite": "Invite colleagues: under Team, add their e-mail addresses; each gets a link that is valid for a week.",
    "export": "Export invoices: choose a period and download all of them as a CSV file or as a ZIP of PDFs.",
    "password": "Reset your password: click on Forgotten password and follow the link in the message.",
    "delete": "Delete your account: all data is erased after thirty days, and cannot be brought back.",
}
QUESTIONS = {
    "How can I link my bank?": "bank",
    "I want my teammate to join": "invite",
    "download all my bills as a spreadsheet": "export",
    "I cannot remember my password": "password",
    "remove my user for good": "delete",
}
ARABIC = {
    "bank": "ربط حساب بنكي: افتح الإعدادات واختر البنوك وأدخل رقم الآيبان لحساب شركتك.",
    "invite": "دعوة الزملاء: أضف عناوين بريدهم الإلكتروني وسيصل كل منهم رابط صالح لمدة أسبوع.",
    "password": "إعادة تعيين كلمة المرور: انقر على نسيت كلمة المرور واتبع الرابط في الرسالة.",
}
ARABIC_QUESTIONS = {
    "كيف أضيف حسابي في البنك؟": "bank",
    "لا أتذكر كلمة السر": "password",
    "كيف أدعو زميلي؟": "invite",
}
HOSTILE = ["x" * 5_000, "\u0300" * 100, "🙂" * 50, "\u202e\u200f\ufeff", "[CLS] [SEP] [PAD]", "</s><s>", "1", "。"]


@pytest.fixture(scope="session")
def mini() -> minilm.MiniLM:
    return minilm.load()


@pytest.fixture(scope="session")
def light() -> wordllama.WordLlama:
    return wordllama.load()


@pytest.fixture(scope="session")
def multilingual() -> e5.E5:
    require(sys.platform == "linux" and os.uname().machine == "x86_64", "the package of multilingual-e5")
    return e5.load()


@pytest.fixture(params=["mini", "light", "multilingual"])
def model(request: pytest.FixtureRequest) -> LocalModel:
    found: LocalModel = request.getfixturevalue(request.param)
    return found


SPACES = {minilm.MiniLM: minilm.SPACE, wordllama.WordLlama: wordllama.SPACE, e5.E5: e5.SPACE}


def answers(model: LocalModel, articles: dict[str, str], questions: dict[str, str]) -> dict[str, str]:
    """Which article each question finds."""
    names = list(articles)
    passages = np.array(model.embed(list(articles.values()), is_query=False))
    asked = np.array(model.embed(list(questions), is_query=True))
    return {question: names[place] for question, place in zip(questions, (asked @ passages.T).argmax(1), strict=True)}


def test_questions_find_their_articles(model: LocalModel) -> None:
    right = [answers(model, ARTICLES, QUESTIONS)[question] == name for question, name in QUESTIONS.items()]
    assert sum(right) >= 4


def test_arabic_questions_find_arabic_and_english_articles(multilingual: e5.E5) -> None:
    assert answers(multilingual, ARABIC, ARABIC_QUESTIONS) == ARABIC_QUESTIONS
    across = answers(multilingual, ARTICLES, ARABIC_QUESTIONS)
    assert sum(across[question] == name for question, name in ARABIC_QUESTIONS.items()) >= 2


def test_any_text_has_a_sound_vector(model: LocalModel) -> None:
    for text, vector in zip(HOSTILE, model.embed(HOSTILE, is_query=False), strict=True):
        assert vector.shape == (SPACES[type(model)].dimension,), text[:20]
        assert vector.dtype == np.float32
        assert abs(float(vector @ vector) - 1) < 1e-4, text[:20]


def test_a_text_has_one_vector_whatever_it_is_batched_with(model: LocalModel) -> None:
    texts = [*ARTICLES.values(), "short"]
    together = model.embed(texts, is_query=False)
    alone = [model.embed([text], is_query=False)[0] for text in texts]
    assert all(np.array_equal(mine, theirs) for mine, theirs in zip(together, alone, strict=True))


def test_threads_do_not_disturb_each_other(model: LocalModel) -> None:
    texts = list(ARTICLES.values())
    wanted = model.embed(texts, is_query=False)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: model.embed(texts, is_query=False), range(4)):
            assert all(np.array_equal(mine, theirs) for mine, theirs in zip(found, wanted, strict=True))


def test_minilm_reads_its_512_tokens_and_no_more(mini: minilm.MiniLM) -> None:
    beginning = "The invoice is due. " * 60  # 7 word pieces each
    plain, longer, other = mini.embed([beginning, beginning + "Bank. " * 40, beginning + "x " * 900], is_query=False)
    assert not np.array_equal(plain, longer)
    cut = mini.embed([beginning + "x " * 2000], is_query=False)[0]
    assert np.array_equal(other, cut)


def test_e5_tells_a_question_from_a_passage(multilingual: e5.E5, mini: minilm.MiniLM) -> None:
    for model, differs in ((multilingual, True), (mini, False)):
        as_query, as_passage = model.embed(["Export"], is_query=True)[0], model.embed(["Export"], is_query=False)[0]
        assert np.array_equal(as_query, as_passage) != differs


def test_what_overran_the_engine_does_so_no_more(multilingual: e5.E5) -> None:
    """In a process of its own, since without our care it ends the process."""
    code = (
        "from knowledge.embedding import e5; m = e5.load();"
        "v = m.embed(['\\ufdfa' * 300], is_query=True); print(len(v), float(v[0] @ v[0]) > 0.99)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert (done.returncode, done.stdout.split()) == (0, ["1", "True"]), done.stderr


@pytest.mark.parametrize("name", ["minilm", "wordllama", "e5"])
def test_loading_asks_no_network(name: str, multilingual: e5.E5, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a model must load without a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    before = (logging.getLogger().level, list(logging.getLogger().handlers), os.environ.get("OMP_NUM_THREADS"))
    model: LocalModel = {"minilm": minilm, "wordllama": wordllama, "e5": e5}[name].load()
    assert len(model.embed(["Export"], is_query=True)) == 1
    assert before == (
        logging.getLogger().level,
        list(logging.getLogger().handlers),
        os.environ.get("OMP_NUM_THREADS"),
    )


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with pytest.raises(Rejected, match=r"model\.onnx is not the file that it should be"):
        check_file(path, "00")
    path.write_bytes(b"other")
    with pytest.raises(Rejected):
        check_file(path, "00")
    check_file(path, "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa")


class Recording:
    """A model that notes in which thread it runs."""

    def __init__(self, error: Exception | None = None) -> None:
        self.threads: set[threading.Thread] = set()
        self.error = error

    def embed(self, texts: Sequence[str], *, is_query: bool) -> list[Vector]:
        self.threads.add(threading.current_thread())
        if self.error:
            raise self.error
        return [np.array([1, 0], dtype=np.float32) for _ in texts]


async def test_a_model_is_loaded_once_and_runs_off_the_event_loop() -> None:
    space, loads, model = Space("once", 2), [], Recording()

    def load() -> LocalModel:
        loads.append(threading.current_thread())
        return model

    with ThreadPoolExecutor(4) as executor:
        providers = [LocalProvider("x", space, load, executor, 512) for _ in range(3)]
        await asyncio.gather(*[provider.answer(["a"], is_query=False) for provider in providers * 4])
    assert len(loads) == 1
    assert threading.current_thread() not in {*loads, *model.threads}


async def test_a_model_that_cannot_be_loaded_or_fails() -> None:
    def load() -> LocalModel:
        raise OSError("no such file")

    with pytest.raises(Rejected, match="gone cannot be loaded: OSError"):
        loaded(Space("gone", 2), load)
    with ThreadPoolExecutor(1) as executor:
        for error, kind in ((MemoryError("secret text"), ProviderFailed), (Rejected("no"), Rejected)):
            space = Space(f"failing {error!r}", 2)
            provider = LocalProvider("x", space, lambda error=error: Recording(error), executor, 512)
            with pytest.raises(kind) as caught:
                await provider.answer(["a"], is_query=False)
            assert "secret" not in str(caught.value)


async def test_the_default_needs_no_key(build: Build, mini: minilm.MiniLM) -> None:
    embedders = build(llm_at(), embedding_providers=())
    texts = [*ARTICLES.values()] * 3
    vectors = await embedders.primary.embed(COMPANY, texts)
    assert embedders.primary.space.key == "minilm-l6-v2-int8:384"
    wanted = mini.embed(texts, is_query=False)
    assert all(np.allclose(mine, theirs, atol=1e-6) for mine, theirs in zip(vectors, wanted, strict=True))


async def test_a_question_is_cached_apart_from_its_passage(build: Build, multilingual: e5.E5) -> None:
    embedder = build(llm_at(), embedding_providers=("e5",)).primary
    for _ in range(2):
        [as_query] = await embedder.embed(COMPANY, ["Export"], is_query=True)
        [as_passage] = await embedder.embed(COMPANY, ["Export"])
        assert np.array_equal(as_query, multilingual.embed(["Export"], is_query=True)[0])
        assert np.array_equal(as_passage, multilingual.embed(["Export"], is_query=False)[0])


def test_only_an_outage_is_one() -> None:
    assert EmbeddingUnavailable(UNAVAILABLE, "x").is_outage
    assert not EmbeddingUnavailable(REJECTED, "x").is_outage
