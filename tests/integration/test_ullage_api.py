# SPDX-License-Identifier: Apache-2.0
"""Ullage's own API as docs/reference/ullage-api.yaml describes it, held against a running daemon: Schemathesis makes
requests that fit the description and such that do not, and judges what is answered."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from conftest import PROGRAMS, ROOT, Ullage
from hypothesis import HealthCheck, settings

DESCRIPTION = ROOT / "docs/reference/ullage-api.yaml"
PATIENCE_SECONDS = 20


class Daemon:
    """`ullage daemon` on a free port, with a state directory of its own that has two runs."""

    def __init__(self, folder: Path):
        self.ullage = Ullage(folder / "ullage", folder)
        self.ullage("run", "--name", "well", "--", "true")
        self.ullage("run", "--name", "ill", "--", "sh", "-c", "exit 3")
        self.process = subprocess.Popen(
            [PROGRAMS / "ullage", "daemon", "--listen", "127.0.0.1:0"],
            env=self.ullage.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        killer = threading.Timer(PATIENCE_SECONDS, self.process.kill)  # so that no test waits for ever
        killer.start()
        said = ""
        while not (found := re.search(r"http://[\d.:]+", said)):
            line = self.process.stderr.readline()
            assert line, f"the daemon ended: {said}"
            said += line
        self.url = found[0]
        self.read_events(1)  # until there was a tick
        killer.cancel()

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE_SECONDS) as answer:  # nosec: loopback
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def read_events(self, count: int) -> list[tuple[str, dict]]:
        """The first events of the live stream."""
        events = []
        live = self.url + "/api/ullage/v1/live"
        with urllib.request.urlopen(live, timeout=PATIENCE_SECONDS) as stream:  # nosec: loopback
            name = ""
            while len(events) < count:
                line = stream.readline().decode()
                assert line, "the stream ended"
                if line.startswith("event: "):
                    name = line.removeprefix("event: ").strip()
                if line.startswith("data: "):
                    events.append((name, json.loads(line.removeprefix("data: "))))
        return events

    def stop(self) -> None:
        """Ends it as a service manager would."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE_SECONDS) == 0
        self.process.stderr.close()


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """One for all tests of this file."""
    with tempfile.TemporaryDirectory(prefix="ullage-api-") as folder:
        one = Daemon(Path(folder))
        yield one
        one.stop()


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
    case.call_and_validate(base_url=daemon.url + "/api/ullage/v1", timeout=PATIENCE_SECONDS)


def test_runs_are_told_and_reported(daemon):
    runs = json.loads(daemon.get("/api/ullage/v1/runs")[1])["runs"]
    assert [run["name"] for run in runs] == ["ill", "well"]
    assert [run["exit_code"] for run in runs] == [3, 0]
    status, body = daemon.get(f"/api/ullage/v1/runs/{runs[0]['id']}")
    assert (status, json.loads(body)["exit_code"]) == (200, 3)
    status, body = daemon.get("/api/ullage/v1/runs/well/report")
    assert status == 200 and body.startswith(b"<!doctype html>")


def test_who_listens_hears_the_overview_each_second(daemon):
    ticks = [data["time_ms"] for name, data in daemon.read_events(4) if name == "tick"]
    assert len(ticks) >= 3
    assert ticks[-1] - ticks[-2] == 1000


def test_secrets_in_arguments_of_processes_are_masked(daemon):
    with subprocess.Popen(["sh", "-c", "read wait", "x", "--password=hunter22secret"], stdin=subprocess.PIPE) as process:
        try:
            for _ in range(10):
                rows = json.loads(daemon.get("/api/ullage/v1/processes?limit=1000")[1])["processes"]
                told = [row["command"] for row in rows if row["pid"] == process.pid]
                if told:
                    break
                daemon.read_events(2)  # the next tick
            assert told == ["sh -c read wait x --password=***"]
        finally:
            process.stdin.close()


def test_every_path_is_described(daemon):
    """What the program serves under this root is what the description has."""
    text = (ROOT / "src/server/ullage_v1.cpp").read_text()
    served = set(re.findall(r'\badd\(\s*"(/[^"]+)"', text))
    assert served == set(re.findall(r"^  (/\S+):$", DESCRIPTION.read_text(), re.MULTILINE))
    assert daemon.get("/api/ullage/v1/nothing")[0] == 404
