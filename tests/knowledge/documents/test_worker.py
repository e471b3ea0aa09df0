"""The process that parses: killed when it takes too long, replaced when it dies, and confined while it lives."""

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core.errors import Unavailable
from knowledge.converting import converter as converting
from knowledge.converting import frames, worker
from knowledge.converting.converter import Converter
from knowledge.converting.sniffing import Kind
from knowledge.documents import ConvertLimits, Raw, Unreadable
from tests.knowledge.documents.builders import document_xml, docx, paragraph

PAGE = Raw(b"<html><body><h1>Refunds</h1><p>A refund takes ten working days.</p></body></html>", "page.html")
SLOW = Raw(b"<html><body><p " + b" ".join(b"a%d=1" % number for number in range(200_000)) + b">x</p>", "slow.html")


def process_of(open_converter: Converter) -> int:
    assert open_converter._worker is not None
    return open_converter._worker._process.pid


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_process_serves_many_documents_and_ends_with_the_converter() -> None:
    with Converter() as opened:
        opened.convert(PAGE)
        first = process_of(opened)
        opened.convert(PAGE)
        assert process_of(opened) == first
    assert not is_alive(first)


def test_plain_text_starts_no_process() -> None:
    with Converter() as opened:
        opened.convert(Raw(b"Open the settings.", "a.txt"))
        assert opened._worker is None


def test_work_without_end_is_stopped_and_the_next_document_is_read() -> None:
    with Converter(ConvertLimits(seconds=1)) as opened:
        with pytest.raises(Unreadable) as refusal:
            opened.convert(SLOW)
        assert refusal.value.code == "too_complex"
        assert opened.convert(PAGE).title == "Refunds"


def test_a_worker_that_does_not_answer_is_killed() -> None:
    with Converter(ConvertLimits(seconds=1)) as opened:
        opened.convert(PAGE)
        pid = process_of(opened)
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(Unreadable, match="longer than") as refusal:
            opened.convert(PAGE)
        assert refusal.value.code == "too_complex"
        assert not is_alive(pid)


@pytest.mark.parametrize(
    ("cause", "code"),
    [(signal.SIGKILL, "too_complex"), (signal.SIGABRT, "too_complex"), (signal.SIGSEGV, "damaged_document")],
)
def test_a_worker_that_dies_refuses_its_document_alone(cause: signal.Signals, code: str) -> None:
    with Converter() as opened:
        opened.convert(PAGE)
        pid = process_of(opened)
        os.kill(pid, signal.SIGSTOP)
        killer = threading.Timer(0.2, lambda: (os.kill(pid, cause), os.kill(pid, signal.SIGCONT)))
        killer.start()
        with pytest.raises(Unreadable) as refusal:
            opened.convert(PAGE)
        killer.join()
        assert refusal.value.code == code
        assert opened.convert(PAGE).title == "Refunds"


def test_a_worker_is_replaced_before_its_caches_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converting, "_MOST_DOCUMENTS", 2)
    with Converter() as opened:
        opened.convert(PAGE)
        opened.convert(PAGE)
        assert opened._worker is None
        assert opened.convert(PAGE).title == "Refunds"


def test_a_worker_that_cannot_start_is_nobodys_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converting.sys, "executable", "/bin/false")
    with Converter() as opened, pytest.raises(Unavailable):
        opened.convert(PAGE)


def test_a_worker_knows_no_secret_of_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not-for-parsers")
    with Converter() as opened:
        opened.convert(PAGE)
        environment = Path(f"/proc/{process_of(opened)}/environ").read_bytes()
    assert b"not-for-parsers" not in environment


CONFINED = """
import os, socket, subprocess, sys
from knowledge.converting.worker import confine
from knowledge.documents import ConvertLimits
confine(ConvertLimits(memory_bytes=200_000_000))
def attempt(act):
    try:
        act()
    except BaseException as error:
        return type(error).__name__
    return "done"
connection = socket.socket()
acts = [
    lambda: connection.connect(("127.0.0.1", 9)),
    lambda: socket.getaddrinfo("localhost", 80),
    lambda: open(sys.argv[1] + "/made", "w"),
    lambda: os.open(sys.argv[1] + "/made", os.O_CREAT | os.O_WRONLY),
    lambda: subprocess.run(["/bin/true"]),
    lambda: os.system("true"),
    lambda: bytearray(400_000_000),
    lambda: open(__file__ if "__file__" in globals() else sys.executable, "rb").read(1),
]
print(*[attempt(act) for act in acts])
"""


def test_a_confined_process_reads_and_does_nothing_else(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", CONFINED, str(tmp_path)], capture_output=True, text=True, check=False)
    assert ran.stdout.split() == [*["PermissionError"] * 6, "MemoryError", "done"], ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["page.html", "guide.docx"])
def test_a_document_with_outside_references_fetches_nothing(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, Converter() as opened:
        listener.setblocking(False)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        document = opened.convert(Raw(page_to(address) if name == "page.html" else docx_to(address), name))
        assert "A refund takes ten working days." in document.markdown
        assert address not in document.markdown
        with pytest.raises(BlockingIOError):
            listener.accept()


def page_to(address: str) -> bytes:
    return (
        f"<html><head><base href='{address}'><link rel=stylesheet href='{address}'><script src='{address}'></script>"
        f"</head><body><img src='{address}'><iframe src='{address}'></iframe><object data='{address}'></object>"
        "<p>A refund takes ten working days.</p></body></html>"
    ).encode()


def docx_to(address: str) -> bytes:
    linked = (
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
        '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData>'
        '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill>'
        '<a:blip r:link="rId9"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline>'
        "</w:drawing></w:r></w:p>"
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId9" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" TargetMode="External" '
        f'Target="{address}"/></Relationships>'
    )
    body = document_xml(linked + paragraph("A refund takes ten working days."))
    return docx(body, {"word/_rels/document.xml.rels": relations})


def test_the_server_side_answers_refusals_and_documents_over_its_socket() -> None:
    ours, theirs = socket.socketpair()
    limits = ConvertLimits(max_bytes=1000, seconds=3600)
    server = threading.Thread(target=worker.serve, args=(theirs, limits))
    server.start()
    with ours, theirs:
        assert frames.receive(ours, 0, 10) == b""
        told = []
        for content, kind in ((b"question,answer\nHow?,So.\n", Kind.CSV), (b"a,b,c\n", Kind.CSV)):
            frames.send(ours, b'{"name": "a", "media_type": null, "url": null, "kind": "%s"}' % kind.encode())
            frames.send(ours, content)
            told.append(frames.receive(ours, 10_000, 10))
        ours.shutdown(socket.SHUT_RDWR)
        server.join(10)
    assert worker.decode_answer(told[0]).markdown == "## How?\n\nSo."
    with pytest.raises(Unreadable) as refusal:
        worker.decode_answer(told[1])
    assert refusal.value.code == "not_a_faq"
    assert not server.is_alive()


def test_a_frame_is_held_to_its_size_and_its_time() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        frames.send(theirs, b"four")
        with pytest.raises(ValueError, match="4 bytes"):
            frames.receive(ours, 3)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"\0" * 7)
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            frames.receive(ours, 3, 0.05)
        assert time.monotonic() - began >= 0.05
        theirs.close()
        with pytest.raises(EOFError):
            frames.receive(ours, 3, 1)


def test_confinement_asks_for_every_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    caps: dict[int, int] = {}
    hooks: list[object] = []
    monkeypatch.setattr(worker.resource, "setrlimit", lambda kind, most: caps.update({kind: most[0]}))
    monkeypatch.setattr(worker.sys, "addaudithook", hooks.append)
    worker.confine(ConvertLimits(memory_bytes=1000))
    assert caps[resource.RLIMIT_FSIZE] == caps[resource.RLIMIT_CORE] == 0
    assert caps[resource.RLIMIT_AS] > 1000
    assert hooks == [worker._forbid]


@pytest.mark.parametrize(
    ("event", "arguments", "is_forbidden"),
    [
        ("socket.connect", (), True),
        ("os.posix_spawn", (), True),
        ("urllib.Request", (), True),
        ("open", ("/tmp/a", "w", 0), True),
        ("open", ("/tmp/a", "rb+", 0), True),
        ("open", ("/tmp/a", None, os.O_WRONLY), True),
        ("open", ("/tmp/a", None, os.O_RDONLY), False),
        ("open", ("/tmp/a", "rb", 0), False),
        ("import", ("json",), False),
    ],
)
def test_what_a_parser_may_not_do(event: str, arguments: tuple[object, ...], is_forbidden: bool) -> None:
    try:
        worker._forbid(event, arguments)
    except PermissionError:
        assert is_forbidden
    else:
        assert not is_forbidden
