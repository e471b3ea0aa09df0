"""The API as a command uses it: answers as plain values, refusals as one readable line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from core.errors import ProductError

PREFIX = "/api/v1/knowledge"
TIMEOUT_SECONDS = 60


class Refusal(ProductError):
    """The API refused or cannot be reached; the text is one line for people."""

    code = "refused"
    title = "The API refused."


class Api:
    """The knowledge routes of one API, with one key."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    @classmethod
    @contextmanager
    def open(cls, api_url: str, key: str) -> "Iterator[Api]":
        """Connect to the API at an origin; raises Refusal for one that is no http or https address."""
        if not _is_origin(api_url):
            raise Refusal("ONBOARDING_API_URL (--api-url): must be a URL that begins with http:// or https://")
        with httpx2.Client(base_url=api_url, headers={"X-API-Key": key}, timeout=TIMEOUT_SECONDS) as client:
            yield cls(client)

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the answer to a GET; parameters that are None are left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return self._call("GET", path, params=given).json()

    def post(self, path: str, **request: Any) -> Any:
        """Return the answer to a POST."""
        return self._call("POST", path, **request).json()

    def delete(self, path: str) -> None:
        """Delete what is at a path."""
        self._call("DELETE", path)

    def pages(self, path: str) -> Iterator[Any]:
        """Return every item of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, limit=200)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _call(self, method: str, path: str, **request: Any) -> httpx2.Response:
        try:
            answer = self._client.request(method, PREFIX + path, **request)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Refusal(f"the API cannot be reached: {type(error).__name__}: {error}") from None
        if answer.is_success:
            return answer
        raise Refusal(_reason(answer))


def _is_origin(url: str) -> bool:
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return False
    return parsed.scheme in ("http", "https") and bool(parsed.host)


def _reason(answer: httpx2.Response) -> str:
    try:
        problem = answer.json()
        faults = "; ".join(f"{each.get('field', '')}: {each['detail']}" for each in problem.get("errors", ()))
        return f"{problem['code']}: {problem['detail']}{f' ({faults})' if faults else ''}"
    except (ValueError, KeyError, TypeError):
        return f"the API answered {answer.status_code}"
