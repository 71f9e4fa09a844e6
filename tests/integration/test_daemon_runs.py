# SPDX-License-Identifier: Apache-2.0
"""Runs and `ullage top` beside a daemon of the same state directory: what each tells of the other."""

import json
import signal
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from conftest import PROGRAMS
from daemon_process import PATIENCE, DaemonProcess, wait_for
from test_top import Window, environment


@pytest.fixture
def daemon(ullage):
    """One in the test's own state directory, which has looked."""
    one = DaemonProcess([ullage.binary, "daemon", "--state", ullage.state], ullage.scratch / "daemon.log", ullage.environment)
    wait_for(lambda: one.get("/-/ready"), "the daemon is ready")
    yield one
    one.end()


@pytest.fixture
def run(ullage):
    """Starts a run of a shell's text that ends with the test at the latest."""
    started = []

    def begin(name: str, text: str, *options: str) -> subprocess.Popen:
        command = [ullage.binary, "run", "--name", name, *options, "--", "sh", "-c", text]
        started.append(subprocess.Popen(list(map(str, command)), env=ullage.environment, stderr=subprocess.DEVNULL))
        return started[-1]

    yield begin
    for process in started:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def lines_of(daemon: DaemonProcess, begin: str) -> list[str]:
    """Lines of /metrics that begin so."""
    return [line for line in daemon.get("/metrics").splitlines() if line.startswith(begin)]


def query(daemon: DaemonProcess, text: str) -> list[dict]:
    """An instant query's result."""
    answer = daemon.get("/api/v1/query?query=" + urllib.parse.quote(text))
    return json.loads(answer)["data"]["result"]


def test_a_run_in_progress_is_in_metrics_and_history_and_ends_with_it(daemon, run):
    touch = PROGRAMS / "touch_memory"
    emit = f"'{PROGRAMS / 'ullage'}' emit"
    process = run("trainer", f"{emit} phase load begin; {emit} gauge loss 0.5; exec '{touch}' 64 60000", "--memory", "1G")
    label = 'run_name="trainer"'
    used = wait_for(
        lambda: [
            line for line in lines_of(daemon, "ullage_run_used_bytes{") if label in line and float(line.split()[-1]) > 60 << 20
        ],
        "what it uses",
    )
    assert 'run_id="' in used[0]
    page = daemon.get("/metrics")
    for begin in (
        "ullage_run_cpu_seconds_total{mode=",
        "ullage_run_limit_bytes{",
        "ullage_run_processes{",
        "ullage_run_start_time_seconds{",
    ):
        assert any(line.startswith(begin) and label in line for line in page.splitlines()), begin
    limit = next(line for line in lines_of(daemon, "ullage_run_limit_bytes{") if label in line)
    assert float(limit.split()[-1]) == 1 << 30
    assert lines_of(daemon, 'ullage_run_phase{phase="load"'), "the phase it is in"
    assert any(line.endswith(" 0.5") for line in lines_of(daemon, 'ullage_run_custom_gauge{name="loss"'))
    assert lines_of(daemon, "ullage_runs 1")
    count = 'count_over_time(ullage_run_used_bytes{run_name="trainer"}[5m])'
    wait_for(lambda: query(daemon, count + " >= 3"), "the history has it")

    process.send_signal(signal.SIGTERM)
    process.wait(timeout=PATIENCE)
    wait_for(lambda: not lines_of(daemon, "ullage_run_used_bytes{"), "its series end")
    wait_for(lambda: lines_of(daemon, "ullage_runs 0"), "none is alive")
    # Staleness, not the five minutes of the lookback.
    wait_for(lambda: not query(daemon, 'ullage_run_used_bytes{run_name="trainer"}'), "they end in the history")
    assert query(daemon, count), "what it was stays"


def test_a_killed_run_ends_too(daemon, run):
    process = run("victim", "sleep 60")
    wait_for(lambda: lines_of(daemon, "ullage_run_processes{"), "it is told")
    process.kill()
    process.wait()
    wait_for(lambda: not lines_of(daemon, "ullage_run_processes{"), "its series end")


def test_warnings_of_a_run_in_progress_are_events_of_the_daemon(daemon, run):
    run("tight", f"exec '{PROGRAMS / 'touch_memory'}' 94 60000", "--memory", "100M")

    def warnings() -> list[dict]:
        events = json.loads(daemon.get("/api/ullage/v1/events"))["events"]
        return [event for event in events if event["run_name"] == "tight" and event["kind"] == "memory_warning"]

    assert wait_for(warnings, "the warning")[0]["severity"] in ("warning", "critical")


def test_top_knows_by_the_daemon_what_one_look_cannot(daemon, run, ullage):
    run("trainer", f"exec '{PROGRAMS / 'touch_memory'}' 64 60000")
    wait_for(lambda: lines_of(daemon, "ullage_run_used_bytes{"), "the run is told")
    past = 'count_over_time(ullage_process_resident_bytes{name="touch_memory"}[1m]) >= 14'
    wait_for(lambda: query(daemon, past), "a few seconds of past", 40)

    def top(*options: str) -> dict:
        done = ullage("top", "--json", "--interval", "200ms", "--state", ullage.state, *options)
        return json.loads(done.out)

    told = wait_for(lambda: (answer := top()) and answer["runs"] and answer["runs"][0]["used_bytes"] and answer, "its run")
    assert told["daemon"]["version"]
    assert [each["name"] for each in told["runs"]] == ["trainer"]
    assert told["runs"][0]["used_bytes"] > 60 << 20
    alone = top("--alone")
    assert alone["daemon"] is None
    assert alone["runs"] is None
    assert set(alone) == set(told), "the same shape"
    assert set(alone["processes"][0]) == set(told["processes"][0])

    def trail(*options: str) -> int:
        """How much of the last minute a line shows."""
        page = ullage("top", "--once", "--interval", "200ms", "--filter", "touch_memory", *options).out
        line = next(line for line in page.splitlines() if "touch_memory" in line and "runs" not in line)
        return sum(letter in "▁▂▃▄▅▆▇█" for letter in line)

    assert trail("--state", ullage.state) > trail("--alone")
    page = ullage("top", "--once", "--interval", "200ms", "--state", ullage.state).out
    assert any(line.startswith("runs ") and "trainer" in line for line in page.splitlines())


def test_top_does_without_a_daemon_that_is_stuck(daemon, ullage):
    daemon.process.send_signal(signal.SIGSTOP)
    begin = time.monotonic()
    try:
        answer = json.loads(ullage("top", "--json", "--interval", "200ms", "--state", ullage.state).out)
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    assert answer["daemon"] is None
    assert answer["processes"]
    assert time.monotonic() - begin < 5


def test_the_live_view_has_the_runs_and_goes_on_without_the_daemon(daemon, run, ullage):
    run("trainer", "sleep 60")
    wait_for(lambda: lines_of(daemon, "ullage_run_used_bytes{"), "the run is told")
    window = Window([ullage.binary, "top", "--interval", "200ms"], environment(ullage))
    try:
        window.expect("trainer")
        daemon.stop()
        window.type("G")
        window.expect("PROCS|USED")
        window.type("q")
        assert window.end() == 0
    finally:
        window.close()
