"""A tool that is an HTTP endpoint of the company: one signed request, one bounded answer."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.tools import ToolDefinition
from graph.talk import ToolSpec
from graph.tools.contracts import TIMEOUT, TOO_LATE, Content, Invocation, ToolFailed
from knowledge.fetching.answers import read_body
from knowledge.fetching.connections import Connections
from knowledge.fetching.refusals import TOO_SLOW, Refused
from knowledge.fetching.urls import host_of
from stream_consumer.tools.answers import MAX_READ, content_of
from stream_consumer.tools.requests import Request, request_of


@dataclass(frozen=True, slots=True)
class HttpTool:
    """`graph.tools.contracts.RemoteTool`; `secret` signs (Standard Webhooks)."""

    definition: ToolDefinition
    secret: str = field(repr=False)
    connections: Connections

    @property
    def spec(self) -> ToolSpec:
        """How a model gets to know it: by the company's own words."""
        return ToolSpec(self.definition.name, self.definition.description, self.definition.parameters)

    async def call(self, invocation: Invocation) -> Content:
        """Send the request and read the answer; raises ToolFailed."""
        request = request_of(self.definition, self.secret, invocation, datetime.now(UTC))
        try:
            return await self._send(request)
        except Refused as refused:
            raise failure_of(refused) from refused

    async def _send(self, request: Request) -> Content:
        seconds = self.definition.timeout_seconds
        async with self.connections.send(
            request.method, request.url, request.headers.items(), seconds, request.body
        ) as answer:
            body, is_cut = await read_body(answer, MAX_READ, host=host_of(request.url), may_cut=True)
            return content_of(answer.status_code, answer.headers.get("content-type", ""), body, is_cut=is_cut)


def failure_of(refused: Refused) -> ToolFailed:
    """Return what it means for a tool that its address was not reached, or broke off its answer."""
    if refused.code == TOO_SLOW:
        return ToolFailed(TIMEOUT, TOO_LATE)
    words = "the tool cannot be reached now" if refused.is_passing else "the tool is not set up correctly"
    return ToolFailed(refused.code, words)
