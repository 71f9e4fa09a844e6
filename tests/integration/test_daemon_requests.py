# SPDX-License-Identifier: Apache-2.0
"""What may come over a daemon's socket: requests put together and broken by Hypothesis, in any pieces. Each connection comes to
its end, what comes back is HTTP to the last byte, and the daemon goes on. What exactly is refused how is in http_malformed_test.cpp."""

import re
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parent))

from conftest import IS_SOAKING, Ullage
from daemon_process import Daemon, wait_for

SECONDS_MOST = 5  # of a connection whose client has said all


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """One for all tests of this file."""
    with tempfile.TemporaryDirectory(prefix="ullage-requests-") as folder:
        one = Daemon(Ullage(Path(folder) / "ullage", Path(folder)))
        try:
            wait_for(one.is_ready, "the daemon is ready")
            yield one
            assert one.stop() == 0
        finally:
            one.end()


def talk(port: int, pieces: list[bytes]) -> bytes:
    """All that comes back until the connection ends."""
    received = b""
    deadline = time.monotonic() + SECONDS_MOST
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MOST) as client:
        try:
            for piece in pieces:
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)
            while more := client.recv(1 << 16):
                received += more
                assert time.monotonic() < deadline, "it does not end"
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was sent
    return received


def responses(received: bytes) -> list[tuple[int, str]]:
    """Status and head of each; what is no response fails."""
    found = []
    while received:
        head = re.match(rb"HTTP/1\.1 (\d{3}) [A-Za-z -]*\r\n((?:[A-Za-z-]+: [^\r\n]*\r\n)*)\r\n", received)
        assert head, received[:200]
        received = received[head.end() :]
        found.append((int(head[1]), head[2].decode()))
        length = re.search(rb"(?i)content-length: (\d+)", head[2])
        if length and received and not received.startswith(b"HTTP/1.1 "):  # else the answer to HEAD
            assert len(received) >= int(length[1]), "an answer is cut"
            received = received[int(length[1]) :]
    return found


METHODS = ["GET", "GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "get", "G ET", ""]
TARGETS = [
    "/", "/metrics", "/-/ready", "/api/v1/query?query=1", "/api/v1/query?query=up%5B1h%5D&timeout=1ms", "/api/v1/query_range", "/api/v1/series?match[]=up",
    "/api/v1/label/__name__/values", "/api/v1/format_query?query=%22", "/federate?match[]={__name__=~%22.*%22}", "/api/ullage/v1/processes?limit=-1",
    "/api/ullage/v1/runs/..", "/api/ullage/v1/runs/%2e%2e%2f/report", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/\\..\\etc",
    "http://localhost/metrics", "http://evil.example/metrics", "*", "localhost:80", "/" + "a" * 9000, "/?" + "a=b&" * 2000,
]  # fmt: skip
HEADERS = [
    "Host: localhost", "Host: localhost", "Host: evil.example", "Host:", "Content-Length: 0", "Content-Length: 5", "Content-Length: 5, 5",
    "Content-Length: -1", "Content-Length: 18446744073709551617", "Transfer-Encoding: chunked", "Transfer-Encoding: xchunked",
    "Transfer-Encoding : chunked", "Transfer-Encoding:\r\n chunked", "X: a\r\n\tb", "X: a\nTransfer-Encoding: chunked", "Connection: close",
    "Connection: keep-alive", "Connection: upgrade", "Upgrade: h2c", "Expect: 100-continue", "Content-Type: application/x-www-form-urlencoded",
    "Accept-Encoding: gzip;q=0.5, *;q=0", "Accept: application/openmetrics-text", "Origin: http://evil.example", "Authorization: Bearer x",
    "Range: bytes=0-1", "If-None-Match: *", "X: " + "x" * 9000, "\0: \0", "X: \xff\x7f",
]  # fmt: skip
BODIES = [
    b"", b"hello", b"query=1%2B1", b"query=%zz", b"5\r\nhello\r\n0\r\n\r\n", b"5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n", b"5;a\nhello\r\n0\r\n\r\n", b"0\r\nX: y\r\n\r\n",
    b"ffffffffffffffff1\r\nhello", b"+5\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"5 \r\nhello\r\n0\r\n\r\n", b"0\n\n", b"x" * 70_000,
]  # fmt: skip


@st.composite
def conversations(draw) -> list[bytes]:
    """Requests one after the other, then a few bytes of them others, in pieces."""
    said = b""
    for _ in range(draw(st.integers(1, 3))):
        end = draw(st.sampled_from(["\r\n", "\r\n", "\r\n", "\n", "\r"]))
        version = draw(st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.10", ""]))
        lines = [f"{draw(st.sampled_from(METHODS))} {draw(st.sampled_from(TARGETS))} {version}"]
        lines += ["Host: localhost"] * draw(st.sampled_from([0, 1, 1, 1]))
        lines += draw(st.lists(st.sampled_from(HEADERS), max_size=4))
        said += (end.join(lines) + end + end).encode("latin-1") + draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(said)))
        said = said[:place] + draw(st.binary(max_size=3)) + said[place + draw(st.integers(0, 3)) :]
    cuts = sorted(draw(st.lists(st.integers(0, len(said)), max_size=3)))
    return [said[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(said)])]


@settings(
    max_examples=30_000 if IS_SOAKING else 400,
    deadline=None,
    derandomize=not IS_SOAKING,
    suppress_health_check=list(HealthCheck),
)
@given(pieces=conversations())
def test_whatever_comes_is_answered_or_refused_and_the_connection_ends(daemon, pieces):
    answers = responses(talk(daemon.port, pieces))
    for at, (status, head) in enumerate(answers):
        assert status in (100, 200, 204, 304, 400, 401, 403, 404, 405, 411, 413, 415, 417, 421, 422, 431, 501, 503, 505), (
            status,
            pieces,
        )
        if "Connection: close" in head:
            assert at == len(answers) - 1, "nothing follows the last answer"
    assert daemon.process.poll() is None, daemon.log


def test_afterwards_it_is_as_it_was(daemon):
    assert daemon.is_ready()
    values = daemon.live()
    assert values["ullage_self_resident_bytes"] < 100 << 20
    assert values["ullage_self_http_failed_total"] == 0
    wait_for(lambda: daemon.live()["ullage_self_http_connections"] <= 2, "no connection is left")


SMUGGLED = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: {length}\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: {length}",
        "Content-Length: {length}\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: {length}",
        "Content-Length: 5,{length}",
        "Content-Length: {length}\r\nTransfer-Encoding: identity",
        "Content-Length: {length}\r\nTransfer-Encoding : chunked",
        "Content-Length: {length}\r\nTransfer-Encoding: \x0bchunked",
        "Content-Length: {length}\r\n Transfer-Encoding: chunked\r\nX: y",
        "Content-Length: {length}\r\nX: y\nTransfer-Encoding: chunked",
        "Content-Length: {length}\r\nTransfer-Encoding:\r\n chunked",
    ],
)
def test_no_request_is_smuggled_inside_another(daemon, headers):
    body = b"0\r\n\r\n" + SMUGGLED
    said = f"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\n{headers.format(length=len(body))}\r\n\r\n".encode() + body
    answers = responses(talk(daemon.port, [said]))
    assert len(answers) == 1, answers
    assert answers[0][0] in (400, 501), answers


@pytest.mark.parametrize(
    "target",
    ["/../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/.%00./etc/passwd", "//etc/passwd", "/%5c..%5cetc%5cpasswd",
     "/api/ullage/v1/runs/..%2f..%2f..%2fetc%2fpasswd", "/api/ullage/v1/runs/%2fetc%2fpasswd/report", "/api/ullage/v1/runs/../../../etc/passwd",
     "file:///etc/passwd", "/api/v1/label/..%2f..%2fetc%2fpasswd/values"],
)  # fmt: skip
def test_no_file_is_reached_by_a_path(daemon, target):
    received = talk(daemon.port, [f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()])
    assert b"root:" not in received
    assert responses(received)[0][0] in (400, 404), received
