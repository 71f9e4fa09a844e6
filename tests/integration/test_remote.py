# SPDX-License-Identifier: Apache-2.0
"""Remote write and read against the distribution's own Prometheus and VictoriaMetrics, and against servers that fail."""

import contextlib
import csv
import http.server
import json
import math
import signal
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from peers import DIRECT, ENVIRONMENT, free_port, peer

ODD = (-0.0, math.nan, math.inf, -math.inf, 5e-324, 0.1)


class Receiver:
    """A server of somebody else's, in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def command(self) -> list[str]:
        """How it is started."""
        raise NotImplementedError

    def start(self) -> None:
        """Starts it and waits until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                self.ask("/api/v1/query", query="1")
                return
            assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        pytest.fail(f"{self.command()[0]} does not answer")

    def stop(self, with_signal=signal.SIGTERM) -> None:
        """Ends it."""
        if self.process:
            self.process.send_signal(with_signal)
            self.process.wait(timeout=30)
        self.process = None

    def ask(self, path: str, **parameters) -> dict:
        """An answer of its API."""
        query = urllib.parse.urlencode(parameters)
        with DIRECT.open(f"{self.url}{path}?{query}", timeout=10) as answer:
            return json.loads(answer.read() or "null")

    def settle(self) -> None:
        """Makes what was written visible to queries."""


class Prometheus(Receiver):
    """Prometheus as Debian has it."""

    write_path = "/api/v1/write"

    def command(self) -> list[str]:
        """With the receiver of remote write on."""
        (self.folder / "prometheus.yml").write_text("global: {}\n")
        return [
            peer("prometheus"),
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--web.enable-remote-write-receiver",
        ]


class VictoriaMetrics(Receiver):
    """VictoriaMetrics as Debian has it."""

    write_path = "/api/v1/write"

    def command(self) -> list[str]:
        """In a folder of its own."""
        return [peer("victoria-metrics"), "-storageDataPath=data", f"-httpListenAddr=127.0.0.1:{self.port}"]

    def settle(self) -> None:
        """Samples are seen once they are in a part."""
        with DIRECT.open(f"{self.url}/internal/force_flush", timeout=10) as answer:
            answer.read()


@pytest.fixture(params=[Prometheus, VictoriaMetrics])
def receiver(request, tmp_path):
    """Each of the peers, started."""
    folder = tmp_path / "receiver"
    folder.mkdir()
    made = request.param(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop(signal.SIGKILL)


@pytest.fixture
def start_ms() -> int:
    """Ten minutes ago, at a whole second."""
    return (int(time.time()) - 600) * 1000


class Sending:
    """The program that sends, and where its queue lies."""

    def __init__(self, programs: Path, url: str, queue: Path, series: int, start_ms: int):
        self.words = [programs / "remote_write", url, queue]
        self.rest = [series, start_ms]

    def begin(self, begin: int, end: int, pace_ms: int) -> subprocess.Popen:
        """Ticks begin … end-1."""
        words = [*self.words, begin, end, *self.rest, pace_ms]
        return subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)

    def finish(self, process: subprocess.Popen) -> dict:
        """Its counts."""
        out, _ = process.communicate(timeout=70)
        assert out, process.returncode
        return json.loads(out) | {"code": process.returncode}


def expected(series: int, start_ms: int, ticks: int) -> dict[str, list[tuple[int, float]]]:
    """What tests/programs/remote_write.cpp sends, without markers."""
    return {
        str(n): [
            (start_ms + 1000 * i, ODD[i % 6] if n == 0 else n + 1000.0 * i)
            for i in range(ticks if n + 1 < series else ticks // 2)
        ]
        for n in range(series)
    }


def bits(samples: list[tuple[int, float]]) -> list[tuple[int, str]]:
    """Samples that can be compared: -0 is not 0, and NaN is NaN."""
    return [(at, "NaN" if math.isnan(value) else struct.pack(">d", value).hex()) for at, value in samples]


def samples_by_api(receiver: Receiver, start_ms: int, ticks: int) -> dict[str, list[tuple[int, float]]]:
    """What the peer says that it has."""
    receiver.settle()
    end = start_ms / 1000 + ticks
    answer = receiver.ask("/api/v1/query", query=f"sent[{ticks + 5}s]", time=end, nocache=1)
    return {
        entry["metric"]["n"]: [(round(at * 1000), float(value)) for at, value in entry["values"]]
        for entry in answer["data"]["result"]
    }


def export(programs: Path, url: str, *words, timeout=30) -> subprocess.CompletedProcess:
    """Our own reader's view."""
    command = [programs / "remote_export", url, *words]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, env=ENVIRONMENT)


def samples_of_csv(text: str) -> dict[str, list[tuple[int, float]]]:
    """Of an export, without markers."""
    found: dict[str, list[tuple[int, float]]] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["value"]:
            number = row["labels"].split('"')[1]
            found.setdefault(number, []).append((int(row["time_ms"]), float(row["value"])))
    return found


def expect_same(receiver: Receiver, found: dict, wanted: dict) -> None:
    """Every series, every sample, every bit."""
    assert found.keys() == wanted.keys()
    for name, samples in wanted.items():
        # VictoriaMetrics stores decimals: it keeps no -0, no denormals and no NaN, and tells markers as NaN.
        is_decimal = isinstance(receiver, VictoriaMetrics)
        if is_decimal and name == "0":
            continue
        there = [(at, value) for at, value in found[name] if not (is_decimal and math.isnan(value))]
        assert bits(there) == bits(samples), name


def test_what_is_sent_is_there_by_their_api_and_by_our_reader(receiver, programs, tmp_path, start_ms):
    sending = Sending(programs, receiver.url + receiver.write_path, tmp_path / "queue", 20, start_ms)
    counts = sending.finish(sending.begin(0, 300, 1))
    assert counts["code"] == 0, counts
    wanted = expected(20, start_ms, 300)
    assert counts["sent"] == sum(map(len, wanted.values())) + 1, counts  # and one marker of staleness
    assert counts["refused"] + counts["crowded"] + counts["unwritten"] + counts["doubtful"] == 0, counts
    theirs = samples_by_api(receiver, start_ms, 300)
    ours = export(programs, receiver.url, "sent", start_ms - 1, start_ms + 400_000, "csv")
    assert ours.returncode == 0, ours.stderr
    for found in (theirs, samples_of_csv(ours.stdout)):
        expect_same(receiver, found, wanted)
    # The left end is open, as Prometheus 3 has it; in slices it is the same.
    part = export(programs, receiver.url, "sent", start_ms + 100_000, start_ms + 110_000, "csv", 6_000)
    assert part.returncode == 0, part.stderr
    assert [at for at, _ in samples_of_csv(part.stdout)["3"]] == list(range(start_ms + 101_000, start_ms + 111_000, 1000))


def test_a_series_that_ended_is_stale_at_once(receiver, programs, tmp_path, start_ms):
    sending = Sending(programs, receiver.url + receiver.write_path, tmp_path / "queue", 3, start_ms)
    assert sending.finish(sending.begin(0, 100, 1))["code"] == 0
    receiver.settle()

    def names(second: int) -> set[str]:
        answer = receiver.ask(
            "/api/v1/query", query="last_over_time(sent[1m]) and sent", time=start_ms / 1000 + second, nocache=1
        )
        return {entry["metric"]["n"] for entry in answer["data"]["result"]}

    assert names(49) == {"0", "1", "2"}
    if isinstance(receiver, Prometheus):  # VictoriaMetrics looks back in ways of its own
        assert names(51) == {"0", "1"}


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGKILL])
def test_a_receiver_that_is_restarted_misses_nothing(receiver, programs, tmp_path, start_ms, with_signal):
    if with_signal == signal.SIGKILL and isinstance(receiver, VictoriaMetrics):
        pytest.skip("VictoriaMetrics keeps the last second in memory: what it had taken dies with it")
    sending = Sending(programs, receiver.url + receiver.write_path, tmp_path / "queue", 20, start_ms)
    process = sending.begin(0, 400, 5)
    time.sleep(0.6)
    receiver.stop(with_signal)
    time.sleep(0.6)
    receiver.start()
    counts = sending.finish(process)
    assert counts["code"] == 0 and counts["failures"] > 0, counts
    assert counts["refused"] + counts["crowded"] + counts["unwritten"] == 0, counts
    expect_same(receiver, samples_by_api(receiver, start_ms, 400), expected(20, start_ms, 400))


def test_a_sender_that_is_killed_loses_only_what_it_had_not_measured(receiver, programs, tmp_path, start_ms):
    sending = Sending(programs, receiver.url + receiver.write_path, tmp_path / "queue", 10, start_ms)
    receiver.stop()
    first = sending.begin(0, 200, 3)
    time.sleep(0.4)
    first.kill()
    first.wait()
    first.stdout.close()
    receiver.start()
    counts = sending.finish(sending.begin(200, 300, 1))
    assert counts["code"] == 0 and counts["refused"] == 0, counts
    found = samples_by_api(receiver, start_ms, 300)["1"]
    early = [at for at, _ in found if at < start_ms + 200_000]
    assert len(early) > 20
    assert early == [start_ms + 1000 * i for i in range(len(early))], "from the first, without a hole"
    assert len(found) - len(early) == 100


class Faulty:
    """A server that answers as a function says: (status, headers, body), None to say nothing, or "close"."""

    def __init__(self, answer):
        self.requests = []
        self.wakes = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One connection."""

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append(body)
                said = answer(len(outer.requests))
                if said is None:
                    outer.wakes.wait(20)
                    return
                if said == "close":
                    self.connection.close()
                    return
                status, headers, text = said
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self):
                self.headers["Content-Length"] = "0"
                self.do_POST()

            def log_message(self, *_):
                pass

            def handle(self):
                with contextlib.suppress(OSError, ValueError):
                    super().handle()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.wakes.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


TAKEN = (204, {}, b"")


@pytest.mark.parametrize(
    "fault",
    [None, "close", (500, {}, b"oops"), (429, {"Retry-After": "1"}, b""), (302, {"Location": "http://127.0.0.1:1/"}, b"")],
)
def test_what_may_pass_is_tried_again(programs, tmp_path, start_ms, fault):
    with Faulty(lambda number: fault if number == 2 else TAKEN) as server:
        sending = Sending(programs, server.url, tmp_path / "queue", 10, start_ms)
        counts = sending.finish(sending.begin(0, 100, 1))
    assert counts["code"] == 0, counts
    assert counts["sent"] == 951, counts
    assert (counts["failures"], counts["refused"]) == (1, 0)
    assert server.requests[2] == server.requests[1], "the same again, before anything else"


@pytest.mark.parametrize("status", [400, 401, 404])
def test_what_is_refused_for_good_is_dropped_and_counted(programs, tmp_path, start_ms, status):
    with Faulty(lambda _: (status, {}, b"no, because")) as server:
        sending = Sending(programs, server.url, tmp_path / "queue", 10, start_ms)
        counts = sending.finish(sending.begin(0, 100, 1))
    assert counts["code"] == 0, counts
    assert (counts["sent"], counts["refused"], counts["failures"]) == (0, 951, 0)
    assert "no, because" in counts["problem"]


MATRIX = b'{"status":"success","data":{"resultType":"matrix","result":[%s]}}'
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (None, "no whole answer within 1000 ms"),
        ("close", "Empty reply"),
        ((400, JSON, b'{"status":"error","errorType":"bad_data","error":"parse error: x"}'), "400: bad_data: parse error: x"),
        ((429, {}, b"slow down"), "429: slow down"),
        ((500, {}, b"<h1>broken</h1>"), "500: <h1>broken</h1>"),
        ((200, {}, b"<html>log in</html>"), "is not JSON"),
        ((200, JSON, MATRIX % b'{"metric":{"__name__":"x"},"values":[[2,"1"],[1,"1"]]}'), "not in order of time, in series 1"),
        ((200, JSON, MATRIX % b'{"metric":{"__name__":"x"},"values":[[2,1]]}'), "in the wrong place, in series 1"),
        ((200, JSON, b'{"status":"success","data":{"resultType":"vector","result":[]}}'), "no matrix but 'vector'"),
        ((200, JSON, b'{"status":"success","data":[' + b" " * 9000 + b"]}"), "larger than 5000 bytes"),
    ],
)
def test_a_remote_that_fails_is_told_in_one_line(programs, answer, what):
    with Faulty(lambda _: answer) as server:
        done = export(programs, server.url, "x", 0, 1000, "csv", 5000)
    assert done.returncode == 1
    assert what in done.stderr, done.stderr
    assert server.url in done.stderr and done.stderr.count("\n") == 1


def sent_to(receiver: Receiver, programs: Path, tmp_path: Path, start_ms: int) -> None:
    """Fifty ticks of four series."""
    sending = Sending(programs, receiver.url + receiver.write_path, tmp_path / "queue", 4, start_ms)
    assert sending.finish(sending.begin(0, 50, 1))["code"] == 0
    receiver.settle()


def test_promtool_makes_blocks_of_our_openmetrics(programs, tmp_path, start_ms):
    receiver = Prometheus(tmp_path)
    try:
        receiver.start()
        sent_to(receiver, programs, tmp_path, start_ms)
        done = export(programs, receiver.url, "sent", start_ms - 1, start_ms + 60_000, "openmetrics")
    finally:
        receiver.stop(signal.SIGKILL)
    assert done.returncode == 0, done.stderr
    (tmp_path / "export").write_text(done.stdout)
    made = subprocess.run(
        [peer("promtool"), "tsdb", "create-blocks-from", "openmetrics", "export", "blocks"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert made.returncode == 0, made.stderr
    (tmp_path / "blocks/wal").mkdir()  # which `dump` looks for
    dumped = subprocess.run(
        [peer("promtool"), "tsdb", "dump", "blocks"], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert len(dumped.stdout.splitlines()) == 3 * 50 + 25, dumped.stderr


def test_victoria_metrics_imports_our_json_lines(programs, tmp_path, start_ms):
    receiver = VictoriaMetrics(tmp_path)
    try:
        receiver.start()
        sent_to(receiver, programs, tmp_path, start_ms)
        done = export(programs, receiver.url, "sent", start_ms - 1, start_ms + 60_000, "jsonl")
        assert done.returncode == 0, done.stderr
        lines = done.stdout.replace('"__name__":"sent"', '"__name__":"again"')
        with DIRECT.open(f"{receiver.url}/api/v1/import", data=lines.encode(), timeout=10) as answer:
            assert answer.status == 204
        receiver.settle()
        again = export(programs, receiver.url, "again", start_ms - 1, start_ms + 60_000, "jsonl")
    finally:
        receiver.stop(signal.SIGKILL)

    def plain(text: str) -> set[str]:
        # Series 0 has infinities and 3 ends with a marker, which this old VictoriaMetrics does not read.
        return {line for line in text.splitlines() if '"n":"1"' in line or '"n":"2"' in line}

    assert len(plain(done.stdout)) == 2
    assert plain(again.stdout.replace("again", "sent")) == plain(done.stdout)
