# SPDX-License-Identifier: Apache-2.0
"""What may go wrong around a daemon: swarms, hidden processes, no descriptors, clocks that are set, torn settings, hostile
names, cgroups that come and go, a long day. What its sources may do to it is in test_custom_metrics, what its clients may in
test_daemon_requests."""

import contextlib
import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from conftest import IS_SOAKING
from daemon_process import PATIENCE, wait_for


def test_five_thousand_processes_that_appear_at_once_hold_up_no_tick(start, programs):
    count = 5000
    daemon = start()
    before = wait_for(lambda: daemon.number("ullage_processes"), "a first tick")
    swarm = subprocess.Popen([programs / "swarm", str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if swarm.stdout.readline() != "there\n":
            pytest.skip("not so many processes here")
        begin = time.time()
        wait_for(lambda: daemon.number("ullage_processes") >= before + count - 50, "they are counted")
        ticks = "count_over_time(ullage_self_tick_duration_seconds[1m])"
        seen = daemon.number(ticks)
        wait_for(lambda: daemon.number(ticks) >= seen + 3, "three ticks with all of them")
        since = f"[{time.time() - begin:.0f}s]"
        values = daemon.live()
        # By themselves a tenth of a second; others may want the processors as well.
        assert daemon.number(f"max_over_time(ullage_self_tick_duration_seconds{since})") < 2
        assert daemon.number(f"max_over_time(ullage_self_tick_lateness_seconds{since})") < 1
        of_swarm = [value for series, value in values.items() if series.startswith('ullage_group_processes{group="swarm"')]
        assert sum(of_swarm) == count + 1  # whose user may not have been read yet
        assert sum(series.startswith("ullage_process_resident_bytes{") for series in values) <= 150
        assert values["ullage_self_live_series"] < 10_000
        assert values["ullage_self_resident_bytes"] < 64 << 20
        assert not any(value for series, value in values.items() if series.startswith("ullage_self_dropped_ticks_total"))
    finally:
        swarm.stdin.close()
        swarm.wait(timeout=PATIENCE)
    wait_for(lambda: daemon.number("ullage_processes") < before + 100, "their end is counted")


# What the kernel does not show to a user who has no other way to it: no exit records and no list of tasks either.
@pytest.mark.parametrize(
    ("hidepid", "told"),
    [(0, 'ullage_processes_hidden{part="io"}'), (1, 'ullage_processes_hidden{part="all"}'), (2, "ullage_threads_hidden")],
)
def test_what_may_not_be_seen_is_counted_and_the_rest_is_watched(start, unprivileged, hidepid, told):
    mounting = f'mount -t proc -o hidepid={hidepid} proc /proc && exec "$@"'
    prefix = ("unshare", "--mount", "sh", "-c", mounting, "sh")
    if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("no /proc of its own can be mounted here")
    daemon = start(of=unprivileged, prefix=prefix)
    values = wait_for(daemon.live, "values")
    assert values[told] > 0
    assert (values["ullage_processes"] < 5) == (hidepid > 0)
    assert "ullage_processes_unseen_total" not in values  # no exit records: not even 0
    for collector in ("processes", "meminfo", "stat", "self", "custom"):
        assert values[f'ullage_collector_success{{collector="{collector}"}}'] == 1
    assert any(series.startswith("ullage_process_resident_bytes{") for series in values)
    assert daemon.stop() == 0


def test_two_hundred_descriptors_are_enough_and_clients_who_take_them_all_stop_no_tick(start):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))

    daemon = start(preexec_fn=few)
    ticks = daemon.live()["ullage_self_ticks_total"]
    there = sum(1 for _ in Path("/proc").glob("[0-9]*"))
    assert abs(daemon.live()["ullage_processes"] - there) < 20
    with contextlib.ExitStack() as clients:
        for _ in range(300):
            clients.enter_context(socket.create_connection(("127.0.0.1", daemon.port), timeout=5))
        values = wait_for(daemon.live, "an answer all the same")
        wait_for(lambda: daemon.live()["ullage_self_ticks_total"] >= ticks + 3, "ticks go on")
        for collector in ("processes", "meminfo", "stat", "cgroups", "self"):
            assert values[f'ullage_collector_success{{collector="{collector}"}}'] == 1
    wait_for(lambda: daemon.number("node_load1") is not None, "the history answers")
    assert daemon.stop() == 0


@pytest.mark.parametrize("count", [6, 40, 64, 159])
def test_too_few_descriptors_are_said(ullage, count):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))

    done = ullage("daemon", "--state", ullage.state, "--listen", "127.0.0.1:0", preexec_fn=few, timeout=PATIENCE)
    assert done.code == 2
    assert f"only {count} files may be open at once" in done.err
    assert "LimitNOFILE=" in done.err


def test_with_the_fewest_descriptors_clients_are_answered_and_the_history_is_written(start):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (160, 160))

    daemon = start(preexec_fn=few)
    wait_for(lambda: (daemon.number("count_over_time(node_load1[1m])") or 0) >= 3, "the history answers")
    with contextlib.ExitStack() as clients:
        for _ in range(100):
            clients.enter_context(socket.create_connection(("127.0.0.1", daemon.port), timeout=5))
        wait_for(daemon.live, "an answer all the same")
    assert json.loads(daemon.get("/api/ullage/v1/processes"))["processes"]
    assert daemon.stop() == 0


class ShiftedClock:
    """The wall clock of one program, which may be set."""

    def __init__(self, file: Path, programs: Path):
        file.write_bytes(bytes(8))
        self.file = file
        self.environment = {"SHIFTED_CLOCK": str(file), "LD_PRELOAD": str(programs / "shifted_clock.so")}

    def shift(self, seconds: float) -> None:
        """How far it is ahead of the machine's."""
        with self.file.open("r+b") as opened, mmap.mmap(opened.fileno(), 8) as bytes_of_it:
            bytes_of_it[:] = struct.pack("q", round(seconds * 1000))


def test_a_clock_that_jumps_stops_nothing(start, ullage, programs):
    clock = ShiftedClock(ullage.scratch / "shift", programs)
    daemon = start("--interval", "100ms", environment=clock.environment)
    day = 86400
    for jump in (day, 0, -3600, 40 * day, 0):
        clock.shift(jump)
        ticks = daemon.live()["ullage_self_ticks_total"]
        wait_for(lambda ticks=ticks: daemon.live()["ullage_self_ticks_total"] >= ticks + 8, f"ticks after {jump} s")
        values = daemon.live()
        assert abs(values["node_time_seconds"] - time.time() - jump) < 2
        assert values["ullage_self_tick_lateness_seconds"] < 1
    # Of the time that is now, samples are there, and a query of now has them: the daemon's own time is a day's file.
    wait_for(lambda: daemon.number("count_over_time(node_load1[1m])"), "the history goes on")
    assert daemon.number("count(node_load1)") == 1
    assert daemon.stop() == 0
    checked = ullage("daemon", "history", "check", "--state", ullage.state)
    assert checked.code == 0, checked.out + checked.err


def test_settings_cut_anywhere_are_refused_or_taken_and_stop_nothing(start, ullage):
    whole = "daemon:\n  interval: 500ms\n  groups: 90\nserver:\n  queries: 2\n  names: [a.example, b.example]\n"
    settings = write_settings(ullage, whole)
    path = str(ullage.scratch / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(PATIENCE)
        daemon = start("--config", settings, environment={"NOTIFY_SOCKET": path})

        def reload(text: str) -> None:
            settings.write_text(text)
            daemon.process.send_signal(signal.SIGHUP)
            while not manager.recv(1000).startswith(b"READY=1"):
                pass

        while not manager.recv(1000).startswith(b"READY=1"):
            pass
        for place in range(len(whole)):
            reload(whole[:place])
        reload(whole)
    assert daemon.log.count("the settings stay as they were") > 10
    assert f"{settings}:" in daemon.log
    assert daemon.log.count("daemon.groups: 9 ") == 1  # one that is cut and still means something is taken
    assert daemon.stop() == 0
    settings.write_text(whole[: whole.index("b.example")])
    done = ullage("daemon", "--state", ullage.state, "--config", settings, timeout=PATIENCE)
    assert done.code == 2
    assert f"{settings}:" in done.err


HTML, ESCAPE = "<b>&\"'", "\x1b[31m"


@contextlib.contextmanager
def process_named(name: bytes):
    """One that calls itself so, and holds enough to be among the first."""
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(15, name)  # PR_SET_NAME
        held = bytearray(os.urandom(1 << 20) * 64)
        time.sleep(120 if held else 0)
        os._exit(0)
    try:
        yield child
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@contextlib.contextmanager
def cgroup_named(name: str):
    """An empty one of the memory hierarchy, where that may be made."""
    top = next(
        (path for path in (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")) if (path / "cgroup.procs").exists()), None
    )
    if top is None or not os.access(top, os.W_OK):
        pytest.skip("may not make a cgroup here")
    try:
        (top / name).mkdir()
    except OSError as error:
        pytest.skip(f"may not make a cgroup here: {error}")
    try:
        yield top / name
    finally:
        (top / name).rmdir()


def test_hostile_names_stay_text_everywhere(start, ullage):
    name = f'{ESCAPE}<b>\n\\"x'
    cgroup = f"ullage-test {os.getpid()} {HTML}{ESCAPE}"
    folder = ullage.scratch / "textfile"
    folder.mkdir()
    (folder / "hostile.prom").write_text('own_value{label="</script><script>alert(1)</script>\\n\\"' + ESCAPE + '"} 7\n')
    with process_named(name.encode()) as pid, cgroup_named(cgroup):
        daemon = start("--config", write_settings(ullage, f"daemon: {{textfile_directory: {folder}}}\n"))
        wait_for(lambda: daemon.query(f'ullage_process_resident_bytes{{pid="{pid}"}}'), "the process is among the first")
        (found,) = daemon.query(f'ullage_process_resident_bytes{{pid="{pid}"}}')
        assert found["metric"]["name"] == name
        (found,) = wait_for(lambda: daemon.query("own_value"), "the file's value")
        assert found["metric"]["label"] == f'</script><script>alert(1)</script>\n"{ESCAPE}'
        ids = [one["metric"]["id"] for one in daemon.query("container_memory_usage_bytes")]
        assert f"/{cgroup}" in ids
        rows = json.loads(daemon.get("/api/ullage/v1/processes?limit=1000"))["processes"]
        assert [row["name"] for row in rows if row["pid"] == pid] == [name]
        # A line a sample, whatever is in it; and another Prometheus reads it so.
        for page in ("/metrics", "/federate?match[]=own_value&match[]=container_memory_usage_bytes"):
            for line in daemon.get(page).splitlines():
                assert line.startswith(("# HELP ", "# TYPE ")) or line.rsplit(" ", 1)[1], line
                assert not line.startswith((ESCAPE, "<"))
        for asked in ("own_value", "container_memory_usage_bytes", f'ullage_process_resident_bytes{{pid="{pid}"}}'):
            told = ullage("query", asked, "--state", ullage.state)
            assert told.code == 0, told.err
            assert "\x1b" not in told.out
            assert "<b>" in told.out or "<script>" in told.out
        told = ullage("top", "--once", "--filter", "<b>")
        assert f" {pid} " in told.out
        assert "\x1b" not in told.out
    assert "\x1b" not in daemon.log


def write_settings(ullage, text: str) -> Path:
    """A file of them."""
    path = ullage.scratch / "settings.yaml"
    path.write_text(text)
    return path


def test_cgroups_that_are_removed_and_made_again_while_they_are_read(start):
    daemon = start("--interval", "100ms")
    name = f"ullage-test-{os.getpid()}"
    with cgroup_named(name) as cgroup:
        ticks = daemon.live()["ullage_self_ticks_total"]
        seconds = 60 if IS_SOAKING else 2
        end, made = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            for i in range(20):
                (cgroup / str(i % 5)).mkdir()
                (cgroup / str(i % 5)).rmdir()
                made += 1
        values = daemon.live()
        assert values['ullage_collector_success{collector="cgroups"}'] == 1
        assert values["ullage_self_ticks_total"] > ticks + 5 * seconds
        # Another one under the old name is the other's from its first reading on.
        (cgroup / "0").mkdir()
        try:
            holding = "read go; held=$(head -c 3000000 /dev/zero | tr '\\0' x); read end"
            with subprocess.Popen(["sh", "-c", holding], stdin=subprocess.PIPE, text=True) as child:
                (cgroup / "0/cgroup.procs").write_text(str(child.pid))
                child.stdin.write("go\n")
                child.stdin.flush()
                series = f'container_memory_usage_bytes{{id="/{name}/0"}}'
                wait_for(lambda: daemon.live().get(series, 0) > 0, "it is read")
                child.kill()
        finally:
            wait_for(lambda: (cgroup / "0").rmdir() or True, "it is empty")
    wait_for(lambda: not any(f'id="/{name}' in series for series in daemon.live()), "it is forgotten")
    assert made > 100


def test_births_and_deaths_leave_no_memory_behind(programs):
    minutes, births_a_day, interval_s, ask_every_minutes = (1440, 200_000, 1, 0) if IS_SOAKING else (120, 20_000, 15, 0)
    in_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # thousands of small files are slow on a disk
    with tempfile.TemporaryDirectory(prefix="ullage-day-", dir=in_memory) as folder:
        command = [programs / "watch_day", folder, *map(str, (minutes, births_a_day, interval_s, ask_every_minutes))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stderr
    hours = [json.loads(line) for line in done.stdout.splitlines()]
    print("\n".join(map(str, hours)))
    assert hours[-1]["dropped_ticks"] == 0
    grown = max(hour["heap_bytes"] for hour in hours[1:]) - hours[0]["heap_bytes"]
    # It takes some 700 ticks, more than two hours of the short day have, until all is as large as it becomes.
    assert grown < (2 if IS_SOAKING else 6) << 20, f"{grown} bytes more are in use than in the first hour"
