"""The test server keeps to the protocol, as OpenAI's own client sees it."""

import subprocess
import sys
from pathlib import Path

import openai
import pytest

from tests.llm_server import LlmServer, rate_limited


def client_of(base_url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=base_url, api_key="k", max_retries=0)


def test_it_streams_with_usage_at_the_end() -> None:
    with LlmServer() as server:
        stream = client_of(server.base_url).chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": "Hi"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == "Hello. How can I help?"
    assert chunks[-1].usage is not None


def test_scripted_treatments_are_used_up_in_order() -> None:
    with LlmServer() as server:
        server.script(rate_limited(retry_after=3))
        client = client_of(server.base_url)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
        assert caught.value.response.headers["retry-after"] == "3"
        answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
        assert answer.choices[0].finish_reason == "stop"
        assert len(server.requests) == 2


def test_unknown_paths_are_not_served() -> None:
    with LlmServer() as server, pytest.raises(openai.NotFoundError):
        client_of(server.origin).embeddings.create(model="m", input="x")


def test_it_runs_on_its_own() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.llm_server", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        answer = client_of(base_url).chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
        assert answer.usage is not None
    finally:
        process.terminate()
        process.wait()


def test_it_embeds() -> None:
    with LlmServer() as server:
        answer = client_of(server.base_url).embeddings.create(
            model="m", input=["connect the bank", "the bank, connect!"], dimensions=64, encoding_format="float"
        )
    first, second = (row.embedding for row in answer.data)
    assert first == second
    assert len(first) == 64
    assert answer.usage.prompt_tokens > 0
