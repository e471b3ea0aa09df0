"""E-mails against a small SMTP server that speaks just enough of the protocol, and refuses on demand."""

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy

import pytest

from channels.email import EmailChannel, SmtpServer, failure_of, html_of, parse_smtp_url
from channels.message import DeliveryFailed
from core.errors import SettingsError
from tests.channels.test_webhook import MESSAGE


@dataclass
class Mailbox:
    """What the server was told; `answers` overrides its reply to a command."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._say(writer, "220 test")
        while line := await reader.readline():
            command = line.decode().strip()
            self.commands.append(command)
            verb = command.split(" ")[0].upper()
            if verb == "DATA" and "DATA" not in self.answers:
                await self._say(writer, "354 go on")
                self.mails.append((await reader.readuntil(b"\r\n.\r\n"))[:-5])
            known = {"EHLO": "250-test\r\n250-AUTH PLAIN\r\n250 SIZE 100000", "AUTH": "235 welcome", "QUIT": "221 bye"}
            await self._say(writer, self.answers.get(verb, known.get(verb, "250 fine")))
            if verb == "QUIT":
                break
        writer.close()

    async def _say(self, writer: asyncio.StreamWriter, line: str) -> None:
        writer.write(line.encode() + b"\r\n")
        await writer.drain()


@asynccontextmanager
async def mail_server(**answers: str) -> AsyncIterator[Mailbox]:
    mailbox = Mailbox(answers=answers)
    server = await asyncio.start_server(mailbox.serve, "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mailbox


def channel_to(port: int, *recipients: str, user: str | None = None) -> EmailChannel:
    server = SmtpServer("127.0.0.1", port, user, "pass word" if user else None)
    return EmailChannel(server, "agent@acme.test", recipients or ("cs@acme.test",), 2)


async def test_a_mail_has_text_and_html_and_an_id_that_repeats() -> None:
    async with mail_server() as mailbox:
        await channel_to(mailbox.port, "cs@acme.test", "boss@acme.test", user="agent").send(MESSAGE)
    (raw,) = mailbox.mails
    mail = message_from_bytes(raw, policy=policy.default)
    assert (mail["Subject"], mail["From"]) == ("A user is stuck", "agent@acme.test")
    assert mail["To"] == "cs@acme.test, boss@acme.test"
    assert mail["Message-ID"] == "<0193-m@onboarding-agent>"
    text, html = (part.get_content() for part in mail.iter_parts())  # type: ignore[attr-defined]
    assert "User: u <1>" in text
    assert MESSAGE.link in text
    assert "u &lt;1&gt;" in html
    assert "a=1&amp;b=2" in html
    assert sum(command.upper().startswith("RCPT") for command in mailbox.commands) == 2
    assert any(command.startswith("AUTH PLAIN") for command in mailbox.commands)


@pytest.mark.parametrize(
    ("answers", "reason", "permanent"),
    [
        ({"RCPT": "550 no such user"}, "recipients_refused", True),
        ({"RCPT": "450 try later"}, "recipients_refused", False),
        ({"MAIL": "451 busy"}, "smtp_451", False),
        ({"DATA": "554 spam"}, "smtp_554", True),
        ({"AUTH": "535 wrong"}, "smtp_login_refused", True),
        ({"AUTH": "454 later"}, "smtp_login_refused", False),
        ({"EHLO": "250 test"}, "smtp_not_supported", True),
    ],
)
async def test_what_a_refusal_means(answers: dict[str, str], reason: str, permanent: bool) -> None:
    async with mail_server(**answers) as mailbox:
        with pytest.raises(DeliveryFailed) as caught:
            await channel_to(mailbox.port, user="agent").send(MESSAGE)
    assert (caught.value.reason, caught.value.permanent) == (reason, permanent)
    assert mailbox.mails == []


async def test_nobody_there_may_be_somebody_later() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DeliveryFailed) as caught:
        await channel_to(port).send(MESSAGE)
    assert (caught.value.reason, caught.value.permanent) == ("connection_failed", False)


async def test_a_server_that_says_nothing_is_given_up_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel = EmailChannel(SmtpServer("127.0.0.1", silent.getsockname()[1]), "a@acme.test", ("b@acme.test",), 0.2)
        with pytest.raises(DeliveryFailed) as caught:
            await channel.send(MESSAGE)
    assert (caught.value.reason, caught.value.permanent) == ("timeout", False)


async def test_implicit_tls_is_used_where_the_url_says_so() -> None:
    async with mail_server() as mailbox:
        channel = EmailChannel(
            SmtpServer("127.0.0.1", mailbox.port, implicit_tls=True), "a@acme.test", ("b@acme.test",), 2
        )
        with pytest.raises(DeliveryFailed) as caught:
            await channel.send(MESSAGE)
    assert caught.value.reason == "connection_failed"
    assert mailbox.mails == []


@pytest.mark.parametrize("recipient", ["a@acme.test\nBcc: b@evil.test", "a@acme.test\r\nX: y"])
async def test_an_address_cannot_break_out_of_its_header(recipient: str) -> None:
    async with mail_server() as mailbox:
        with pytest.raises(DeliveryFailed) as caught:
            await channel_to(mailbox.port, recipient).send(MESSAGE)
    assert (caught.value.reason, caught.value.permanent) == ("invalid_address", True)
    assert mailbox.commands == []


def test_a_title_of_several_lines_is_one_line() -> None:
    from channels.email import compose

    mail = compose(replace(MESSAGE, title="One\r\nBcc: two@evil.test"), "a@acme.test", ("b@acme.test",))
    assert mail["Subject"] == "One Bcc: two@evil.test"
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.test", SmtpServer("mail.test", 587)),
        ("smtp://mail.test:25", SmtpServer("mail.test", 25)),
        ("smtps://u%40x:p%2Fw@mail.test", SmtpServer("mail.test", 465, "u@x", "p/w", True)),
    ],
)
def test_a_server_is_read_from_a_url(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize("url", ["http://mail.test", "smtp://", "mail.test", "smtp://h:notaport"])
def test_a_wrong_url_is_named_but_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError, match="SMTP_URL") as caught:
        parse_smtp_url(url)
    assert "mail.test" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (smtplib.SMTPServerDisconnected("gone"), False),
        (smtplib.SMTPRecipientsRefused({"a": (550, b""), "b": (450, b"")}), False),
        (OSError("no route"), False),
    ],
)
def test_other_errors_may_pass(error: Exception, permanent: bool) -> None:
    assert failure_of(error).permanent is permanent


def test_html_without_a_link_has_none() -> None:
    assert "<a " not in html_of(replace(MESSAGE, link=None))
