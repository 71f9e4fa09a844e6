# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on real machines: disks, users, names, and death at any moment."""

import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from daemon_process import wait_for


def need_root() -> None:
    """Skips where only root can do it."""
    if os.geteuid() != 0:
        pytest.skip("needs root")


@contextlib.contextmanager
def mounted(*arguments, at):
    """A mount for as long as the block lasts."""
    need_root()
    done = subprocess.run(["mount", *arguments, str(at)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def test_a_read_only_state_directory_stops_nobody(ullage):
    ullage.state.mkdir(parents=True)
    with mounted("--bind", str(ullage.state), at=ullage.state):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(ullage.state)], check=True)
        done = ullage.run(command=["sh", "-c", "echo works; exit 5"])
        unwarned = ullage.run("--no-warn", command=["true"])
        quiet = ullage.run("--quiet", command=["true"])
    assert (done.code, done.out) == (5, "works\n")
    for told in (done.err, unwarned.err):  # --no-warn is of memory, not of what went wrong
        assert "cannot keep" in told or "will not be kept" in told
        assert "the run could not be kept" in told
    assert quiet.err == ""
    assert done.json["exit_code"] == 5


def test_on_a_full_disk_the_command_goes_on_and_is_recorded_once_there_is_room(ullage):
    ullage.state.mkdir(parents=True)
    with mounted("-t", "tmpfs", "-o", "size=256k", "tmpfs", at=ullage.state):
        filler = ullage.state / "filler"
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        child = subprocess.Popen(
            [ullage.binary, "run", "--interval", "100ms", "--", "sleep", "4"],
            stderr=subprocess.PIPE,
            text=True,
            env=ullage.environment,
        )
        first = child.stderr.readline()
        filler.unlink()
        _, rest = child.communicate(timeout=30)
        assert child.returncode == 0
        assert first.count("cannot keep") + first.count("will not be kept") == 1
        assert "being kept again" in rest
        assert "finished" in rest
        assert len(ullage.files()) == 1


def test_a_state_directory_with_spaces_and_umlauts_is_fine(ullage, tmp_path):
    state = tmp_path / "a b" / "größe"
    assert ullage("run", "-q", "--state", state, "--", "true").code == 0
    assert len(list(state.glob("runs/*.ullage"))) == 1


def test_sixty_four_descriptors_are_enough(ullage):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    done = ullage.run(
        command=["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 0.5 & done; wait"],
        preexec_fn=few,
    )
    assert done.code == 0
    assert done.json["processes"]["peak"] == 21


def test_five_descriptors_are_too_few_and_that_is_said(ullage):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (5, 5))

    done = ullage("run", "--", "true", preexec_fn=few)
    assert done.code == 125, done.err
    assert "Too many open files" in done.err
    assert "terminate" not in done.err


def test_an_unprivileged_user_without_cgroups_gets_a_true_summary(unprivileged):
    done = unprivileged.run(command=[unprivileged.programs / "touch_memory", "100", "300"])
    assert done.code == 0
    assert done.json["processes"]["counted_by"] == "wait4 and samples"
    assert abs(done.json["memory"]["peak_bytes"] / (100 << 20) - 1) < 0.03
    assert done.json["cpu"]["user_seconds"] + done.json["cpu"]["system_seconds"] > 0


HOSTILE = "<script>alert(1)</script>\n\x1b[31m(x) y"


def test_hostile_names_stay_text_everywhere(ullage, tmp_path):
    program = tmp_path / "a) R 1 (b\nc"
    program.write_bytes(b"#!/bin/sh\nsleep 0.3\n")
    program.chmod(0o755)
    done = ullage.run("--name", HOSTILE, "--report", ullage.scratch / "r.html", command=[program, HOSTILE, b"\xff\xfe"])
    assert done.code == 0
    assert "\x1b[31m" not in done.err
    assert HOSTILE in done.json["command"]
    page = (ullage.scratch / "r.html").read_text()
    assert "<script>alert(1)" not in page


def test_five_thousand_processes(ullage):
    # The children sleep in one place; what matters is that all are found and that looking stays cheap.
    script = """
import os, sys, time
children = []
for _ in range(5000):
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    children.append(pid)
time.sleep(3)
for pid in children: os.kill(pid, 9)
for pid in children: os.waitpid(pid, 0)
"""
    done = ullage.run(command=[sys.executable, "-S", "-c", script], timeout=120)
    assert done.code == 0
    assert done.json["processes"]["total"] == 5001
    assert done.json["processes"]["peak"] > 4500


def test_what_is_older_than_a_second_survives_a_kill_at_any_moment(ullage):
    seed = random.randrange(1 << 30)
    moments = random.Random(seed)
    for round_number in range(50):
        state = ullage.scratch / f"state-{round_number}"
        child = subprocess.Popen(
            [ullage.binary, "run", "-q", "--state", state, "--kill-with-me", "--", "sleep", "30"], env=ullage.environment
        )
        begin = time.monotonic()
        wait_for(lambda state=state: list(state.glob("runs/*.ullage")), "the run's file")
        time.sleep(moments.uniform(0, 0.2) if round_number % 10 else 2.2)
        lived = time.monotonic() - begin
        child.kill()
        child.wait()
        done = ullage("show", "--json", "--state", state)
        if lived < 1 and "nothing was written to it yet" in done.err:
            continue
        assert done.code == 0, f"seed {seed}, round {round_number}: {done.err}"
        run = json.loads(done.out)
        assert run["interrupted"]
        assert run["wall_seconds"] >= lived - 1.6, f"seed {seed}, round {round_number}"


def test_the_death_of_ullage_does_not_kill_the_command(ullage):
    child = subprocess.Popen(
        [ullage.binary, "run", "-q", "--", "sh", "-c", "echo $$; exec sleep 30"],
        stdout=subprocess.PIPE,
        text=True,
        env=ullage.environment,
    )
    command = int(child.stdout.readline())
    wait_for(lambda: ullage("show", "--json").code == 0, "the run can be shown")
    child.kill()
    child.wait()
    os.kill(command, 0)
    run = json.loads(ullage("show", "--json").out)
    assert (run["state"], run["interrupted"]) == ("interrupted", True)
    os.kill(command, signal.SIGKILL)


def test_kill_with_me_does_and_reaches_all_that_it_started(ullage):
    tree = "echo $$; (setsid sh -c 'echo $$; exec sleep 30' &); sh -c 'echo $$; exec sleep 30' & wait"
    child = subprocess.Popen(
        [ullage.binary, "run", "-q", "--kill-with-me", "--", "sh", "-c", tree],
        stdout=subprocess.PIPE, text=True, env=ullage.environment,
    )  # fmt: skip
    numbers = [int(child.stdout.readline()) for _ in range(3)]

    def seconds():
        done = ullage("show", "--json")
        return json.loads(done.out)["wall_seconds"] if done.code == 0 else 0

    first = wait_for(seconds, "the run can be shown")
    wait_for(lambda: seconds() > first, "it has been looked at since")
    child.kill()
    child.wait()

    def is_gone(number):
        try:
            with open(f"/proc/{number}/stat") as stat:
                return stat.read().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    for number in numbers:
        wait_for(lambda number=number: is_gone(number), f"{number} is gone")


def test_kill_with_me_leaves_descendants_alone_when_ullage_ends(ullage):
    done = ullage("run", "--kill-with-me", "--", "sh", "-c", "sleep 30 > /dev/null 2>&1 & echo $!")
    assert "1 descendant left running" in done.err
    os.kill(int(done.out), signal.SIGTERM)  # raises if it is gone


def test_a_live_run_can_be_shown(ullage):
    child = subprocess.Popen([ullage.binary, "run", "-q", "--", "sleep", "30"], env=ullage.environment)
    wait_for(lambda: len(ullage.files()) == 1, "the run's file")
    wait_for(lambda: ullage("show", "--json").code == 0, "the run can be shown")
    run = json.loads(ullage("show", "--json").out)
    assert run["state"] == "running"
    child.terminate()
    child.wait()


@pytest.mark.parametrize(("damage", "word"), [("cut", "20"), ("foreign", "not"), ("newer", "newer")])
def test_damaged_and_foreign_files_are_told_in_words(ullage, damage, word):
    ullage("run", "-q", "--", "true")
    (path,) = ullage.files()
    if damage == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    if damage == "foreign":
        path.write_bytes(b"this is not a run at all, only text\n" * 100)
    if damage == "newer":
        with open(path, "r+b") as file:
            file.seek(60)  # SQLite's user_version
            file.write((99).to_bytes(4, "big"))
    done = ullage("show", path)
    assert done.code in (0, 2)
    assert word in done.err + done.out
    assert ullage("runs", "list").code == 0


def test_an_unreadable_file_is_told(unprivileged):
    unprivileged("run", "-q", "--", "true", prefix=())
    (path,) = unprivileged.files()
    for folder in (unprivileged.state, path.parent):
        folder.chmod(0o755)
    done = unprivileged("show", path)
    assert done.code == 2
    assert "Permission denied" in done.err
