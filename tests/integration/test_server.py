# SPDX-License-Identifier: Apache-2.0
"""The server's API asked by others: promtool, a Prometheus that scrapes and federates, Grafana's requests, many clients."""

import json
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from peers import DIRECT, ENVIRONMENT, ROOT, Prometheus, peer

SERIES = 40
IDLE = 10_000


@dataclass
class Served:
    """A history that is served: where, and by which process."""

    url: str
    pid: int

    def ask(self, path: str, method: str = "GET", parameters=()) -> dict:
        """An answer of the API; one that is an error too."""
        query = urllib.parse.urlencode(list(parameters))
        url = self.url + path
        data = query.encode() if method == "POST" else None
        if method == "GET" and query:
            url += "?" + query
        try:
            with DIRECT.open(urllib.request.Request(url, data), timeout=10) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return json.loads(error.read())

    def resident_bytes(self) -> int:
        """Of the server."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024


@pytest.fixture
def served(programs: Path, tmp_path: Path) -> Iterator[Served]:
    """Five minutes of history, served while it goes on."""
    command = [programs / "serve_history", tmp_path / "history", "0", str(SERIES), "5"]
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True) as process:
        try:
            readable, _, _ = select.select([process.stdout], [], [], 30)
            assert readable, "the server does not start"
            yield Served("http://" + process.stdout.readline().strip(), process.pid)
        finally:
            process.kill()


def promtool(*words: str) -> str:
    """What it prints; it must succeed."""
    done = subprocess.run([peer("promtool"), *words], capture_output=True, text=True, timeout=30, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_promtool_asks_what_it_can(served):
    assert "=> 40 @[" in promtool("query", "instant", served.url, "count(served_total)")
    end = int(time.time())
    values = promtool(
        "query", "range", f"--start={end - 60}", f"--end={end}", "--step=10s", served.url, "rate(served_total{n='3'}[30s])"
    )
    assert values.count("3 @[") == 7, values
    series = promtool("query", "series", "--match=served_total{n=~'1.'}", f"--start={end - 300}", f"--end={end}", served.url)
    assert series.count("served_total") == 10, series
    assert "served_total" in promtool("query", "labels", served.url, "__name__").split()


class Scraper(Prometheus):
    """A Prometheus that scrapes our page and federates our history."""

    target = ""

    def command(self) -> list[str]:
        """As its users would write it."""
        words = super().command()
        (self.folder / "prometheus.yml").write_text(f"""
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: page
    static_configs: [{{targets: ['{self.target}']}}]
  - job_name: history
    metrics_path: /federate
    honor_labels: true
    params: {{'match[]': ['served_total', 'node_load1']}}
    static_configs: [{{targets: ['{self.target}']}}]
""")
        return words

    def value(self, query: str) -> float | None:
        """Of a query with one answer."""
        result = self.ask("/api/v1/query", query=query)["data"]["result"]
        return float(result[0]["value"][1]) if result else None


def test_prometheus_scrapes_the_page_and_federates_the_history(served, tmp_path):
    folder = tmp_path / "prometheus"
    folder.mkdir()
    scraper = Scraper(folder)
    scraper.target = served.url.removeprefix("http://")
    try:
        scraper.start()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if scraper.value("min(count_over_time(served_total{n='3'}[10s])) * count(served_total{n='3'})") in range(10, 100):
                break
            time.sleep(0.2)
        assert scraper.value("sum(up)") == 2
        for job in ("job='page'", "job!='page'"):
            assert scraper.value(f"count(served_total{{{job}}})") == SERIES
            assert scraper.value(f"deriv(served_total{{{job},n='3'}}[10s])") == pytest.approx(3, rel=0.3)
        metadata = scraper.ask("/api/v1/targets/metadata", metric="node_load1")["data"]
        assert {(entry["type"], entry["help"]) for entry in metadata} >= {("gauge", "1m load average.")}
    finally:
        scraper.stop(signal.SIGKILL)


REQUESTS = json.loads((ROOT / "tests/fixtures/grafana/requests.json").read_text())


@pytest.mark.parametrize("request_of", REQUESTS, ids=[request["what"] for request in REQUESTS])
def test_grafana_has_its_answers(served, request_of):
    now = time.time()
    moments = {"@now": now, "@hour_ago": now - 3600, "@minutes_ago": now - 240}
    parameters = [(name, f"{moments[value]:.3f}" if value in moments else value) for name, value in request_of["parameters"]]
    answer = served.ask(request_of["path"], request_of["method"], parameters)
    assert answer["status"] == "success", answer
    data = answer["data"]
    if "type" in request_of:
        assert data["resultType"] == request_of["type"]
        data = data["result"]
    if "result" in request_of:
        assert data[1] == request_of["result"]
    if "length" in request_of:
        assert len(data) == request_of["length"], data
    if "holds" in request_of:
        assert request_of["holds"] in data
    for key in request_of.get("keys", []):
        assert key in data


def test_thousands_of_idle_clients_do_not_hurt(served):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    idle = min(IDLE, most * 3 // 4 - 200)
    if idle < 1000:
        pytest.skip("may not open enough files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    host, port = served.url.removeprefix("http://").split(":")
    served.ask("/api/v1/labels")
    before = served.resident_bytes()
    clients = []
    try:
        for _ in range(idle - 20):
            client = socket.create_connection((host, int(port)), timeout=10)
            clients.append(client)
        for client in clients[::100]:
            client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for client in clients[::100]:
            assert b"200 OK" in client.recv(4096)
        begin = time.monotonic()
        for _ in range(20):
            assert served.ask("/api/v1/status/buildinfo")["status"] == "success"
        each = (time.monotonic() - begin) / 20
        grown = served.resident_bytes() - before
    finally:
        for client in clients:
            client.close()
    print(f"{len(clients)} idle clients: {grown / len(clients):.0f} bytes each, an answer in {each * 1000:.1f} ms")
    assert each < 0.1
    assert grown < 4096 * len(clients)
