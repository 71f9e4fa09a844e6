# SPDX-License-Identifier: Apache-2.0
"""`ullage daemon` on a port of its own, for the tests that talk to one."""

import contextlib
import functools
import json
import re
import signal
import subprocess
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest
from peers import DIRECT

PATIENCE = 20


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE):
    """Its first true value, or a failure that says what was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if found := condition():
                return found
        time.sleep(0.02)
    pytest.fail(f"not within {seconds} s: {what}")


class DaemonProcess:
    """One that runs; what it says goes to a file."""

    def __init__(self, command: list, log_path: Path, environment: dict[str, str], **how):
        """`command`: up to and with the verb's options, but for the address. `how`: as Popen takes it."""
        self.log_path = log_path
        command = [*map(str, command), "--listen", "127.0.0.1:0"]
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, **how)

    @functools.cached_property
    def port(self) -> int:
        """The one that the system gave it, which it says once it listens."""

        def said():
            assert self.process.poll() is None, self.log
            return re.search(r"http://127\.0\.0\.1:(\d+)", self.log)

        return int(wait_for(said, "the daemon says where it listens")[1])

    @property
    def log(self) -> str:
        """What it has said."""
        return self.log_path.read_text()

    def get(self, path: str) -> str:
        """A page of it."""
        with DIRECT.open(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def stop(self, with_signal=signal.SIGTERM) -> int:
        """Its exit code."""
        self.process.send_signal(with_signal)
        return self.process.wait(timeout=PATIENCE)

    def end(self) -> None:
        """Whatever it does, it is gone."""
        self.process.kill()
        self.process.wait()


class Daemon(DaemonProcess):
    """In a test's own state directory."""

    def __init__(self, ullage, *options, environment: dict | None = None, prefix=(), **how):
        log_path = ullage.scratch / f"daemon-{time.monotonic_ns()}.log"
        command = [*prefix, *ullage.prefix, ullage.binary, "daemon", "--state", ullage.state, *options]
        super().__init__(command, log_path, {**ullage.environment, **(environment or {})}, **how)

    def ask(self, path: str) -> str:
        """An answer as text; nothing when there is none yet."""
        with contextlib.suppress(OSError):
            return self.get(path)
        return ""

    def query(self, text: str) -> list:
        """An instant query's result."""
        answer = self.ask("/api/v1/query?query=" + urllib.parse.quote(text))
        return json.loads(answer)["data"]["result"] if answer else []

    def number(self, text: str) -> float | None:
        """Of a query whose answer is one series; nothing while there is none."""
        result = self.query(text)
        return float(result[0]["value"][1]) if result else None

    def live(self) -> dict[str, float]:
        """The newest values, by their series as the page has them."""
        lines = [line for line in self.get("/metrics").splitlines() if line and not line.startswith("#")]
        return {series: float(value) for series, value in (line.rsplit(" ", 1) for line in lines)}

    def is_ready(self) -> bool:
        """It has looked once, and serves."""
        assert self.process.poll() is None, self.log
        return bool(self.ask("/-/ready"))
