"""Refusals that only this edge knows; their codes are as stable as those of `core.errors`."""

from core.errors import Conflict, Forbidden, InvalidRequest, NotFound, ProductError


class InvalidJson(InvalidRequest):
    """The body is not JSON (RFC 8259) in UTF-8, or nests too deeply."""

    code = "invalid_json"
    title = "The body is not valid JSON."


class InvalidEvents(InvalidRequest):
    """Some events are bad; `errors` names the index of every one of them, the rest may be sent again."""

    code = "invalid_events"
    title = "Some events of the batch are invalid; nothing was stored."


class TooManyEvents(InvalidRequest):
    """More events than one batch may hold."""

    code = "too_many_events"
    title = "The batch holds too many events."


class UserMismatch(Forbidden):
    """The user token speaks for one user, the events for another; `errors` names their indexes."""

    code = "user_mismatch"
    title = "The user token belongs to another user than the request names."


class NoConsent(Forbidden):
    """The user took back their consent; what they said is not exported."""

    code = "no_consent"
    title = "The user does not consent to that."


class UnsupportedMedia(ProductError):
    """A content type or encoding that the route does not read."""

    code = "unsupported_media_type"
    title = "This content type or encoding is not supported."


class MethodNotAllowed(ProductError):
    """The path exists, the method does not."""

    code = "method_not_allowed"
    title = "The method is not allowed here."


class UnknownRoute(NotFound):
    """There is nothing at this path."""

    title = "There is nothing at this path."


class VersionConflict(Conflict):
    """The document changed since the caller read it."""

    code = "version_conflict"
    title = "The document has changed since it was read."


class IdempotencyConflict(Conflict):
    """The same Idempotency-Key came with another request, or while the first is under way."""

    code = "idempotency_conflict"
    title = "The idempotency key belongs to another request."


class EmptyDocument(InvalidRequest):
    """The uploaded file holds no byte."""

    code = "empty_document"
    title = "The file is empty."


class SourceNotAllowed(InvalidRequest):
    """The operator allows pages of certain hosts alone, and this is none of them."""

    code = "not_allowed"
    title = "Pages of this host may not be read."


class PrivateAddress(InvalidRequest):
    """A tool's address lies inside the network of the installation, to which no call is made."""

    code = "private_address"
    title = "The address is not public."
