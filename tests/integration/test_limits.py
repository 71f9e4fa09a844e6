# SPDX-License-Identifier: Apache-2.0
"""Limits: held by the best there is, read back, and told apart when they end a run."""

import glob
import sys
import time

import pytest

MIB = 1 << 20


def limit(done, resource):
    (found,) = [entry for entry in done.json["limits"] if entry["resource"] == resource]
    return found


def test_a_memory_limit_ends_what_exceeds_it_and_says_who_did(ullage, programs):
    done = ullage.run("--memory", "64M", command=[programs / "touch_memory", "300", "5000"])
    assert done.code == 137
    assert done.json["oom_killed"]
    held = limit(done, "memory")
    expected = "kernel" if held["mechanism"].startswith("cgroup") else "ullage limit"
    assert done.json["oom_killer"] == expected
    assert "touch_memory" in done.json["oom"]["victim"] + done.json["oom"]["holder"]
    assert done.json["memory"]["limit_bytes"] == 64 * MIB
    assert "out of memory" in done.err


def test_a_limit_that_is_kept_to_disturbs_nobody(ullage, programs):
    done = ullage.run("--memory", "256M", "--pids", "50", "--cpus", "1", command=[programs / "touch_memory", "50", "100"])
    assert done.code == 0
    assert not done.json["oom_killed"]
    assert {entry["resource"] for entry in done.json["limits"]} == {"memory", "pids", "cpus"}
    for entry in done.json["limits"]:
        assert entry["got"] is not None or entry["mechanism"] == "supervisor"


def test_a_timeout_ends_the_run_with_124(ullage):
    begin = time.monotonic()
    done = ullage.run("--timeout", "300ms", command=["sleep", "20"])
    assert (done.code, done.json["timed_out"]) == (124, True)
    assert time.monotonic() - begin < 10


def test_what_ignores_sigterm_is_killed_after_the_grace(ullage, programs):
    begin = time.monotonic()
    done = ullage.run("--timeout", "200ms", "--grace", "300ms", command=[programs / "ignore_term", "30"])
    assert done.code == 124
    assert 0.4 < time.monotonic() - begin < 15


def test_a_timeout_ends_the_children_too(ullage):
    done = ullage.run("--timeout", "300ms", "--grace", "300ms", command=["sh", "-c", "sleep 30 & sleep 30 & wait"])
    assert done.code == 124
    assert done.json["processes"]["left_running"] == 0


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--memory", "0"),
        ("--memory", "-1"),
        ("--memory", "4X"),
        ("--cpus", "0"),
        ("--cpus", "-1"),
        ("--pids", "0"),
        ("--pids", "many"),
        ("--timeout", "5"),
        ("--interval", "0"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_before_anything_starts(ullage, flag, value):
    done = ullage("run", flag, value, "--", "sh", "-c", "echo started")
    assert done.code == 125
    assert flag in done.err
    assert "started" not in done.out


def test_a_misspelt_flag_gets_the_nearest(ullage):
    done = ullage("run", "--memroy", "4G", "--", "true")
    assert done.code in (2, 125)
    assert "--memory" in done.err


def test_a_limit_above_the_machine_is_allowed_and_told(ullage):
    done = ullage.run("--memory", "100T", command=["true"])
    assert done.code == 0
    assert done.json["memory"]["limit_source"] != "--memory"


def test_without_cgroups_the_supervisor_holds_memory(unprivileged):
    done = unprivileged.run("--memory", "64M", command=[unprivileged.programs / "touch_memory", "300", "3000"])
    assert limit(done, "memory")["mechanism"] == "supervisor"
    assert limit(done, "memory")["problem"]
    assert done.json["oom_killer"] == "ullage limit"
    assert done.code == 137


def test_strict_refuses_what_the_kernel_cannot_hold(unprivileged):
    done = unprivileged("run", "--strict", "--memory", "64M", "--", "sh", "-c", "echo started")
    assert done.code == 125
    assert "started" not in done.out
    assert "--memory" in done.err


def test_no_cgroup_is_left_behind(ullage):
    done = ullage.run("--memory", "64M", "--pids", "20", command=["true"])
    assert not glob.glob(f"/sys/fs/cgroup/**/ullage-{done.json['id']}*", recursive=True)


def test_a_leak_is_foreseen_and_the_command_is_told(ullage):
    # 40 MiB/s towards 300 MiB: the signal comes while there is room, and the program ends well.
    script = """
import signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(0))
leak = []
for _ in range(200):
    leak.append(b"x" * (4 << 20))
    time.sleep(0.1)
"""
    done = ullage.run("--memory", "300M", "--on-pressure", "signal=USR1", command=[sys.executable, "-S", "-c", script])
    assert done.code == 0
    assert not done.json["oom_killed"]
    assert any(event["kind"] == "memory_warning" and event["severity"] == "critical" for event in done.json["events"])
    assert "memory" in done.err


def test_pressure_runs_a_command_of_the_users(ullage, programs):
    witness = ullage.scratch / "witness"
    ullage.run(
        "--memory",
        "300M",
        "--on-pressure",
        f"exec=echo \"$ULLAGE_PRESSURE\" > '{witness}'",
        command=[programs / "touch_memory", "290", "1500"],
    )
    assert "memory is at" in witness.read_text()


def test_the_grace_is_for_the_descendants_too(ullage):
    # The shell dies of SIGTERM at once; its child saves its work first, as it would under timeout(1).
    saved = ullage.scratch / "saved"
    handler = f"""
import signal, sys, time
def save(*_):
    time.sleep(0.5)
    open({str(saved)!r}, "w").write("all of it")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("ready", flush=True)
time.sleep(30)
"""
    script = ullage.scratch / "handler.py"
    script.write_text(handler)
    done = ullage.run("--timeout", "700ms", "--grace", "10s", command=["sh", "-c", f"{sys.executable} -S {script}; true"])
    assert done.code == 124
    assert saved.read_text() == "all of it"


def test_a_kill_reaches_what_is_born_meanwhile(ullage):
    chain = "import os, time\nwhile True:\n    if os.fork(): os._exit(0)\n    time.sleep(0.05)\n"
    begin = time.monotonic()
    done = ullage.run(
        "--wait", "all", "--interval", "1s", "--timeout", "500ms", "--grace", "300ms", command=[sys.executable, "-S", "-c", chain],
        prefix=("setpriv", "--bounding-set", "-sys_admin"), timeout=40,
    )  # fmt: skip
    assert done.code == 124
    assert time.monotonic() - begin < 20
    assert done.json["processes"]["left_running"] == 0


def test_an_oom_kill_is_known_without_exit_records(ullage, programs):
    done = ullage.run(
        "--memory", "60M", command=["sh", "-c", f"{programs / 'touch_memory'} 200 1000; exit 1"],
        prefix=("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"),
    )  # fmt: skip
    if done.json is None or not limit(done, "memory")["mechanism"].startswith("cgroup"):
        pytest.skip("no cgroup holds memory here")
    assert done.json["processes"]["counted_by"] != "taskstats"
    assert (done.json["oom_killed"], done.json["oom_killer"]) == (True, "kernel")
