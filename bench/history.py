#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the history takes on disk and in time, beside the distribution's Prometheus and VictoriaMetrics: `./dev bench history`.

Bytes and ingest are of recordings: run files of an idle and of a busy machine, made by `ullage run --interval 1s`, which every
store is given tick for tick. The other figures are of made-up samples, as bench/history_bench.cpp says. Results go to
bench/out/history.json, and as a table to standard output. Peers that are not installed are left out, and that is said.
"""

import argparse
import contextlib
import csv
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from run import own_cpu_seconds

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / "build/bin"
OUT = ROOT / "bench/out"
RECORDINGS = ROOT / "bench/recordings"
WAIT_SECONDS = 30
MONTH_SECONDS = 30 * 86400
MONTH_BEGIN = 1_700_006_400


def program(name: str) -> str | None:
    """A program of the benchmark's or of a peer's."""
    for folder in (BIN, ROOT / "build/release/bench"):
        if (folder / name).exists():
            return str(folder / name)
    return shutil.which(name)


def size_of(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def exposition(recording: Path) -> dict[str, list[tuple[float, int]]]:
    """Series in exposition form, each with its (value, milliseconds)."""
    ullage = [str(BIN / "ullage"), "runs", "export", str(recording), "--format", "csv"]
    text = subprocess.run(ullage, capture_output=True, text=True, check=True).stdout
    series: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for time_text, name, labels, value in list(csv.reader(text.splitlines()))[1:]:
        moment = datetime.fromisoformat(time_text.replace("Z", "+00:00"))
        series[name + (f"{{{labels}}}" if labels and not labels.startswith("{") else labels)].append(
            (float(value), round(moment.timestamp() * 1000))
        )
    return dict(sorted(series.items()))


def free_port() -> int:
    """A port of the loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(url: str, data: bytes | None = None) -> bytes:
    """What a peer on the loopback answers."""
    with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=300) as answer:  # nosec: loopback
        return answer.read()


@contextlib.contextmanager
def serving(command: list[str], url: str) -> Iterator[subprocess.Popen]:
    """A peer's server, until the block ends."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            end = time.monotonic() + WAIT_SECONDS
            while True:
                try:
                    ask(url)
                    break
                except OSError:
                    if time.monotonic() > end or server.poll() is not None:
                        raise
                    time.sleep(0.1)
            yield server
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(WAIT_SECONDS)


class Prometheus:
    """Blocks as promtool makes them; asked through the real server."""

    name = "Prometheus"

    def __init__(self, folder: Path):
        self.folder = folder / "prometheus"

    @staticmethod
    def is_there() -> bool:
        """Whether it is installed."""
        return bool(shutil.which("prometheus") and shutil.which("promtool"))

    def load(self, series: dict[str, list[tuple[float, int]]]) -> float:
        """CPU seconds that it took."""
        text = self.folder.with_suffix(".om")
        with text.open("w") as out:
            for key, samples in series.items():
                out.writelines(f"{key} {value!r} {time_ms / 1000:.3f}\n" for value, time_ms in samples)
            out.write("# EOF\n")
        before = os.times()
        command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(self.folder)]
        subprocess.run(command, check=True, capture_output=True)
        after = os.times()
        return after.children_user - before.children_user + after.children_system - before.children_system

    def bytes(self) -> tuple[int, int]:
        """Of the samples alone, and of all."""
        return sum(size_of(chunks) for chunks in self.folder.glob("*/chunks")), size_of(self.folder)

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """The address of its API."""
        at = f"127.0.0.1:{free_port()}"
        settings = self.folder.with_suffix(".yml")
        settings.write_text("")
        command = ["prometheus", f"--config.file={settings}", f"--storage.tsdb.path={self.folder}", f"--web.listen-address={at}"]
        command += ["--storage.tsdb.retention.time=100y"]
        with serving(command, f"http://{at}/-/ready"):
            yield f"http://{at}"


class VictoriaMetrics:
    """Loaded through its import, flushed and merged before its size is read."""

    name = "VictoriaMetrics"

    def __init__(self, folder: Path):
        self.folder = folder / "victoria"

    @staticmethod
    def is_there() -> bool:
        """Whether it is installed."""
        return bool(shutil.which("victoria-metrics"))

    def load(self, series: dict[str, list[tuple[float, int]]]) -> float:
        """CPU seconds that it took."""
        with self.serving() as (server, url):
            begin = own_cpu_seconds(server.pid)
            for keys in batches(list(series), 200):
                lines = (f"{key} {value!r} {time_ms}" for key in keys for value, time_ms in series[key])
                ask(f"{url}/api/v1/import/prometheus", "\n".join(lines).encode())
            ask(f"{url}/internal/force_flush")
            spent = own_cpu_seconds(server.pid) - begin
            ask(f"{url}/internal/force_merge")
            time.sleep(2)
        return spent

    def bytes(self) -> tuple[int, int]:
        """Of the samples alone, and of all."""
        return size_of(self.folder / "data"), size_of(self.folder)

    @contextlib.contextmanager
    def serving(self) -> Iterator[tuple[subprocess.Popen, str]]:
        """The server, and the address of its API."""
        at = f"127.0.0.1:{free_port()}"
        command = ["victoria-metrics", f"-storageDataPath={self.folder}", f"-httpListenAddr={at}", "-retentionPeriod=100y"]
        command += ["-search.maxPointsPerTimeseries=10000000", "-search.disableCache"]
        with serving(command, f"http://{at}/health") as server:
            yield server, f"http://{at}"

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """The address of its API."""
        with self.serving() as (_, url):
            yield url


PEERS = [Prometheus, VictoriaMetrics]


def batches(items: list, size: int) -> Iterator[list]:
    """The list in pieces."""
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]


class Table:
    """The figures so far."""

    def __init__(self):
        self.rows = []

    def add(self, figure: str, value: float, unit: str, must: str = "", aim: str = ""):
        """Notes a figure, and prints it."""
        self.rows.append({"figure": figure, "value": value, "unit": unit, "must": must, "aim": aim})
        print(f"  {figure}: {value} {unit}", flush=True)


def bench_recording(table: Table, recording: Path, must: str, aim: str):
    """Bytes a sample and samples a second of CPU time."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        replay = [program("history_replay"), str(recording), str(folder / "history")]
        ours = json.loads(subprocess.run(replay, capture_output=True, text=True, check=True).stdout)
        samples, name = ours["samples"], recording.stem
        table.add(f"{name}: bytes a sample, the days' samples", round(ours["raw_bytes"] / samples, 3), "bytes", must, aim)
        table.add(f"{name}: … minutes and hours too", round(ours["bytes"] / samples, 3), "bytes")
        table.add(f"{name}: ingest, a flush each tick", round(samples / ours["cpu_seconds"] / 1e6, 2), "M samples/s of CPU")
        series = exposition(recording)
        for peer in (kind(folder) for kind in PEERS if kind.is_there()):
            seconds = peer.load(series)
            alone, whole = peer.bytes()
            table.add(f"{name}: {peer.name}, bytes a sample, samples alone", round(alone / samples, 3), "bytes")
            table.add(f"{name}: {peer.name}, … with its index", round(whole / samples, 3), "bytes")
            table.add(
                f"{name}: {peer.name}, ingest from text", round(samples / max(seconds, 0.01) / 1e6, 2), "M samples/s of CPU"
            )


def bench_month(table: Table):
    """How long the peers take to read 30 days at 1 s of one series; ours is among the made-up figures."""
    values = (str((n * 7919 % 1000) * 4096) for n in range(MONTH_SECONDS))
    series = {"month": [(float(value), (MONTH_BEGIN + n) * 1000) for n, value in enumerate(values)]}
    query = f"/api/v1/query?query=count_over_time(month[30d])&time={MONTH_BEGIN + MONTH_SECONDS - 1}"
    with tempfile.TemporaryDirectory() as scratch:
        for peer in (kind(Path(scratch)) for kind in PEERS if kind.is_there()):
            peer.load(series)
            with peer.served() as url:
                times = []
                for _ in range(5):
                    begin = time.perf_counter()
                    answer = json.loads(ask(url + query))
                    times.append((time.perf_counter() - begin) * 1000)
                counted = float(answer["data"]["result"][0]["value"][1])
                if counted < MONTH_SECONDS - 1:
                    raise SystemExit(f"{peer.name} counted {counted} samples of {MONTH_SECONDS}")
            table.add(f"30 days at 1 s of one series: {peer.name}, first", round(times[0], 1), "ms")
            table.add(f"30 days at 1 s of one series: {peer.name}, again", round(statistics.median(times[1:]), 1), "ms")


def bench_made_up(table: Table, rounds: int):
    """The figures of history_bench, as it prints them."""
    printed = subprocess.run([program("history_bench"), str(rounds)], capture_output=True, text=True, check=True).stdout
    for line in printed.splitlines():
        figure, value, unit, must, aim = [*re.split(r"\s{2,}|\t", line.strip()), "", "", "", ""][:5]
        table.rows.append({"figure": figure, "value": value, "unit": unit, "must": must, "aim": aim})
        print(f"  {line}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help="recordings, month, made-up; all of them by default")
    parser.add_argument("--rounds", type=int, default=5, help="of the made-up figures")
    asked = parser.parse_args()
    table = Table()
    for peer in PEERS:
        if not peer.is_there():
            print(f"  {peer.name} is not installed: left out", flush=True)
    parts = asked.parts or ["recordings", "month", "made-up"]
    if "recordings" in parts:
        bench_recording(table, RECORDINGS / "idle.ullage", "≤ 0.7", "≤ 0.45")
        bench_recording(table, RECORDINGS / "busy.ullage", "≤ 1.1", "≤ 0.8")
    if "month" in parts:
        bench_month(table)
    if "made-up" in parts:
        bench_made_up(table, asked.rounds)
    OUT.mkdir(exist_ok=True)
    (OUT / "history.json").write_text(json.dumps(table.rows, indent=2, ensure_ascii=False) + "\n")
    print("\n| figure | measured | must | aim |\n|---|---|---|---|")
    for row in table.rows:
        print(f"| {row['figure']} | {row['value']} {row['unit']} | {row['must']} | {row['aim']} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
