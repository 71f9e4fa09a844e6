#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `ullage daemon` costs beside those it stands in for: `./dev bench daemon`.

A thousand processes live (one in ten does a little each second) while each of the watchers looks at the machine once a second for a while: Ullage
with BPF and without (both at once, so that they have the same seconds), the distribution's node_exporter with process-exporter (scraped each second),
and netdata. Their CPU time and memory are read from /proc. A tick is all that Ullage's threads do but the one that writes the history: reading, naming,
looking ahead, and the server that nobody asks. Then its memory with 6,000 series, and Ullage is asked: /metrics, a storm of queries while both cores are busy, its page in Chromium.
Last, a day in which 200,000 processes come and go passes on a clock of its own. Results go to bench/out/daemon.json, and as a table to standard
output. Peers that are not installed are left out, and that is said.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / "build/bin"
OUT = ROOT / "bench/out"
PEERS = ROOT / ".venv/peers"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Ullage reads PSS of a thousand processes within its budget; what it costs after that is what it goes on to cost.
SETTLE_SECONDS_MAX = 400
# After so long the history's journal is about as long as it becomes, and what asks for the last minutes reads all of it.
JOURNAL_SECONDS = 150
LIVE_SERIES = 5700  # and the machine's own
OTHERS_SECONDS_MOST = 60  # of what tells no more in longer: the peers, the page
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

SWARM = """
import os, sys, time
for i in range(999):
    if os.fork() == 0: break
else: i = 999
kept = []
while True:
    if i % 10 == 0: kept.append(bytearray(4096))
    time.sleep(1 if i % 10 == 0 else 1000)
"""


def free_port() -> int:
    """A port of the loopback that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its family, ended children of it included."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(fields[i]) for i in (11, 12, 13, 14))
    return total / TICKS_PER_SECOND


def thread_seconds(pid: int) -> dict[str, float]:
    """CPU time of a process's threads, to the nanosecond, by their names."""
    seconds: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            name = (task / "comm").read_text().strip()
            seconds[name] = seconds.get(name, 0) + int((task / "schedstat").read_text().split()[0]) / 1e9
    return seconds


def own_mib(pid: int) -> float:
    """Resident, of one process, shared libraries and all."""
    return round(int(re.search(r"^VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1]) / 1024, 1)


def resident_mib(pid: int) -> float:
    """Of a process and its family, shared pages once (PSS)."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            total += int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{one}/smaps_rollup").read_text(), re.MULTILINE)[1])
    return total / 1024


def fetch(url: str) -> bytes:
    """The body of an answer."""
    with DIRECT.open(url, timeout=30) as answer:
        return answer.read()


class Watcher:
    """A program that looks at the machine, alone or with others, and the pages that are scraped of it each second."""

    def __init__(
        self, name: str, commands: list[list[str]], pages: list[str], folder: Path, settings: dict[str, str] | None = None
    ):
        self.name, self.pages = name, pages
        environment = os.environ | (settings or {})
        log = (folder / f"{name.split(maxsplit=1)[0]}.log").open("wb")
        self.processes = [
            subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment, start_new_session=True)
            for command in commands
        ]
        self.wait_until_there()

    def wait_until_there(self):
        """All pages answer."""
        deadline = time.monotonic() + 60
        for page in self.pages:
            while True:
                try:
                    fetch(page)
                    break
                except OSError:
                    if time.monotonic() > deadline or any(one.poll() is not None for one in self.processes):
                        raise RuntimeError(f"{self.name} does not answer at {page}") from None
                    time.sleep(0.1)

    def measure(self, seconds: int, scrapes: bool) -> tuple[float, float]:
        """Milliseconds of CPU a second, and MiB, after a while to settle."""
        self.live(5, scrapes)
        before, begin = sum(cpu_seconds(one.pid) for one in self.processes), time.monotonic()
        self.live(seconds, scrapes)
        spent = sum(cpu_seconds(one.pid) for one in self.processes) - before
        return 1000 * spent / (time.monotonic() - begin), sum(resident_mib(one.pid) for one in self.processes)

    def live(self, seconds: int, scrapes: bool):
        """Lets it work, scraped each second or left alone."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for page in self.pages if scrapes else []:
                fetch(page)
            time.sleep(max(0.0, 1 - time.monotonic() % 1))

    def end(self):
        """Ends it and what it has started."""
        for one in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGTERM)
        for one in self.processes:
            try:
                one.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(one.pid, signal.SIGKILL)


def ullage(folder: Path, **settings: str) -> tuple[Watcher, str]:
    """The daemon with an empty history and these environment variables, and where it is."""
    port = free_port()
    state = tempfile.mkdtemp(dir=folder)
    command = [str(BIN / "ullage"), "daemon", "--state", state, "--listen", f"[127.0.0.1:{port}]"]
    url = f"http://127.0.0.1:{port}"
    return Watcher("ullage daemon", [command], [url + "/-/ready"], folder, settings), url


def peers(folder: Path) -> list[tuple[Watcher, bool]]:
    """Those that are installed, running, each with whether it has to be scraped to look."""
    found = []
    node = PEERS / "prometheus-node-exporter/usr/bin/prometheus-node-exporter"
    process = PEERS / "prometheus-process-exporter/usr/bin/prometheus-process-exporter"
    if node.exists() and process.exists():
        ports = free_port(), free_port()
        # All processes, by their commands.
        (folder / "groups.yml").write_text("process_names:\n  - name: '{{.Comm}}'\n    cmdline: ['.+']\n")
        commands = [
            [str(node), f"--web.listen-address=127.0.0.1:{ports[0]}"],
            [str(process), f"-web.listen-address=127.0.0.1:{ports[1]}", "-config.path=groups.yml"],
        ]
        pages = [f"http://127.0.0.1:{port}/metrics" for port in ports]
        found.append((lambda: Watcher("node_exporter + process-exporter", commands, pages, folder), True))
    else:
        print("  node_exporter and process-exporter are not installed: left out", flush=True)
    netdata = PEERS / "netdata-core/usr/sbin/netdata"
    if netdata.exists():
        port = free_port()
        root = PEERS / "netdata-core"
        configuration = folder / "netdata.conf"
        for name in ("cache", "lib", "log"):
            (folder / name).mkdir(exist_ok=True)
        configuration.write_text(
            f"[global]\n[db]\n mode = dbengine\n[directories]\n cache = {folder}/cache\n lib = {folder}/lib\n log = {folder}/log\n"
            f" plugins = {root}/usr/lib/netdata/plugins.d\n web = {root}/usr/share/netdata/web\n config = {folder}\n"
            f" stock config = {root}/usr/lib/netdata/conf.d\n[web]\n bind to = 127.0.0.1\n default port = {port}\n[ml]\n enabled = no\n"
        )
        command = [str(netdata), "-D", "-u", "root", "-c", str(configuration), "-p", str(port)]
        page = f"http://127.0.0.1:{port}/api/v1/info"
        found.append((lambda: Watcher("netdata", [command], [page], folder), False))
    else:
        print("  netdata is not installed: left out", flush=True)
    return found


class Table:
    """The figures so far."""

    def __init__(self):
        self.rows = []

    def row(self, figure: str, value: float | str, unit: str, must: str = "", aim: str = ""):
        """Notes a figure, and prints it."""
        self.rows.append({"figure": figure, "value": value, "unit": unit, "must": must, "aim": aim})
        print(f"  {figure}: {value} {unit}", flush=True)


def value_of(page: bytes, name: str) -> float:
    """Of a series without labels."""
    return float(re.search(rf"^{name} (\S+)$", page.decode(), re.MULTILINE)[1])


def parts_of_ticks(url: str, seconds: int) -> str:
    """Microseconds that collectors took, on average and by the clock on the wall: the dearest, and the others together."""
    query = urllib.parse.quote(f"avg_over_time(ullage_collector_duration_seconds[{seconds}s])")
    found = json.loads(fetch(f"{url}/api/v1/query?query={query}"))["data"]["result"]
    parts = sorted(((1e6 * float(one["value"][1]), one["metric"]["collector"]) for one in found), reverse=True)
    others = sum(taken for taken, _ in parts[5:])
    return ", ".join(f"{name} {taken:.0f}" for taken, name in parts[:5]) + f", {len(parts) - 5} others {others:.0f}"


def knows_swarm(page: str) -> bool:
    """Whether PSS of the group of a thousand is known, which it is only when that of each of them is."""
    found = re.search(r"^ullage_group_processes({.*}) (?:9\d\d|1\d\d\d)$", page, re.MULTILINE)
    return found is not None and f"ullage_group_proportional_bytes{found[1]} " in page


def wait_until_settled(urls: list[str]):
    """PSS of all of the swarm has been read."""
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    while time.monotonic() < deadline:
        time.sleep(5)
        if all(knows_swarm(fetch(url + "/metrics").decode()) for url in urls):
            return
    print("  PSS of the swarm is not all read yet", flush=True)


def spent_each_second(pids: list[int], seconds: int) -> list[list[dict[str, float]]]:
    """Milliseconds of CPU of each process by the names of its threads, for each second between two ticks."""
    spent: list[list[dict[str, float]]] = [[] for _ in pids]
    before = None
    for _ in range(seconds + 1):
        time.sleep(1.5 - (time.time() % 1))  # ticks are at full seconds
        now = [thread_seconds(pid) for pid in pids]
        for i, used in enumerate(now if before else []):
            spent[i].append({name: 1000 * (seconds - before[i].get(name, 0)) for name, seconds in used.items()})
        before = now
    return spent


def page_milliseconds(url: str) -> float:
    """Until /metrics is there: the median of fifty."""
    taken = []
    for _ in range(50):
        begin = time.perf_counter()
        fetch(url + "/metrics")
        taken.append(1000 * (time.perf_counter() - begin))
    return round(statistics.median(taken), 2)


def bench_ullage(table: Table, folder: Path, seconds: int):
    """With BPF and without, side by side."""
    daemons = [(kind, *ullage(folder, ULLAGE_DAEMON_BPF=bpf)) for kind, bpf in (("with BPF", "true"), ("without", "false"))]
    wait_until_settled([url for _, _, url in daemons])
    spent = spent_each_second([watcher.processes[0].pid for _, watcher, _ in daemons], seconds)
    for i, (kind, watcher, url) in enumerate(daemons):
        ticks = [sum(used for name, used in second.items() if name != "history") for second in spent[i]]
        limits = ("≤ 3", "≤ 1") if i == 0 else ("≤ 14", "≤ 6")
        table.row(f"CPU of a tick, host and 1,000 processes, {kind}: median", round(statistics.median(ticks), 2), "ms", *limits)
        table.row("… mean", round(statistics.mean(ticks), 2), "ms")
        table.row("… of it, by the wall clock", parts_of_ticks(url, seconds), "µs")
        table.row(
            "… and to write the history: all the daemon does in a second, mean",
            round(statistics.mean(sum(second.values()) for second in spent[i]), 2),
            "ms",
        )
        table.row("… memory (PSS)", round(resident_mib(watcher.processes[0].pid), 1), "MiB", "≤ 40", "≤ 20")
    url = daemons[0][2]
    page = fetch(url + "/metrics")
    table.row("… series", page.count(b"\n") - page.count(b"\n#"), "")
    table.row("… /metrics of these series, through Python's client", page_milliseconds(url), "ms", "≤ 6", "≤ 2")
    for _, watcher, _ in daemons:
        watcher.end()


def bench_cost(table: Table, folder: Path, seconds: int):
    """CPU and memory at a thousand processes."""
    swarm = subprocess.Popen([sys.executable, "-S", "-c", SWARM], start_new_session=True)
    try:
        time.sleep(2)
        bench_ullage(table, folder, seconds)
        for make, is_scraped in peers(folder):
            try:
                watcher = make()
            except RuntimeError as error:
                print(f"  {error}: left out", flush=True)
                continue
            milliseconds, mib = watcher.measure(min(seconds, OTHERS_SECONDS_MOST), scrapes=is_scraped)
            table.row(f"{watcher.name}: CPU a second", round(milliseconds, 1), "ms")
            table.row("… memory (PSS)", round(mib, 1), "MiB")
            watcher.end()
    finally:
        os.killpg(swarm.pid, signal.SIGKILL)
        swarm.wait()


def write_series(file: Path, count: int, done: threading.Event):
    """As a program of the user's would: so many gauges, all anew each second."""
    second = 0
    while not done.wait(1):
        second += 1
        lines = (f'bench_queue_depth{{worker="{i}"}} {(i * 7919 + second * second) % 100_003 / 7}\n' for i in range(count))
        file.with_suffix(".new").write_text("# TYPE bench_queue_depth gauge\n" + "".join(lines))
        file.with_suffix(".new").rename(file)


def bench_series(table: Table, folder: Path, seconds: int):
    """Six thousand live series, most of them from a file of the user's: memory, /metrics, and what questions over all of them leave."""
    values = folder / "values"
    values.mkdir()
    watcher, url = ullage(folder, ULLAGE_DAEMON_TEXTFILE_DIRECTORY=str(values), ULLAGE_DAEMON_CUSTOM_SERIES=str(LIVE_SERIES))
    done = threading.Event()
    writer = threading.Thread(target=write_series, args=(values / "bench.prom", LIVE_SERIES, done))
    writer.start()
    pid = watcher.processes[0].pid
    try:
        time.sleep(JOURNAL_SECONDS + min(seconds, OTHERS_SECONDS_MOST))
        page = fetch(url + "/metrics")
        series = page.count(b"\n") - page.count(b"\n#")
        table.row(f"resident memory at {series:,} live series", own_mib(pid), "MiB", "≤ 40", "≤ 20")
        table.row("… /metrics of them, through Python's client", page_milliseconds(url), "ms", "≤ 6", "≤ 2")
        now = int(time.time())
        window = urllib.parse.urlencode({"query": '{__name__!=""}', "start": now - JOURNAL_SECONDS, "end": now, "step": 1})
        fetch(f"{url}/api/v1/query_range?{window}")
        table.row("… just after a question for two minutes of them all", own_mib(pid), "MiB")
        time.sleep(75)
        table.row("… a minute later", own_mib(pid), "MiB")
    finally:
        done.set()
        writer.join()
        watcher.end()


def storm(url: str, a_second: int, seconds: int) -> dict[int, int]:
    """Queries at a rate, on connections that stay; how often which status came (0: none)."""
    statuses: dict[int, int] = {}
    lock = threading.Lock()
    host = urllib.parse.urlparse(url).netloc
    clients = 8

    def ask(number: int):
        connection = HTTPConnection(host, timeout=30)
        counts: dict[int, int] = {}
        begin = time.monotonic()
        for i in range(number, a_second * seconds, clients):
            time.sleep(max(0.0, begin + i / a_second - time.monotonic()))
            try:
                connection.request("GET", "/api/v1/query?query=sum(node_load1)")
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except OSError:
                status = 0
                connection.close()
            counts[status] = counts.get(status, 0) + 1
        with lock:
            for status, count in counts.items():
                statuses[status] = statuses.get(status, 0) + count

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def bench_storm(table: Table, folder: Path, seconds: int):
    """Ticks while both cores are busy and queries come in."""
    # As long as asked: a tick in a hundred may be late of ten minutes, not of one.
    watcher, url = ullage(folder)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        time.sleep(JOURNAL_SECONDS)
        before = fetch(url + "/metrics")
        begin = time.monotonic()
        statuses = storm(url, 1000, seconds)
        taken = time.monotonic() - begin
        page = fetch(url + "/metrics")
        ticks = value_of(page, "ullage_self_ticks_total") - value_of(before, "ullage_self_ticks_total")
        late = value_of(page, "ullage_self_late_ticks_total") - value_of(before, "ullage_self_late_ticks_total")
        asked = sum(statuses.values())
        table.row("queries a second that were answered, both cores busy", round(statuses.get(200, 0) / taken), "")
        table.row("… that failed", asked - statuses.get(200, 0), f"of {asked}", "0", "0")
        table.row("… ticks late by over 100 ms meanwhile", round(100 * late / ticks, 1), "%", "≤ 1", "0")
        answer = json.loads(
            fetch(
                url
                + "/api/v1/query?query="
                + urllib.parse.quote(f"quantile_over_time(0.99, ullage_self_tick_lateness_seconds[{seconds}s])")
            )
        )
        table.row(
            "… lateness of ticks, 99 %", round(1000 * float(answer["data"]["result"][0]["value"][1]), 1), "ms", "≤ 20", "≤ 5"
        )
    finally:
        for one in busy:
            one.kill()
            one.wait()
        watcher.end()


def bench_page(table: Table, folder: Path, seconds: int):
    """The first look at the daemon in a browser, once there is something to chart."""
    watcher, url = ullage(folder)
    try:
        watcher.live(max(20, min(seconds, OTHERS_SECONDS_MOST)), scrapes=False)
        request = urllib.request.Request(url + "/", headers={"Accept-Encoding": "gzip"})
        with DIRECT.open(request, timeout=30) as answer:
            kilobytes = len(answer.read()) / 1000
        table.row("first page: its weight, compressed", round(kilobytes, 1), "KB", "≤ 120")
        open_it = ["node", ROOT / "web/tools/open_time.mjs", url + "/"]
        printed = subprocess.run(open_it, capture_output=True, text=True, cwd=ROOT / "web")
        if printed.returncode != 0:
            print(f"  not opened in Chromium: {printed.stderr.strip().splitlines()[-1:]}")
            return
        table.row("… until the first chart is painted, in Chromium", json.loads(printed.stdout)["median"], "ms", "≤ 300")
    finally:
        watcher.end()


def bench_day(table: Table, folder: Path, seconds: int):
    """What memory a day of short processes leaves behind; with few seconds a piece of one, to see that it works."""
    is_whole = seconds >= 60
    minutes, interval_s = (1440, 1) if is_whole else (180, 15)
    in_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else folder
    with tempfile.TemporaryDirectory(dir=in_memory) as day:
        command = [BIN / "watch_day", day, *map(str, (minutes, 200_000, interval_s, 0))]
        printed = subprocess.run(command, capture_output=True, text=True, check=True)
    hours = [json.loads(line) for line in printed.stdout.splitlines()]
    name = "24 h at 1 s on a virtual clock" if is_whole else "A PIECE OF A DAY, not to quote"

    def mib(key: str, choice=max) -> float:
        return round(choice(hour[key] for hour in hours[1:]) / 2**20, 1)

    first_heap, first_resident = (round(hours[0][key] / 2**20, 1) for key in ("heap_bytes", "resident_bytes"))
    figure = f"{name}, {hours[-1]['births']} processes: heap grown after the first hour"
    table.row(figure, round(mib("heap_bytes") - first_heap, 1), "MiB", "≤ 2", "0")
    table.row("… resident after the first hour", first_resident, "MiB")
    table.row("… after later ones, the least and the most", f"{mib('resident_bytes', min)} – {mib('resident_bytes')}", "MiB")
    table.row("… the most at any minute", mib("resident_bytes_most"), "MiB")
    ticks = minutes * 60 / interval_s
    table.row("… CPU a tick, the machine of files included", round(1000 * hours[-1]["cpu_seconds"] / ticks, 1), "ms")


PARTS = {"cost": bench_cost, "series": bench_series, "storm": bench_storm, "page": bench_page, "day": bench_day}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--seconds", type=int, default=60, help="of the daemon's cost and the storm; of others a minute at most")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no part '{unknown.pop()}': {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends, too
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        for name, part in PARTS.items():
            if not asked.parts or name in asked.parts:
                part(table, Path(folder), asked.seconds)
    OUT.mkdir(exist_ok=True)
    (OUT / "daemon.json").write_text(json.dumps(table.rows, indent=2, ensure_ascii=False) + "\n")
    print("\n| figure | measured | must | aim |\n|---|---|---|---|")
    for row in table.rows:
        print(f"| {row['figure']} | {row['value']} {row['unit']} | {row['must']} | {row['aim']} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
