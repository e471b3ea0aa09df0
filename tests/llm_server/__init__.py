"""A small HTTP server that speaks the OpenAI protocol (completions and embeddings), and misbehaves on demand.

    with LlmServer() as server:
        server.script(rate_limited(retry_after=1), ok())      # then ok() for ever
        ... OPENAI_BASE_URL=server.base_url ...
        assert server.requests[0].body["temperature"] == 0

`python -m tests.llm_server --port 8090` serves it for a demonstration.
"""

from tests.llm_server.behaviours import (
    Behaviour,
    breaking_off,
    calling,
    content_filtered,
    cut_off,
    disconnecting,
    embedding,
    failing,
    fenced,
    filtered_prompt,
    garbage,
    hanging,
    held,
    html_page,
    ok,
    rate_limited,
    raw,
    refusing,
    saying,
    slow,
    streaming,
    unauthorized,
)
from tests.llm_server.server import LlmServer, Recorded

__all__ = [
    "Behaviour",
    "LlmServer",
    "Recorded",
    "breaking_off",
    "calling",
    "content_filtered",
    "cut_off",
    "disconnecting",
    "embedding",
    "failing",
    "fenced",
    "filtered_prompt",
    "garbage",
    "hanging",
    "held",
    "html_page",
    "ok",
    "rate_limited",
    "raw",
    "refusing",
    "saying",
    "slow",
    "streaming",
    "unauthorized",
]
