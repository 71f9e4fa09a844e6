# SPDX-License-Identifier: Apache-2.0
"""Ullage's own API as docs/reference/ullage-api.yaml describes it, held against a running daemon: Schemathesis makes
requests that fit the description and such that do not, and judges what is answered."""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).resolve().parent))

from conftest import PROGRAMS, ROOT, Ullage
from daemon_process import PATIENCE, DaemonProcess

DESCRIPTION = ROOT / "docs/reference/ullage-api.yaml"


class Daemon(DaemonProcess):
    """With a state directory of its own that has two runs."""

    def __init__(self, folder: Path):
        self.ullage = Ullage(folder / "ullage", folder)
        self.ullage("run", "--name", "well", "--", "true")
        self.ullage("run", "--name", "ill", "--", "sh", "-c", "exit 3")
        super().__init__([PROGRAMS / "ullage", "daemon"], folder / "daemon.log", self.ullage.environment)
        self.url = f"http://127.0.0.1:{self.port}"
        self.read_events(1)  # until there was a tick

    def ask(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:  # nosec: loopback
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def read_events(self, count: int) -> list[tuple[str, dict]]:
        """The first events of the live stream."""
        events = []
        live = self.url + "/api/ullage/v1/live"
        with urllib.request.urlopen(live, timeout=PATIENCE) as stream:  # nosec: loopback
            name = ""
            while len(events) < count:
                line = stream.readline().decode()
                assert line, "the stream ended"
                if line.startswith("event: "):
                    name = line.removeprefix("event: ").strip()
                if line.startswith("data: "):
                    events.append((name, json.loads(line.removeprefix("data: "))))
        return events


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """One for all tests of this file."""
    with tempfile.TemporaryDirectory(prefix="ullage-api-") as folder:
        one = Daemon(Path(folder))
        try:
            yield one
            assert one.stop() == 0
        finally:
            one.end()


# But for the stream, which has no end.
described = schemathesis.openapi.from_path(DESCRIPTION).exclude(path="/live")


@described.parametrize()
@settings(
    max_examples=int(os.environ.get("ULLAGE_API_EXAMPLES", "25")),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_described(case, daemon):
    case.call_and_validate(base_url=daemon.url + "/api/ullage/v1", timeout=PATIENCE)


def test_runs_are_told_and_reported(daemon):
    runs = json.loads(daemon.ask("/api/ullage/v1/runs")[1])["runs"]
    assert [run["name"] for run in runs] == ["ill", "well"]
    assert [run["exit_code"] for run in runs] == [3, 0]
    status, body = daemon.ask(f"/api/ullage/v1/runs/{runs[0]['id']}")
    assert (status, json.loads(body)["exit_code"]) == (200, 3)
    status, body = daemon.ask("/api/ullage/v1/runs/well/report")
    assert status == 200 and body.startswith(b"<!doctype html>")


def test_who_listens_hears_the_overview_each_second(daemon):
    ticks = [data["time_ms"] for name, data in daemon.read_events(4) if name == "tick"]
    assert len(ticks) >= 3
    assert ticks[-1] - ticks[-2] == 1000


def test_secrets_in_arguments_of_processes_are_masked(daemon):
    holding = "held = b'x' * (50 << 20); input()"  # among the first thousand of whatever else runs
    command = [sys.executable, "-S", "-c", holding, "--password=hunter22secret"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(10):
                rows = json.loads(daemon.ask("/api/ullage/v1/processes?limit=1000")[1])["processes"]
                told = [row["command"] for row in rows if row["pid"] == process.pid]
                if told and told[0]:
                    break
                daemon.read_events(2)  # the next tick
            assert told == [" ".join([*command[:-1], "--password=***"])]
        finally:
            process.stdin.close()


def test_every_path_is_described(daemon):
    """What the program serves under this root is what the description has."""
    text = (ROOT / "src/server/ullage_v1.cpp").read_text()
    served = set(re.findall(r'\badd\(\s*"(/[^"]+)"', text))
    assert served == set(re.findall(r"^  (/\S+):$", DESCRIPTION.read_text(), re.MULTILINE))
    assert daemon.ask("/api/ullage/v1/nothing")[0] == 404
