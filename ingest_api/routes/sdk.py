"""The SDK's scripts, for pages of any origin: cached five minutes, revalidated by ETag, compressed once."""

import gzip
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Response

from core.errors import NotFound

NAME: Final = "onboarding-agent-sdk.js"
CHAT: Final = "onboarding-agent-chat.js"
CHAT_IN_ARABIC: Final = "onboarding-agent-chat-ar.js"
_PACKAGED: Final = Path(__file__).parents[1] / "static"
_BUILT: Final = Path(__file__).parents[2] / "sdk-js" / "dist"
_HEADERS: Final = {
    "Cache-Control": "public, max-age=300",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
}

router = APIRouter(tags=["sdk"])


@dataclass(frozen=True, slots=True)
class Script:
    """A script, ready to be sent."""

    modified_ns: int
    plain: bytes
    compressed: bytes
    etag: str


_cached: dict[Path, Script] = {}


def load_script(name: str = NAME) -> Script:
    """Return the packaged script, or the one built in this tree, read again when it changes; raises NotFound."""
    path = next((folder / name for folder in (_PACKAGED, _BUILT) if (folder / name).is_file()), None)
    if path is None:
        raise NotFound("The SDK has not been built here.")
    modified_ns = path.stat().st_mtime_ns
    if path not in _cached or _cached[path].modified_ns != modified_ns:
        plain = path.read_bytes()
        etag = f'"{sha256(plain).hexdigest()[:32]}"'
        _cached[path] = Script(modified_ns, plain, gzip.compress(plain, mtime=0), etag)
    return _cached[path]


_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/javascript": {}}},
    304: {"description": "The copy you have is current."},
}
_AcceptEncoding = Annotated[str, Header()]
_IfNoneMatch = Annotated[str, Header()]


@router.get(f"/sdk/{NAME}", summary="The SDK script", response_class=Response, responses=_RESPONSES)
async def send_script(accept_encoding: _AcceptEncoding = "", if_none_match: _IfNoneMatch = "") -> Response:
    """Send the script for a script tag; its global is `OnboardingAgent`."""
    return _answer(load_script(NAME), accept_encoding, if_none_match)


@router.get(f"/sdk/{CHAT}", summary="The SDK's chat", response_class=Response, responses=_RESPONSES)
async def send_chat(accept_encoding: _AcceptEncoding = "", if_none_match: _IfNoneMatch = "") -> Response:
    """Send the module that the SDK script imports when the chat is wanted."""
    return _answer(load_script(CHAT), accept_encoding, if_none_match)


@router.get(f"/sdk/{CHAT_IN_ARABIC}", summary="The SDK's chat in Arabic", response_class=Response, responses=_RESPONSES)
async def send_chat_in_arabic(accept_encoding: _AcceptEncoding = "", if_none_match: _IfNoneMatch = "") -> Response:
    """Send the same module with its words in Arabic."""
    return _answer(load_script(CHAT_IN_ARABIC), accept_encoding, if_none_match)


def _answer(script: Script, accept_encoding: str, if_none_match: str) -> Response:
    headers = {**_HEADERS, "ETag": script.etag}
    if script.etag in if_none_match:
        return Response(status_code=304, headers=headers)
    if "gzip" not in accept_encoding:
        return Response(script.plain, media_type="text/javascript", headers=headers)
    return Response(script.compressed, media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})
