# SPDX-License-Identifier: Apache-2.0
"""People's own metrics in the daemon: the examples of docs/how-to/custom-metrics.md as they stand there, the distribution's own
node_exporter and Prometheus as targets, sources that misbehave, and what a tick costs meanwhile."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from conftest import PROGRAMS
from daemon_process import DaemonProcess, wait_for
from peers import DIRECT, ENVIRONMENT, ROOT, Prometheus, free_port, peer

GUIDE = ROOT / "docs/how-to/custom-metrics.md"


class Daemon(DaemonProcess):
    """With settings of its own, in a folder of its own."""

    def __init__(self, folder: Path, settings: str):
        self.state = folder / "state"
        self.settings = folder / "settings.yaml"
        self.settings.write_text(settings)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ULLAGE_")}
        command = [PROGRAMS / "ullage", "--config", self.settings, "daemon", "--state", self.state, "--interval", "200ms"]
        super().__init__(command, folder / "daemon.log", environment)

    def values(self) -> dict[str, float]:
        """All of now."""
        lines = [line for line in self.get("/metrics").splitlines() if line and not line.startswith("#")]
        return {series: float(value) for series, value in (line.rsplit(" ", 1) for line in lines)}

    def value(self, series: str, seconds: float = 20) -> float:
        """Of a series, once it is there."""
        wait_for(lambda: series in self.values(), series, seconds)
        return self.values()[series]

    def errors(self) -> dict[str, str]:
        """Of each of people's own sources."""
        targets = json.loads(self.get("/api/v1/targets"))["data"]["activeTargets"]
        return {one["labels"]["instance"]: one["lastError"] for one in targets if one["scrapePool"] != "collectors"}


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[Callable[[str], Daemon]]:
    """Starts daemons, and ends them."""
    started: list[Daemon] = []

    def start(settings: str) -> Daemon:
        started.append(Daemon(tmp_path, settings))
        return started[-1]

    yield start
    for daemon in started:
        daemon.end()


def examples(replaced: dict[str, str]) -> dict[str, str]:
    """The guide's blocks by the name in their first comment, with paths and ports of this test."""
    blocks = {}
    guide = GUIDE.read_text()
    for before, after in replaced.items():
        guide = guide.replace(before, after)
    for block in re.findall(r"^```\w+\n(.*?)^```", guide, re.MULTILINE | re.DOTALL):
        blocks[re.search(r"^# (\S+)$", block, re.MULTILINE)[1]] = block
    return blocks


def executable(path: Path, text: str) -> None:
    """A program, closed to others."""
    path.parent.mkdir(exist_ok=True)
    path.parent.chmod(0o700)
    path.write_text(text)
    path.chmod(0o700)


@contextlib.contextmanager
def page(folder: Path, text: str) -> Iterator[int]:
    """The port of a server of files whose /metrics says this."""
    folder.mkdir()
    (folder / "metrics").write_text(text)
    port = free_port()
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, port]
    with subprocess.Popen([str(word) for word in command], stderr=subprocess.DEVNULL) as process:
        try:
            yield port
        finally:
            process.kill()


def test_the_guides_examples_do_what_it_says(daemons, tmp_path):
    statsd = free_port()
    with page(tmp_path / "app", "orders_total 7\ngo_goroutines 9\n") as port:
        blocks = examples(
            {
                "/var/lib/ullage/push.sock": str(tmp_path / "state/push.sock"),
                "/var/lib/ullage": str(tmp_path),
                "/etc/ullage": str(tmp_path),
                "8125": str(statsd),
                "127.0.0.1:8000": f"127.0.0.1:{port}",
                "scrape_interval: 5s": "scrape_interval: 200ms",
            }
        )
        assert set(blocks) == {"ullage.yaml", "backup.sh", "executables/queue", "scrape.yaml", "send.py"}
        (tmp_path / "textfile").mkdir()
        executable(tmp_path / "executables/queue", blocks["executables/queue"])
        (tmp_path / "scrape.yaml").write_text(blocks["scrape.yaml"])
        daemon = daemons(blocks["ullage.yaml"])
        wait_for(lambda: (daemon.state / "push.sock").exists() and daemon.values(), "the daemon")

        subprocess.run(["sh", "-c", blocks["backup.sh"]], check=True)
        assert daemon.value('backup_bytes{disk="a"}') == 1048576
        assert abs(daemon.value("backup_end_seconds") - time.time()) < 60
        assert daemon.value(f'node_textfile_mtime_seconds{{file="{tmp_path}/textfile/backup.prom"}}') > 1.7e9

        assert daemon.value('queue_depth{queue="mail"}') == 12
        assert daemon.value('queue_oldest_seconds{queue="mail"}') == 3.5

        labels = f'instance="127.0.0.1:{port}",job="app",team="payments"'
        assert daemon.value(f"orders_total{{{labels}}}") == 7
        assert daemon.value(f"up{{{labels}}}") == 1
        assert not [series for series in daemon.values() if series.startswith("go_")]

        subprocess.run([sys.executable, "-c", blocks["send.py"]], check=True)
        assert daemon.value('http_requests{code="200"}') == 10
        assert daemon.value("http_duration_sum") == 0.25
        assert daemon.value('workers_busy{pool="resize"}') == 3
        assert daemon.value("images_total") == 20
        assert not any(daemon.errors().values()), daemon.errors()
        assert daemon.stop() == 0
        assert not (daemon.state / "push.sock").exists()


def test_a_real_node_exporter_and_prometheus_are_scraped(daemons, tmp_path):
    port = free_port()
    command = [peer("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{port}"]
    prometheus = Prometheus(tmp_path / "prometheus")
    (tmp_path / "prometheus").mkdir(exist_ok=True)
    exporter = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    try:
        prometheus.start()
        (tmp_path / "scrape.yaml").write_text(f"""
global: {{scrape_interval: 500ms}}
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
  - job_name: ourselves
    static_configs: [{{targets: ['unix://{tmp_path}/state/ullage.sock']}}]
    metric_relabel_configs:
      - {{source_labels: [__name__], regex: 'ullage_self_.*', action: keep}}
      - {{source_labels: [__name__], regex: 'ullage_(.*)', target_label: __name__}}
  - job_name: prometheus
    static_configs: [{{targets: ['127.0.0.1:{prometheus.port}']}}]
""")
        daemon = daemons(f"daemon: {{scrape_file: {tmp_path}/scrape.yaml}}\n")
        node, server = f'instance="127.0.0.1:{port}",job="node"', f'instance="127.0.0.1:{prometheus.port}",job="prometheus"'
        wait_for(lambda: daemon.values().get(f"up{{{node}}}") == 1, "node_exporter")
        wait_for(lambda: daemon.values().get(f"up{{{server}}}") == 1, "prometheus")
        by_socket = f'instance="{tmp_path}/state/ullage.sock",job="ourselves"'
        wait_for(lambda: daemon.values().get(f"self_ticks_total{{{by_socket}}}", 0) > 0, "the daemon by its own socket")
        values = daemon.values()
        with DIRECT.open(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            said = [line for line in answer.read().decode().splitlines() if line and not line.startswith("#")]
        assert len(said) > 300
        assert abs(values[f"scrape_samples_scraped{{{node}}}"] - len(said)) < 20
        ours = [series for series in values if f'instance="127.0.0.1:{port}"' in series]
        assert abs(len(ours) - len(said)) < 25
        assert values[f"node_memory_MemTotal_bytes{{{node}}}"] == values["node_memory_MemTotal_bytes"]
        assert "# TYPE prometheus_http_request_duration_seconds histogram" in daemon.get("/metrics")
        known = json.loads(daemon.get("/api/v1/metadata?metric=prometheus_http_request_duration_seconds"))["data"]
        assert known["prometheus_http_request_duration_seconds"][0]["type"] == "histogram"
        overview = json.loads(daemon.get("/api/ullage/v1/overview"))
        assert overview["cpu"]["processors"] == os.cpu_count(), "those of the target are not counted as ours"
        assert any(series.startswith("prometheus_http_request_duration_seconds_bucket{") for series in values)
        assert not any(daemon.errors().values()), daemon.errors()
    finally:
        exporter.kill()
        exporter.wait()
        prometheus.stop(signal.SIGKILL)
    wait_for(lambda: daemon.values().get(f"up{{{node}}}") == 0, "that it is down")
    assert not [series for series in daemon.values() if series.startswith("node_") and 'job="node"' in series]


def test_sources_that_misbehave_delay_no_tick(daemons, tmp_path):
    forked = tmp_path / "forked"
    for name, text in {
        "hangs": "sleep 1000",
        "floods": "cat /dev/zero",
        "garbage": "head -c 100000 /dev/urandom",
        "forks": f"setsid sh -c 'echo $$ > {forked}.new; mv {forked}.new {forked}; exec sleep 1000' & "
        f"while [ ! -e {forked} ]; do sleep 0.01; done; echo 'forks 1'",
        "crashes": "kill -9 $$",
        "many": 'i=0; while [ $i -lt 9000 ]; do echo "many{i=\\"$i\\"} 1"; i=$((i+1)); done',
    }.items():
        executable(tmp_path / "executables" / name, f"#!/bin/sh\n{text}\n")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        (tmp_path / "scrape.yaml").write_text(
            "scrape_configs: [{job_name: silent, scrape_interval: 1s, static_configs: "
            f"[{{targets: ['127.0.0.1:{silent.getsockname()[1]}']}}]}}]"
        )
        daemon = daemons(f"""
daemon:
  executables_directory: {tmp_path}/executables
  executables_interval: 1s
  executables_timeout: 2s
  scrape_file: {tmp_path}/scrape.yaml
""")
        wait_for(lambda: len([name for name, error in daemon.errors().items() if error]) >= 5, "that they are down")
        assert daemon.value("forks") == 1
        pid = int(forked.read_text())
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the end of what was forked away")
        values = daemon.values()
        assert 4000 < values["ullage_custom_series"] < 5000
        assert values['ullage_custom_dropped_values_total{cause="series_limit"}'] > 0
        assert "did not end within" in daemon.errors()["exec:hangs"]
        assert "printed more than 1.00 MiB" in daemon.errors()["exec:floods"]
        assert "ended by signal 9" in daemon.errors()["exec:crashes"]
        assert values['ullage_collector_duration_seconds{collector="custom"}'] < 1, "a tick waited for one that takes two seconds"
        print("a tick's part:", values['ullage_collector_duration_seconds{collector="custom"}'])
    daemon.process.kill()  # nothing of the programs is left, even so
    daemon.process.wait()
    wait_for(lambda: not living(str(tmp_path / "executables/hangs")), "the end of what ran")


def test_a_source_that_goes_down_is_told_once_and_so_is_its_end(daemons, tmp_path):
    (tmp_path / "textfile").mkdir()
    executable(tmp_path / "executables/queue", "#!/bin/sh\necho no number >&2\nexit 1\n")
    daemon = daemons(f"""
daemon:
  textfile_directory: {tmp_path}/textfile
  executables_directory: {tmp_path}/executables
  executables_interval: 1s
""")
    for name in "ab":
        (tmp_path / f"textfile/{name}.prom").write_text("broken\n")
    files = [f"textfile:{tmp_path}/textfile/{name}.prom" for name in "ab"]
    for name in ("exec:queue", *files):
        wait_for(lambda name=name: f"{name} is down: " in daemon.log, name)
    ticks = daemon.value("ullage_self_ticks_total")
    wait_for(lambda: daemon.values()["ullage_self_ticks_total"] >= ticks + 10, "ten ticks more")
    asked = subprocess.run(
        [PROGRAMS / "ullage", "doctor", "--json", "--state", daemon.state], capture_output=True, text=True, timeout=60
    )
    down = [finding["text"] for finding in json.loads(asked.stdout)["findings"] if finding["id"] == "daemon_source"]
    assert [text.split(" is down: ")[0] for text in down] == [*files, "exec:queue"]
    assert all(file.removeprefix("textfile:") in daemon.errors()["textfile"] for file in files)
    for file in files:
        Path(file.removeprefix("textfile:")).write_text("good 1\n" if file.endswith("a.prom") else "")
    executable(tmp_path / "executables/queue", "#!/bin/sh\necho queue 1\n")
    for name in ("exec:queue", *files):
        wait_for(lambda name=name: f"{name} is no longer down" in daemon.log, name)
    events = [event["text"] for event in json.loads(daemon.get("/api/ullage/v1/events"))["events"]]
    for name in ("exec:queue", *files):
        assert daemon.log.count(f"{name} is down") == daemon.log.count(f"{name} is no longer down") == 1
        assert sum(text.startswith(f"{name} is ") for text in events) == 2


def living(words: str) -> list[str]:
    """The processes that have it on their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if words.encode() in path.read_bytes() and path.parent.name != str(os.getpid()):
                found.append(path.parent.name)
    return found


def test_a_wrong_file_is_refused_and_a_reload_keeps_the_old(daemons, tmp_path):
    scrape = tmp_path / "scrape.yaml"
    scrape.write_text("scrape_configs:\n  - job_name: a\n    scrape_intervall: 1s\n")
    daemon = daemons(f"daemon: {{scrape_file: {scrape}}}\n")
    assert daemon.process.wait(timeout=20) == 2
    assert f"{scrape}:3:5: unknown key 'scrape_intervall'; did you mean 'scrape_interval'?" in daemon.log

    with page(tmp_path / "app", "orders_total 7\n") as port:
        good = f"scrape_configs: [{{job_name: a, scrape_interval: 200ms, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]"
        scrape.write_text(good)
        daemon = daemons(f"daemon: {{scrape_file: {scrape}}}\n")
        series = f'orders_total{{instance="127.0.0.1:{port}",job="a"}}'
        assert daemon.value(series) == 7
        scrape.write_text(good.replace("job_name", "job_nam"))
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "the settings stay as they were" in daemon.log, "the refusal")
        assert daemon.value(series) == 7
        scrape.write_text(good.replace("job_name: a", "job_name: b"))
        daemon.process.send_signal(signal.SIGHUP)
        assert daemon.value(series.replace('"a"', '"b"')) == 7
        wait_for(lambda: series not in daemon.values(), "the end of the old job")
