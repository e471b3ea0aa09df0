"""Response headers of the demo: a strict Content-Security-Policy, so that the SDK is always seen working under one."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.demo.config import DemoConfig


def content_security_policy(config: DemoConfig) -> str:
    """Nothing inline, nothing from elsewhere, but the SDK from the API's origin and its two connections."""
    directives = {
        "default-src": "'none'",
        "script-src": f"'self' {config.public_api_url}",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": f"'self' {config.public_api_url} {config.ws_url}",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


class SecurityHeaders:
    """ASGI middleware that adds the headers to every answer; nothing but static files may be cached."""

    def __init__(self, app: ASGIApp, config: DemoConfig) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": content_security_policy(config),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "strict-origin-when-cross-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, with the headers added when an answer starts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        cacheable = scope["path"].startswith("/static/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers["Cache-Control"] = "no-cache" if cacheable else "no-store"
            await send(message)

        await self._app(scope, receive, send_with_headers)
