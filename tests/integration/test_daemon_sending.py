# SPDX-License-Identifier: Apache-2.0
"""What the daemon sends by remote write, to the distribution's own Prometheus: it arrives, and a restart loses nothing."""

import json
import signal
import sys
import time
import urllib.request
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from daemon_process import DaemonProcess, wait_for
from peers import Prometheus

PATIENCE = 60  # batches wait five seconds for others, and a receiver that is away is tried ever more rarely


@pytest.fixture
def prometheus(tmp_path):
    """One that takes samples."""
    folder = tmp_path / "prometheus"
    folder.mkdir()
    made = Prometheus(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop(signal.SIGKILL)


class Sender(DaemonProcess):
    """A daemon with settings of its own."""

    def __init__(self, ullage, settings: Path):
        log_path = ullage.scratch / f"daemon-{time.monotonic_ns()}.log"
        command = [ullage.binary, "daemon", "--state", ullage.state, "--config", settings]
        super().__init__(command, log_path, {**ullage.environment, "no_proxy": "*"})

    def metric(self, name: str) -> float:
        """The newest value of a series without labels."""
        lines = (line.rpartition(" ") for line in self.get("/metrics").splitlines())
        return next((float(value) for series, _, value in lines if series == name), -1)


@pytest.fixture
def begin(ullage):
    """Starts daemons that end with the test, over one settings file."""
    daemons = []
    path = ullage.scratch / "settings.yaml"

    def start(settings: dict) -> Sender:
        path.write_text(json.dumps(settings))
        daemons.append(Sender(ullage, path))
        wait_for(lambda: daemons[-1].get("/-/ready"), "the daemon is ready")
        return daemons[-1]

    start.settings = path
    yield start
    for daemon in daemons:
        daemon.end()


def values(prometheus, query: str) -> list[tuple[float, float]]:
    """Of the one series of a range selector; none yet is an empty list."""
    result = prometheus.ask("/api/v1/query", query=query)["data"]["result"]
    return [(at, float(value)) for at, value in result[0]["values"]] if result else []


def settings_for(prometheus, **more) -> dict:
    """Those of a daemon that sends there."""
    return {"remote_write": {"url": prometheus.url + prometheus.write_path, "labels": ["instance=here"], **more}}


def test_what_the_daemon_sees_arrives_and_a_restart_of_the_receiver_loses_nothing(begin, prometheus):
    daemon = begin(settings_for(prometheus, drop=['{__name__=~"container_.*"}']))
    ticks = 'ullage_self_ticks_total{instance="here"}[10m]'
    wait_for(lambda: len(values(prometheus, ticks)) > 2, "ticks arrive", PATIENCE)
    prometheus.stop(signal.SIGTERM)
    wait_for(lambda: daemon.metric("ullage_remote_write_failed_requests_total") > 0, "a request fails", PATIENCE)
    assert "does not take samples" in wait_for(lambda: daemon.log, "a word of it")
    assert daemon.metric("ullage_remote_write_queue_bytes") > 0
    assert daemon.metric("ullage_remote_write_lag_seconds") > 0
    prometheus.start()
    back = daemon.metric("ullage_self_ticks_total")
    wait_for(
        lambda: values(prometheus, ticks)[-1:] > [(0, back)] and values(prometheus, ticks)[-1][1] > back, "later ticks", PATIENCE
    )
    told = values(prometheus, ticks)
    numbers = [number for _, number in told]
    assert numbers == [numbers[0] + i for i in range(len(numbers))], "each tick, once, in order"
    wait_for(lambda: "takes samples again" in daemon.log, "a word that it is well again")
    assert 'cause="refused"} 0' in daemon.get("/metrics")
    names = prometheus.ask("/api/v1/label/__name__/values")["data"]
    assert "node_load1" in names and not [name for name in names if name.startswith("container_")]
    targets = json.loads(daemon.get("/api/v1/targets"))["data"]["activeTargets"]
    assert [target["health"] for target in targets if target["scrapePool"] == "remote_write"] == ["up"]
    assert daemon.stop() == 0


def test_a_daemon_that_is_killed_sends_after_its_restart_what_it_had_seen(begin, prometheus):
    prometheus.stop()
    daemon = begin(settings_for(prometheus, keep=["ullage_self_start_time_seconds"]))
    began = daemon.metric("ullage_self_start_time_seconds")
    wait_for(lambda: daemon.metric("ullage_remote_write_queue_samples") >= 3, "samples wait", PATIENCE)
    daemon.stop(signal.SIGKILL)
    prometheus.start()
    begin(settings_for(prometheus, keep=["ullage_self_start_time_seconds"]))
    series = 'ullage_self_start_time_seconds{instance="here"}[10m]'
    wait_for(lambda: began in [value for _, value in values(prometheus, series)], "what the first had seen", PATIENCE)
    assert prometheus.ask("/api/v1/label/__name__/values")["data"] == ["ullage_self_start_time_seconds"]


def test_a_hang_up_begins_changes_and_ends_the_sending(begin, prometheus, ullage):
    token = ullage.scratch / "token"
    token.write_text("not asked for here\n")
    daemon = begin({"daemon": {"interval": "500ms"}})
    assert daemon.metric("ullage_remote_write_requests_total") == -1

    def take_on(settings: dict, word: str) -> None:
        begin.settings.write_text(json.dumps(settings))
        before = len(daemon.log)
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: word in daemon.log[before:], word)

    take_on(settings_for(prometheus, keep=["node_load1"], bearer_token_file=str(token)), "remote_write.url: http")
    wait_for(lambda: values(prometheus, "node_load1[10m]"), "values", PATIENCE)
    take_on(settings_for(prometheus, keep=["node_load5"], bearer_token_file=str(token)), "remote_write.keep: [node_load5]")
    wait_for(lambda: values(prometheus, "node_load5[10m]"), "other values", PATIENCE)
    take_on(settings_for(prometheus, keep=["node_load5{"]), "stay as they were")
    take_on(settings_for(prometheus, bearer_token_file=str(ullage.scratch / "none")), "stay as they were")
    take_on({}, "remote_write.url: ")
    wait_for(lambda: daemon.metric("ullage_remote_write_requests_total") == -1, "it tells nothing of sending")


def test_neither_secrets_nor_what_may_be_one_are_told(begin, ullage):
    password = ullage.scratch / "password"
    password.write_text("open sesame\n")
    daemon = begin(
        {
            "remote_write": {
                "url": "http://127.0.0.1:9/write?key=hidden",
                "username": "me",
                "password_file": str(password),
            }
        }
    )
    wait_for(lambda: "does not take samples" in daemon.log, "it is refused", PATIENCE)
    told = daemon.log + daemon.get("/api/v1/status/flags") + daemon.get("/api/v1/status/config") + daemon.get("/api/v1/targets")
    assert "http://127.0.0.1:9/write" in told
    assert "sesame" not in told and "hidden" not in told
    shown = ullage("config", "show", "--config", begin.settings)
    assert "sesame" not in shown.out + shown.err


def test_an_address_with_a_password_in_it_is_refused(ullage):
    path = ullage.scratch / "settings.yaml"
    path.write_text('remote_write: {url: "http://me:sesame@127.0.0.1:9/write"}\n')
    done = ullage("daemon", "--config", path, "--state", ullage.state, timeout=20)
    assert done.code == 2 and "password" in done.err and "sesame" not in done.err


def test_the_host_names_the_instance(begin, prometheus):
    begin({"remote_write": {"url": prometheus.url + prometheus.write_path, "keep": ["up", "node_load1"]}})
    host = urllib.request.quote(Path("/proc/sys/kernel/hostname").read_text().strip())
    wait_for(lambda: values(prometheus, f'node_load1{{instance="{host}"}}[10m]'), "values of this machine", PATIENCE)
