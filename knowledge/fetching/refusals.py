"""Every way in which an address can turn out not to be readable, each with a stable code."""

from typing import Final

from core.errors import ProductError

INVALID_URL: Final = "invalid_url"
"""Code: no http or https address of a server, or one with a user name, a password or a disguised IP address."""
NOT_ALLOWED: Final = "not_allowed"
"""Code: the host or the port is not among KB_ALLOWED_SOURCES."""
PRIVATE_ADDRESS: Final = "private_address"
"""Code: the name leads to an address that is not public and not opened by KB_ALLOWED_PRIVATE_NETWORKS."""
ROBOTS: Final = "robots"
"""Code: the site's robots.txt asks not to read this."""
ROBOTS_UNAVAILABLE: Final = "robots_unavailable"
"""Code: robots.txt cannot be read now, so the site counts as closed for a while (RFC 9309, 2.3.1.4). May pass."""
UNKNOWN_HOST: Final = "unknown_host"
"""Code: no such name, or the resolver does not answer. May pass."""
UNREACHABLE: Final = "unreachable"
"""Code: nobody answers there, or the connection broke. May pass."""
TLS_FAILED: Final = "tls_failed"
"""Code: the server's certificate is not valid for its name."""
TOO_SLOW: Final = "too_slow"
"""Code: the page did not arrive within KB_FETCH_TIMEOUT_SECONDS. May pass."""
TOO_LARGE: Final = "too_large"
"""Code: more bytes, after decompression, than KB_MAX_DOCUMENT_BYTES."""
NOT_FOUND: Final = "not_found"
"""Code: the server says that there is no such page (404) or not any more (410)."""
BAD_STATUS: Final = "bad_status"
"""Code: any other answer than a page. May pass when the server calls it its own fault (5xx)."""
BUSY: Final = "busy"
"""Code: the server asks for patience (429, 503), also after further attempts. `retry_after` in seconds. May pass."""
BAD_REDIRECT: Final = "bad_redirect"
"""Code: a redirect without a usable target, from https to http, or one too many."""
BAD_RESPONSE: Final = "bad_response"
"""Code: no complete HTTP answer (may pass), or one that is compressed in a way that we did not ask for."""
BAD_SITEMAP: Final = "bad_sitemap"
"""Code: neither a sitemap nor a sitemap index nor a list of addresses."""

CODES: Final = (
    INVALID_URL,
    NOT_ALLOWED,
    PRIVATE_ADDRESS,
    ROBOTS,
    ROBOTS_UNAVAILABLE,
    UNKNOWN_HOST,
    UNREACHABLE,
    TLS_FAILED,
    TOO_SLOW,
    TOO_LARGE,
    NOT_FOUND,
    BAD_STATUS,
    BUSY,
    BAD_REDIRECT,
    BAD_RESPONSE,
    BAD_SITEMAP,
)


class Refused(ProductError):
    """This address was not read. `code` is one of `CODES`; `is_passing` tells whether a later try may succeed."""

    code = UNREACHABLE
    title = "The address cannot be read."

    def __init__(self, code: str, detail: str, *, is_passing: bool = False, retry_after: float | None = None) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.code = code
        self.is_passing = is_passing

    def renewed(self) -> "Refused":
        """Return an equal refusal to raise once more; an exception that is raised twice drags its history along."""
        return Refused(self.code, self.detail, is_passing=self.is_passing, retry_after=self.retry_after)
