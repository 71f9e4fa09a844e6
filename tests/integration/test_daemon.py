# SPDX-License-Identifier: Apache-2.0
"""The daemon as its users run it: what it serves, how it ends, and what it survives."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from conftest import IS_SOAKING
from daemon_process import PATIENCE, wait_for

KILLING_SECONDS = 10


def test_the_machine_is_served_and_remembered(start):
    daemon = start()
    page = wait_for(lambda: daemon.ask("/metrics"), "metrics")
    for name in (
        "node_load1",
        "node_memory_MemTotal_bytes",
        "node_cpu_seconds_total",
        "ullage_processes",
        "ullage_self_ticks_total",
    ):
        assert f"\n{name}" in page
    total = (
        int(next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal")))
        * 1024
    )
    result = wait_for(lambda: daemon.query("node_memory_MemTotal_bytes"), "the history has the first tick")
    assert float(result[0]["value"][1]) == total
    wait_for(lambda: len((daemon.query("node_load1[1m]") or [{"values": []}])[0]["values"]) >= 3, "three ticks are kept")
    assert daemon.stop() == 0


def test_the_history_answers_while_the_daemon_runs_and_after(start, ullage):
    daemon = start()
    wait_for(lambda: daemon.query("node_load1"), "a first tick")
    # Bytes are told as people read them, and of a curve when it was.
    said = ullage("query", "node_memory_MemTotal_bytes", "--state", ullage.state).out
    assert re.search(r"[KMGT]iB\n", said), said
    curve = ("query", "--chart", "--range", "5m", "node_memory_MemTotal_bytes", "--state", ullage.state)
    said = wait_for(lambda: ullage(*curve).out, "a curve")
    assert re.search(r"[KMGT]iB .*\d\d:\d\d:\d\dZ\n$", said, re.DOTALL), said
    asked = ullage("query", "node_load1", "--json", "--state", ullage.state)
    assert asked.code == 0 and json.loads(asked.out)["data"]["result"], asked.err
    daemon.stop()
    asked = ullage("query", "count_over_time(node_load1[5m])", "--json", "--state", ullage.state)
    assert int(json.loads(asked.out)["data"]["result"][0]["value"][1]) >= 1


def test_ticks_stand_at_whole_intervals(start):
    daemon = start("--interval", "200ms")
    wait_for(lambda: daemon.query("count_over_time(node_load1[1m]) > 5"), "six ticks")
    values = daemon.query("node_load1[1m]")[0]["values"]
    assert all(round(moment * 1000) % 200 == 0 for moment, _ in values)


def test_it_ends_within_two_seconds_and_leaves_whole_files(start, ullage):
    daemon = start()
    wait_for(lambda: daemon.query("node_load1"), "a first tick")
    begin = time.monotonic()
    assert daemon.stop(signal.SIGINT) == 0
    assert time.monotonic() - begin < 2
    assert not list(ullage.state.glob("history/*-wal"))
    assert not (ullage.state / "ullage.sock").exists()
    assert ullage("daemon", "history", "check", "--state", ullage.state).code == 0


# A target and a receiver that take a connection and never say a word.
def test_it_does_not_wait_for_who_does_not_answer(start, ullage):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        silent.settimeout(PATIENCE)
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        scrape, settings = ullage.scratch / "scrape.yaml", ullage.scratch / "settings.yaml"
        scrape.write_text(f"scrape_configs: [{{job_name: a, static_configs: [{{targets: ['{address}']}}]}}]\n")
        settings.write_text(f"daemon: {{scrape_file: {scrape}}}\nremote_write: {{url: 'http://{address}/api/v1/write'}}\n")
        daemon = start("--config", str(settings))
        with contextlib.ExitStack() as both:
            for _ in range(2):
                both.enter_context(silent.accept()[0])
            begin = time.monotonic()
            assert daemon.stop() == 0
            assert time.monotonic() - begin < 5  # a target is waited for for 10 s, a receiver for longer


def test_there_is_one_in_a_state_directory(start):
    start()
    second = start(is_awaited=False)
    assert second.process.wait(timeout=PATIENCE) == 2
    assert "another daemon watches already" in second.log


def test_a_port_that_is_taken_is_said(ullage, start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = ullage("daemon", "--listen", f"[{address}]", "--state", ullage.state, timeout=PATIENCE)
    assert done.code == 2
    assert address in done.err and "Address already in use" in done.err
    assert "--listen or server.listen" in done.err


def test_others_reach_it_only_with_a_token(ullage):
    done = ullage("daemon", "--listen", "[0.0.0.0:0]", "--state", ullage.state, timeout=PATIENCE)
    assert done.code == 2
    assert "server.token_file" in done.err


def test_a_hang_up_reads_the_settings_anew_and_a_bad_file_changes_nothing(start, ullage):
    settings = ullage.scratch / "settings.yaml"
    settings.write_text("daemon:\n  interval: 1s\n")
    daemon = start("--config", str(settings))
    settings.write_text("daemon:\n  intervall: 200ms\n")
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "the settings stay as they were" in daemon.log, "the refusal is said")
    assert "did you mean" in daemon.log or "interval" in daemon.log
    assert f"{settings}:2:3" in daemon.log
    settings.write_text("daemon:\n  interval: 200ms\nserver:\n  queries: 1\n")
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "daemon.interval: 200ms" in daemon.log, "the change is said")
    assert "server.queries: 1 from the next start on" in daemon.log
    wait_for(lambda: daemon.query("count_over_time(node_load1[2s]) > 5"), "five ticks a second")


def test_what_is_in_force_is_told_after_each_reload(start, ullage):
    settings = ullage.scratch / "settings.yaml"
    settings.write_text("server:\n  queries: 3\n")
    daemon = start("--config", str(settings))

    def told(page: str) -> dict:
        return json.loads(daemon.get(f"/api/v1/status/{page}"))["data"]

    def reload(text: str, said: str) -> None:
        before = daemon.log.count(said)
        settings.write_text(text)
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: daemon.log.count(said) > before, said)

    begin = told("runtimeinfo")
    assert begin["reloadConfigSuccess"] is True
    reload("server:\n  queries: 1\n", "server.queries: 1 from the next start on")
    later = told("runtimeinfo")
    assert later["lastConfigTime"] > begin["lastConfigTime"]
    assert "\nserver.queries: 3\n" in told("config")["yaml"]
    assert told("flags")["server.queries"] == "3"
    reload("server:\n  queriez: 1\n", "the settings stay as they were")
    assert told("runtimeinfo")["reloadConfigSuccess"] is False
    assert told("runtimeinfo")["lastConfigTime"] == later["lastConfigTime"]
    asked = json.loads(ullage("doctor", "--json", "--state", ullage.state).out)["findings"]
    assert [f["state"] for f in asked if f["id"] == "daemon_settings"] == ["limited"]
    reload("server:\n  queries: 3\n", "server.queries: 3 again, as it is in force")
    assert told("runtimeinfo")["reloadConfigSuccess"] is True


def of_daemon(findings: list[dict]) -> list[dict]:
    """What doctor has of the daemon."""
    return [finding for finding in findings if finding["group"] == "What the daemon says"]


def test_doctor_asks_the_daemon_how_it_is(start, ullage):
    def asked() -> list[dict]:
        return json.loads(ullage("doctor", "--json", "--state", ullage.state).out)["findings"]

    (none,) = of_daemon(asked())
    assert none["state"] == "limited" and "none runs here" in none["text"]
    daemon = start()

    def own() -> list[dict]:
        return json.loads(daemon.get("/api/ullage/v1/doctor"))["findings"]

    assert f"process {daemon.process.pid}, since 2" in of_daemon(own())[0]["text"]
    wait_for(lambda: of_daemon(asked()) == of_daemon(own()), "the same of both")  # once all collectors have read
    # But for limits, which must be tried to be known, they are the same of all.
    names = {finding["id"] for finding in asked() if not finding["id"].startswith("limit_")}
    assert names == {finding["id"] for finding in own()}
    text = ullage("doctor", "--state", ullage.state).out
    for finding in of_daemon(own()):
        assert finding["text"] in text
    assert "CAP_SYS_PTRACE" in text
    daemon.stop(signal.SIGKILL)
    assert "does not answer" in of_daemon(asked())[0]["text"]


def test_doctor_calls_no_privilege_good_that_a_user_lacks(start, unprivileged):
    asked = json.loads(unprivileged("doctor", "--json").out)["findings"]
    found = {finding["id"]: finding for finding in asked}
    for name, capability in (("pss", "cap_sys_ptrace"), ("io", "cap_dac_read_search")):
        assert found[name]["state"] == "limited" and "of this user's processes only" in found[name]["text"]
        assert capability in found[name]["remedy"] and "AmbientCapabilities=" in found[name]["remedy"]
        assert found[capability]["state"] == "missing"
    assert found["task_iterator"]["state"] == "limited"
    # The kernel lets no one without CAP_SYS_RESOURCE ask to be spared: said once, and to doctor.
    daemon = start(of=unprivileged)
    assert daemon.log.count("as likely to be killed as others") == 1
    found = {finding["id"]: finding for finding in json.loads(daemon.get("/api/ullage/v1/doctor"))["findings"]}
    assert "oom_score_adj" in found["daemon_oom_score_adj"]["text"]
    assert found["daemon_oom_score_adj"]["state"] == "limited"
    assert found["daemon_capabilities"]["text"] == "none of those that matter"


def test_the_service_manager_is_told(start, ullage):
    path = str(ullage.scratch / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(PATIENCE)
        daemon = start(environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"})
        heard = manager.recv(1000).decode()
        assert heard.startswith("READY=1\nSTATUS=watching")
        assert [manager.recv(1000) for _ in range(2)] == [b"WATCHDOG=1\n"] * 2
        daemon.process.send_signal(signal.SIGTERM)
        while (heard := manager.recv(1000)) != b"STOPPING=1\n":
            assert heard == b"WATCHDOG=1\n"
    assert daemon.process.wait(timeout=PATIENCE) == 0


def test_what_is_older_than_a_second_survives_a_kill_at_any_moment(start, ullage):
    seed = random.randrange(1 << 30)
    moments = random.Random(seed)
    begin = time.monotonic()
    for round_number in range(50):
        if not IS_SOAKING and time.monotonic() - begin > KILLING_SECONDS:
            break
        daemon = start("--interval", "100ms")
        wait_for(lambda daemon=daemon: daemon.query("node_load1"), "a tick")
        time.sleep(moments.uniform(0, 0.3))
        measured_at = daemon.live()["node_time_seconds"]
        daemon.stop(signal.SIGKILL)
        checked = ullage("daemon", "history", "check", "--state", ullage.state)
        assert checked.code == 0, f"seed {seed}, round {round_number}: {checked.out}{checked.err}"
        asked = ullage("query", "timestamp(node_load1)", "--json", "--state", ullage.state)
        newest = float(json.loads(asked.out)["data"]["result"][0]["value"][1])
        assert newest >= measured_at - 1.1, f"seed {seed}, round {round_number}: {measured_at - newest} s are lost"
    print(f"killed {round_number} times")


def test_a_full_disk_is_said_once_and_so_is_its_end(start, ullage):
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    ullage.state.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(ullage.state)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no small disk can be mounted here")
    try:
        daemon = start("--interval", "100ms")
        filler = ullage.state / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as file:
            for _ in range(2048):
                file.write(b"x" * 1024)
                file.flush()
        wait_for(lambda: "the history cannot be written" in daemon.log, "the full disk is said")
        assert daemon.ask("/metrics")
        filler.unlink()
        wait_for(lambda: "the history is written again" in daemon.log, "its end is said")
        assert daemon.log.count("cannot be written") == 1
        assert daemon.stop() == 0
    finally:
        subprocess.run(["umount", "-l", str(ullage.state)], check=True)
