"""E-mails over SMTP, as text and HTML, from a thread: the standard library's client is not asynchronous."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from urllib.parse import unquote, urlsplit

from channels.message import DeliveryFailed, Message
from core.errors import SettingsError


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where e-mails are handed in. `implicit_tls` is `smtps://`; otherwise STARTTLS is used where it is offered."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    implicit_tls: bool = False


def parse_smtp_url(url: str) -> SmtpServer:
    """Read `smtp://user:password@host:587` or `smtps://…`; raises SettingsError, which never repeats the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError("SMTP_URL: is not a URL such as smtp://user:password@host:587") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise SettingsError("SMTP_URL: is not a URL such as smtp://user:password@host:587")
    implicit = parts.scheme == "smtps"
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return SmtpServer(parts.hostname, port or (465 if implicit else 587), user, password, implicit)


class EmailChannel:
    """Sends messages to a list of people."""

    def __init__(self, server: SmtpServer, sender: str, recipients: tuple[str, ...], timeout: float) -> None:
        self._server = server
        self._sender = sender
        self._recipients = recipients
        self._timeout = timeout

    async def send(self, message: Message) -> None:
        """Hand the e-mail in; raises DeliveryFailed."""
        try:
            mail = compose(message, self._sender, self._recipients)
        except (ValueError, MessageError) as error:
            raise DeliveryFailed("invalid_address", permanent=True) from error
        await asyncio.to_thread(self._hand_in, mail)

    def _hand_in(self, mail: EmailMessage) -> None:
        try:
            with self._connect() as client:
                if self._server.user:
                    client.login(self._server.user, self._server.password or "")
                client.send_message(mail, from_addr=self._sender, to_addrs=list(self._recipients))
        except (smtplib.SMTPException, OSError) as error:
            raise failure_of(error) from error

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._server.implicit_tls:
            return smtplib.SMTP_SSL(self._server.host, self._server.port, timeout=self._timeout, context=context)
        client = smtplib.SMTP(self._server.host, self._server.port, timeout=self._timeout)
        try:
            client.ehlo()
            if client.has_extn("starttls"):
                client.starttls(context=context)
        except BaseException:
            client.close()
            raise
        return client


def failure_of(error: Exception) -> DeliveryFailed:
    """Tell what an error of the client means: by SMTP, a code of 5xx is final and anything else may pass."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return DeliveryFailed("recipients_refused", permanent=all(code >= 500 for code in codes))
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return DeliveryFailed("smtp_login_refused", permanent=error.smtp_code >= 500)
    if isinstance(error, smtplib.SMTPResponseException):
        return DeliveryFailed(f"smtp_{error.smtp_code}", permanent=error.smtp_code >= 500)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return DeliveryFailed("smtp_not_supported", permanent=True)
    # smtplib turns a timeout while it waits for an answer into "disconnected".
    late = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    return DeliveryFailed("timeout" if late else "connection_failed", permanent=False)


def compose(message: Message, sender: str, recipients: tuple[str, ...]) -> EmailMessage:
    """Return the e-mail; raises ValueError when an address would break out of its header."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.title.split())
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.message_id}@onboarding-agent>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text_of(message))
    mail.add_alternative(html_of(message), subtype="html")
    return mail


def text_of(message: Message) -> str:
    """Return the message as plain text."""
    lines = [message.text, "", *(f"{label}: {value}" for label, value in message.facts)]
    return "\n".join([*lines, "", message.link] if message.link else lines) + "\n"


def html_of(message: Message) -> str:
    """Return the message as HTML; everything that came from outside is escaped."""
    rows = "".join(
        f"<tr><th align='left' valign='top'>{escape(label)}</th><td>{_lines(value)}</td></tr>"
        for label, value in message.facts
    )
    link = f"<p><a href='{escape(message.link)}'>Open</a></p>" if message.link else ""
    return (
        f"<html><body><h2>{escape(message.title)}</h2><p>{_lines(message.text)}</p>"
        f"<table cellpadding='4'>{rows}</table>{link}</body></html>"
    )


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
