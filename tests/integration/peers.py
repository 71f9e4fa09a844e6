# SPDX-License-Identifier: Apache-2.0
"""Other people's servers for tests to talk to: the distribution's own Prometheus and VictoriaMetrics, each in a folder of its own."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ENVIRONMENT = {**os.environ, "no_proxy": "*"}


def peer(name: str) -> str:
    """The program of a peer: installed, or unpacked by ./dev."""
    found = shutil.which(name) or next(map(str, (ROOT / ".venv/peers").glob(f"*/usr/bin/{name}")), None)
    if not found:
        pytest.skip(f"no {name} here: ./dev setup test")
    return found


def free_port() -> int:
    """A port of the loopback that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
