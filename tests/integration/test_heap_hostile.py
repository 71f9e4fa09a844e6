# SPDX-License-Identifier: Apache-2.0
"""`ullage run --heap` on what cannot be profiled, or makes it hard: the program runs as it would have, and what could not be recorded is
said; what nobody says is missing is there, to the byte."""

import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Ullage
from test_faults import mounted, need_root

PYTHON = os.path.realpath(sys.executable)
EXACT, SAMPLED = "--heap=exact", "--heap=sampled"
HELD = {"bytes": 10_000_000, "count": 1000}
# Does something to itself, and then holds ten million bytes for so many milliseconds.
HOLD = """
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
static void* kept[1000];
__attribute__((noinline)) void* hold(int i) { return kept[i] = malloc(10000); }
static void hold_all(int from, int until) {
  for (int i = from; i < until; i++) memset(hold(i), 1, 10000);
}
static void limit(int resource, rlim_t most) {
  struct rlimit both = {most, most};
  setrlimit(resource, &both);
}
int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";

  if (strcmp(what, "closes all descriptors") == 0) closefrom(3);
  if (strcmp(what, "has no more address space") == 0) limit(RLIMIT_AS, 100 << 20);
  if (strcmp(what, "may write only small files") == 0) limit(RLIMIT_FSIZE, 300 << 10);
  if (strcmp(what, "has no descriptor left") == 0) limit(RLIMIT_NOFILE, 3);
  if (strcmp(what, "forgets its environment") == 0) clearenv();
  if (strcmp(what, "changes its root") == 0 && geteuid() == 0 && (chroot("/usr") != 0 || chdir("/") != 0)) return 9;
  if (strcmp(what, "changes its root") == 0 && fork() == 0) {  // a child makes a file of its own
    hold_all(0, 500);
    _exit(0);
  }
  hold_all(strcmp(what, "changes its root") == 0 ? 500 : 0, 1000);
  while (wait(NULL) > 0) {}
  fprintf(stderr, "held\\n");
  usleep(argc > 2 ? atoi(argv[2]) * 1000 : 0);
  puts("let go");
  return 3;
}
"""
# Of 32 bits, and of no library: is there a moment, says so, and ends with 3.
OLD = """
static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}
void _start(void) {
  call(4, 1, (long)"let go\\n", 7);
  call(1, 3, 0, 0);
}
"""
LONG = "- 2000"  # milliseconds: what lives so long is looked at


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Path:
    """A folder with the program: linked as usual, and static."""
    folder = tmp_path_factory.mktemp("programs")
    (folder / "hold.c").write_text(HOLD)
    for name, flags in (("hold", []), ("hold_static", ["-static"])):
        subprocess.run(["gcc", "-O1", "-g", *flags, folder / "hold.c", "-o", folder / name], check=True)
    folder.chmod(0o755)
    return folder


def run_both(ullage: Ullage, how: str, command: list, **settings):
    """Runs the command without and with a profile; what it does must be the same. What is said of it comes back."""
    plain = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **settings)
    quiet = ullage("run", "-q", how, "--heap-interval", "4K", "--heap-rate", "0", "--", *command, **settings)
    assert (quiet.code, quiet.out, quiet.err) == (plain.returncode, plain.stdout, plain.stderr)
    done = ullage("run", how, "--heap-interval", "4K", "--heap-rate", "0", "--", *command, **settings)
    assert (done.code, done.out) == (plain.returncode, plain.stdout)
    return done.err


def held(ullage: Ullage) -> dict:
    """What the last run's profile says lives that was allocated by the program's hold()."""
    told = ullage("heap", "top", "--json", "--at", "exit", "-n", "1000")
    if told.code != 0:
        return {"bytes": 0, "count": 0}
    rows = [row for row in json.loads(told.out)["rows"] if any(frame["function"] == "hold" for frame in row["stack"])]
    return {key: sum(row[key] for row in rows) for key in ("bytes", "count")}


HOSTILE = (
    "closes all descriptors",
    "changes its root",
    "has no more address space",
    "may write only small files",
    "has no descriptor left",
    "forgets its environment",
)
MAY_LACK_ROOM = ("may write only small files", "has no descriptor left")


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("how", [EXACT, SAMPLED])
def test_a_program_runs_as_it_would_have(ullage, programs, what, how):
    said = run_both(ullage, how, [programs / "hold", what])
    assert "no heap profile" not in said
    found = held(ullage)["bytes"]
    is_complete = found == 10_000_000 if how == EXACT else 8_000_000 < found < 12_000_000
    assert is_complete or (what in MAY_LACK_ROOM and "no room was left" in said)


@pytest.mark.parametrize("how", [EXACT, SAMPLED])
def test_a_static_program_is_told_of_whoever_starts_it(ullage, programs, how):
    assert "no heap profile of" in (said := run_both(ullage, how, [programs / "hold_static"])) and "statically linked" in said
    assert "statically linked" in ullage("show").out
    told = ullage("heap", "top")
    assert told.code == 2 and "none of the run's processes could be profiled" in told.err
    said = run_both(ullage, how, ["sh", "-c", f"{programs / 'hold_static'} {LONG}; exit 5"])
    assert "no heap profile of hold_static" in said and "it is statically linked" in said


def test_what_was_started_without_the_profiler_is_told_of(ullage, programs):
    for command in (["env", "-u", "LD_PRELOAD"], ["env", "-i"], ["sh", "-c", 'unset LD_PRELOAD; "$@"; exit $?', "sh"]):
        said = run_both(ullage, EXACT, [*command, programs / "hold", *LONG.split()])
        assert "no heap profile of hold (" in said and "it was started without LD_PRELOAD" in said
        assert held(ullage)["count"] == 0


@pytest.mark.parametrize("first_line", ["", "#!/bin/sh", "#! /usr/bin/env sh"])
def test_a_script_is_what_its_interpreter_is(ullage, programs, tmp_path, first_line):
    script = tmp_path / "script"
    script.write_text(f"{first_line}\n{programs / 'hold'}\n")
    script.chmod(0o755)
    # Without a first line that says so it is the shell's, which execvp(3) and every shell knows, and Python's subprocess does not.
    said = run_both(ullage, EXACT, [script] if first_line else ["sh", "-c", script])
    assert "no heap profile" not in said
    assert held(ullage) == HELD


def test_a_script_whose_interpreter_is_not_there_is_refused_as_ever(ullage, tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/nowhere/at/all\necho never\n")
    script.chmod(0o755)
    plain, profiled = ullage("run", "-q", "--", script), ullage("run", "-q", EXACT, "--", script)
    assert (profiled.code, profiled.out, profiled.err) == (plain.code, plain.out, plain.err)
    assert plain.code == 127 and "/nowhere/at/all" in plain.err
    assert not list(ullage.state.glob("runs/2*"))  # nothing has run


@pytest.fixture(scope="module")
def old_program(tmp_path_factory) -> Path:
    """A program of 32 bits; skips where it cannot be built or run."""
    folder = tmp_path_factory.mktemp("old")
    (folder / "old.c").write_text(OLD)
    flags = ["-m32", "-nostdlib", "-static", "-ffreestanding", "-fno-pie", "-no-pie", "-fno-stack-protector"]
    built = subprocess.run(["gcc", *flags, "old.c", "-o", "old"], cwd=folder, capture_output=True, check=False)
    if built.returncode != 0:
        pytest.skip("no compiler for 32 bits")
    with contextlib.suppress(OSError):
        if subprocess.run([folder / "old"], capture_output=True, check=False).returncode == 3:
            return folder / "old"
    pytest.skip("the kernel runs no programs of 32 bits")


def test_a_program_of_32_bits_is_told_of(ullage, old_program):
    said = run_both(ullage, EXACT, [old_program])
    assert "no heap profile of" in said and "it is a 32-bit program" in said


def test_a_program_that_changes_its_user_is_told_of(ullage, programs):
    need_root()
    other = programs / "hold_as_nobody"
    shutil.copy(programs / "hold", other)
    os.chown(other, 65534, 65534)
    other.chmod(0o4755)
    if subprocess.run(["findmnt", "-no", "OPTIONS", "-T", other], capture_output=True, text=True).stdout.find("nosuid") >= 0:
        pytest.skip("no program changes its user here")
    said = run_both(ullage, EXACT, [other])
    assert "no heap profile of" in said and "the rights of another user" in said
    said = run_both(ullage, EXACT, ["sh", "-c", f"{other} {LONG}; exit 5"])
    assert "no heap profile of hold_as_nobody (" in said and "the rights of another user" in said


@pytest.mark.parametrize("megabytes", [40, 1000])
def test_under_a_limit_of_its_address_space_it_is_recorded_or_told(ullage, programs, megabytes):
    said = run_both(ullage, EXACT, ["sh", "-c", f"ulimit -v {megabytes << 10}; exec {programs / 'hold'}"])
    assert held(ullage) == HELD or "no room was left" in said


def test_where_no_file_may_be_written_the_lack_of_room_is_told(ullage, programs):
    said = run_both(ullage, EXACT, ["sh", "-c", f"ulimit -f 1; exec {programs / 'hold'}"])
    assert "no room was left for its profile" in said
    assert "no room was left for its profile" in ullage("heap", "top").err


def test_a_read_only_state_directory_costs_the_profile_and_nothing_else(ullage, programs):
    ullage.state.mkdir(parents=True)
    with mounted("--bind", str(ullage.state), at=ullage.state):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(ullage.state)], check=True)
        said = run_both(ullage, EXACT, [programs / "hold"])
    assert "no heap profile: " in said


@pytest.mark.parametrize("kibibytes", [256, 900])
def test_on_a_disk_that_is_full_or_becomes_so_the_program_goes_on(ullage, tmp_path, kibibytes):
    """Exact, with more live blocks than the disk has room for."""
    (tmp_path / "many.c").write_text("""
#include <stdlib.h>
int main(void) {
  for (int i = 0; i < 60000; i++) if (malloc(32) == NULL) return 9;
  return 4;
}""")
    subprocess.run(["gcc", "-O0", "-fno-builtin", "-g", "many.c", "-o", "many"], cwd=tmp_path, check=True)
    ullage.state.mkdir(parents=True)
    with mounted("-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", at=ullage.state):
        done = ullage("run", EXACT, "--", tmp_path / "many")
        assert done.code == 4
        assert any(words in done.err for words in ("no room was left", "cannot keep", "cannot be kept", "no heap profile")), (
            done.err
        )


def test_with_few_descriptors_the_program_has_those_it_would_have(ullage, programs):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    command = [PYTHON, "-c", "import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:4], os.open('/', os.O_RDONLY))"]
    plain = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=few)
    done = ullage("run", "-q", EXACT, "--", *command, preexec_fn=few)
    assert (done.code, done.out) == (0, plain.stdout)
    run_both(ullage, EXACT, [programs / "hold"])
    assert held(ullage) == HELD
