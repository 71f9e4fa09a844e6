# SPDX-License-Identifier: Apache-2.0
"""`ullage daemon` on a port of its own, for the tests that talk to one."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from peers import DIRECT, free_port

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

    def __init__(self, command: list, log_path: Path, environment: dict[str, str]):
        """`command`: up to and with the verb's options, but for the address."""
        self.port = free_port()
        self.log_path = log_path
        command = [*map(str, command), "--listen", f"127.0.0.1:{self.port}"]
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

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
