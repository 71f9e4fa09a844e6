# SPDX-License-Identifier: Apache-2.0
"""`ullage run` as its users see it: transparent, true, and short."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

MIB = 1 << 20


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_the_exit_code_is_the_commands(ullage, code):
    assert ullage("run", "--", "sh", "-c", f"exit {code}").code == code


def test_a_signal_that_ends_the_command_is_told_as_a_shell_tells_it(ullage):
    done = ullage.run(command=["sh", "-c", "kill -TERM $$"])
    assert done.code == 128 + signal.SIGTERM
    assert (done.json["signal"], done.json["exit_code"]) == (signal.SIGTERM, None)
    assert not done.json["oom_killed"]


def test_a_kill_by_hand_is_not_taken_for_an_oom(ullage):
    done = ullage.run(command=["sh", "-c", "kill -KILL $$"])
    assert done.code == 137
    assert (done.json["oom_killed"], done.json["oom_killer"]) == (False, None)


@pytest.mark.parametrize(("command", "code"), [(["no-such-command"], 127), (["/etc/passwd"], 126), (["/tmp"], 126)])
def test_what_cannot_be_run_is_told_as_a_shell_tells_it(ullage, command, code):
    done = ullage("run", "--", *command)
    assert done.code == code
    assert command[0] in done.err
    assert not ullage.files()


def test_no_command_is_an_error_with_an_example(ullage):
    done = ullage("run", "--")
    assert done.code == 125
    assert "ullage run -- python3 train.py" in done.err


def test_the_summary_is_five_lines_on_stderr_and_stdout_is_the_commands(ullage):
    done = ullage("run", "--", "echo", "hello")
    assert done.out == "hello\n"
    assert 2 <= len(done.err.splitlines()) <= 5
    assert done.err.startswith("ullage: echo finished")


def test_quiet_says_nothing(ullage):
    assert ullage("run", "--quiet", "--", "true").err == ""


def test_ten_megabytes_through_stdout_come_out_unharmed(ullage):
    script = "import sys, hashlib; [sys.stdout.buffer.write(bytes([i % 251]) * 65536) for i in range(160)]"
    with_ullage = subprocess.run(
        [ullage.binary, "run", "-q", "--", sys.executable, "-c", script], capture_output=True, env=ullage.environment
    )
    without = subprocess.run([sys.executable, "-c", script], capture_output=True)
    assert with_ullage.stdout == without.stdout
    assert len(without.stdout) == 160 * 65536


@pytest.mark.parametrize("flag", ["--json", "--report"])
def test_a_file_named_dash_is_refused_before_anything_starts(ullage, flag):
    done = ullage("run", flag, "-", "--", "echo", "started")
    assert (done.code, done.out) == (125, "")
    assert f"{flag}: standard output is the command's own" in done.err


def test_outputs_may_be_devices(ullage):
    done = ullage("run", "-q", "--json", "/dev/null", "--report", "/dev/null", "--", "true")
    assert (done.code, done.err) == (0, "")
    assert not Path("/dev/null").is_file()


def test_stdin_is_the_commands(ullage):
    assert ullage("run", "-q", "--", "cat", input=b"through").out == "through"


def test_runs_nest(ullage):
    done = ullage("run", "-q", "--", ullage.binary, "run", "-q", "--", "sh", "-c", "echo inner; exit 4")
    assert (done.code, done.out) == (4, "inner\n")
    assert len(ullage.files()) == 2


def test_the_summary_offers_the_report_of_its_own_run(ullage, tmp_path):
    # "@1" was another run where runs nest, and nothing in a plain `ullage show` with --state.
    assert "ullage show @1 -o" in ullage("run", "--", "true").err
    done = ullage.run(command=[ullage.binary, "run", "--", "true"])
    outer = re.findall(r"ullage show (\S+) -o", done.err)[-1]
    # Runs of the same second have their order by chance.
    assert outer == ("@1" if ullage.files()[-1].stem == done.json["id"] else done.json["id"])
    elsewhere = ullage("run", "--state", tmp_path / "a b", "--", "true").err
    (file,) = (tmp_path / "a b" / "runs").glob("*.ullage")
    assert f"ullage show '{file}' -o" in elsewhere


def test_a_run_of_milliseconds_has_two_samples(ullage):
    done = ullage.run(command=["true"])
    assert done.json["sampling"]["ticks"] >= 2
    assert done.json["processes"]["total"] == 1
    assert done.json["memory"]["peak_bytes"] is None or done.json["memory"]["peak_bytes"] < 8 * MIB


def test_names_and_tags_are_kept(ullage):
    done = ullage.run("--name", "night", "--tag", "k=v", "--tag", "n=2", command=["true"])
    assert (done.json["name"], done.json["tags"]) == ("night", {"k": "v", "n": "2"})


def test_known_memory_is_measured_within_two_per_cent(ullage, programs):
    done = ullage.run(command=[programs / "touch_memory", "200", "300"])
    assert abs(done.json["memory"]["peak_bytes"] / (200 * MIB) - 1) < 0.02


def test_a_spike_in_a_grandchild_shows(ullage, programs):
    done = ullage.run(command=[programs / "grandchild_spike", "200", "30"])
    assert abs(done.json["memory"]["peak_bytes"] / (200 * MIB) - 1) < 0.03


def test_memory_that_eight_processes_share_counts_once(ullage, programs):
    done = ullage.run(command=[programs / "share_memory", "8", "256", "700"])
    assert abs(done.json["memory"]["peak_bytes"] / (256 * MIB) - 1) < 0.05


def test_a_large_parents_memory_is_not_its_childs(ullage, programs):
    done = ullage.run(
        command=[
            programs / "large_parent",
            "300",
            ullage.binary,
            "run",
            "-q",
            "--json",
            ullage.scratch / "inner.json",
            "--",
            "true",
        ]
    )
    inner = json.loads((ullage.scratch / "inner.json").read_text())
    assert inner["memory"]["peak_bytes"] is None or inner["memory"]["peak_bytes"] < 16 * MIB
    assert done.json["memory"]["peak_bytes"] > 290 * MIB


def test_cpu_time_is_what_was_used(ullage, programs):
    done = ullage.run(command=[programs / "spin_cpu", "2", "1"])
    used = done.json["cpu"]["user_seconds"] + done.json["cpu"]["system_seconds"]
    # Two threads spin for a second of wall time; on a busy machine they get less than they ask for.
    assert 0.1 < used < 2.3


def test_short_children_are_all_counted(ullage, programs):
    done = ullage.run(command=[programs / "short_children", "300"])
    if done.json["processes"]["counted_by"] != "taskstats":
        pytest.skip("no right to read exit records")
    assert done.json["processes"]["total"] == 301


def test_a_daemon_that_forks_twice_is_followed(ullage, programs):
    done = ullage.run(command=[programs / "double_fork", "1"])
    assert done.json["processes"]["left_running"] == 1
    assert "1 descendant left running" in done.err


def test_wait_all_waits_for_the_daemon_and_says_so_once(ullage, programs):
    begin = time.monotonic()
    done = ullage.run("--wait", "all", command=[programs / "double_fork", "1"])
    assert time.monotonic() - begin > 0.9
    assert done.err.count("waiting for 1 of its descendants") == 1
    assert done.json["processes"]["left_running"] == 0


def test_an_interrupt_while_waiting_leaves_the_rest_running(ullage, programs):
    child = subprocess.Popen(
        [ullage.binary, "run", "--wait", "all", "--", programs / "double_fork", "5"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ullage.environment, text=True,
    )  # fmt: skip
    daemon = int(child.stdout.readline())
    assert "waiting for" in child.stderr.readline()
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=10) == 0
    os.kill(daemon, 0)  # still there
    os.kill(daemon, signal.SIGKILL)


def test_phases_and_own_values_are_recorded(ullage):
    script = f"""
        {ullage.binary} emit phase load begin; {ullage.binary} emit gauge depth 3; {ullage.binary} emit phase load end
        {ullage.binary} emit counter rows_total 500; {ullage.binary} emit event half-way"""
    done = ullage.run(command=["sh", "-c", script])
    assert [phase["name"] for phase in done.json["phases"]] == ["load"]
    assert done.json["phases"][0]["end_ms"] is not None
    assert any(event["text"] == "half-way" for event in done.json["events"])


def test_secrets_in_arguments_are_masked(ullage):
    done = ullage.run(command=["sh", "-c", "true", "--password=hunter2", "AKIAIOSFODNN7EXAMPLE"])
    kept = json.dumps(done.json)
    assert "hunter2" not in kept
    assert "AKIAIOSFODNN7EXAMPLE" not in kept
    assert b"hunter2" not in ullage.files()[0].read_bytes()


def test_the_run_file_is_private_and_alone(ullage):
    ullage("run", "-q", "--", "true")
    (path,) = ullage.files()
    assert path.stat().st_mode & 0o777 == 0o600
    beside = [p.name for p in path.parent.iterdir() if p.name.startswith(path.stem)]
    assert beside == [path.name]


def test_the_terminals_signals_reach_the_command_once(ullage):
    script = "import signal, time, sys\nsignal.signal(signal.SIGUSR1, lambda *_: (print('got', flush=True), sys.exit(7)))\nprint('ready', flush=True)\ntime.sleep(20)"
    child = subprocess.Popen(
        [ullage.binary, "run", "-q", "--", sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        env=ullage.environment,
        text=True,
    )
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGUSR1)
    assert child.stdout.read() == "got\n"
    assert child.wait(timeout=10) == 7


def test_a_closed_stderr_does_not_change_the_exit_code(ullage):
    read_end, write_end = os.pipe()
    os.close(read_end)
    child = subprocess.Popen([ullage.binary, "run", "--", "sh", "-c", "exit 3"], stderr=write_end, env=ullage.environment)
    os.close(write_end)
    assert child.wait(timeout=20) == 3


def test_other_peoples_processes_are_not_in_the_books(ullage):
    # A thousand of ours while others come and go: the kernel's exit records are of the whole machine.
    other = subprocess.Popen(["sh", "-c", "while :; do /bin/true; done"])
    try:
        done = ullage.run(command=["sh", "-c", "i=0; while [ $i -lt 500 ]; do /bin/true; i=$((i+1)); done"])
    finally:
        other.kill()
        other.wait()
    if done.json["processes"]["counted_by"] == "taskstats":
        assert done.json["processes"]["total"] == 501


def test_cpu_of_short_children_counts_without_exit_records(ullage):
    script = f"for i in 1 2 3 4 5 6 7 8; do {sys.executable} -S -c 'sum(i * i for i in range(400000))'; done; times"
    done = ullage.run("--interval", "1s", command=["sh", "-c", script], prefix=("setpriv", "--bounding-set", "-net_admin"))
    minutes, seconds = done.out.splitlines()[-1].split()[0].rstrip("s").split("m")
    known = float(minutes) * 60 + float(seconds)
    assert done.json["cpu"]["user_seconds"] >= known * 0.9
