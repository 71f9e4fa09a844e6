# SPDX-License-Identifier: Apache-2.0
"""`ullage run --heap` on programs as they are: what they print is what they print without it, what they hold is what the profile says, and
what stands in the way of a profile never stands in the way of the program."""

import contextlib
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import IS_SOAKING, PROGRAMS, ROOT, Ullage
from daemon_process import wait_for

PYTHON = os.path.realpath(sys.executable)
EXACT, SAMPLED = "--heap=exact", "--heap=sampled"
KILLS = 50 if IS_SOAKING else 16
C_PROGRAM = """
#include <stdlib.h>
#include <string.h>
static void* kept[1000];
__attribute__((noinline)) void* hold(int i) { return kept[i % 1000] = malloc(10000); }
int main(int argc, char** argv) {
  for (int i = 0; i < 1000; i++) memset(hold(i), 1, 10000);
  if (argc > 1) abort();
  return 0;
}
"""

# Two threads that allocate and free until they are killed, and count in a shared mapping what they have done.
BOOKS = """
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
struct books { long pid; struct { long allocated, freed; } of[2]; } volatile* books;
__attribute__((noinline)) void* hold(unsigned bytes) {
  void* block = malloc(bytes);
  __asm__ volatile("" : : "r"(block) : "memory");
  return block;
}
void* work(void* thread) {
  long t = (long)thread;
  static void* kept[2][500];
  for (unsigned random = 7 + t;; random = random * 1664525 + 1013904223) {
    void** place = &kept[t][(random >> 10) % 500];
    if (*place == NULL) {
      *place = hold(16 + (random >> 20) % 3000);
      books->of[t].allocated++;
    } else {
      books->of[t].freed++;
      free(*place);
      *place = NULL;
    }
    if (t == 0 && books->pid == 0) books->pid = getpid();
  }
}
int main(int argc, char** argv) {
  (void)argc;
  alarm(60);  // should nobody kill it
  books = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, open(argv[1], O_RDWR), 0);
  pthread_t other;
  pthread_create(&other, NULL, work, (void*)1);
  work(0);
}
"""

EXTENSION = """
#include <vector>
static std::vector<char*> kept;
__attribute__((noinline)) char* hold() { return new char[10000]; }
extern "C" void grow(int count) {
  for (int i = 0; i < count; i++) kept.push_back(hold());
}
extern "C" void shrink() {
  for (char* block : kept) delete[] block;
  kept.clear();
}
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Path:
    """A folder with a small program that holds ten million bytes."""
    folder = tmp_path_factory.mktemp("programs")
    (folder / "hold.c").write_text(C_PROGRAM)
    subprocess.run(["gcc", "-O1", "-g", folder / "hold.c", "-o", folder / "hold"], check=True)
    return folder


def held(ullage: Ullage, function: str, at: str = "exit") -> dict:
    """What the last run's profile says lives that was allocated below a function."""
    told = ullage("heap", "top", "--json", "--at", at, "-n", "1000")
    assert told.code == 0, told.err
    rows = [row for row in json.loads(told.out)["rows"] if any(function in frame["function"] for frame in row["stack"])]
    return {key: sum(row[key] for row in rows) for key in ("bytes", "count")}


def real_programs(folder: Path) -> dict[str, list[str]]:
    """Programs of the distribution, each with a little work whose output is always the same."""
    words = folder / "words"
    generator = random.Random(3)
    words.write_text("\n".join(f"{generator.randrange(10**6)} {generator.random()}" for _ in range(20_000)))
    found = {
        "sort": ["sort", "-k2n", words],
        "awk": ["awk", "{ n[$1 % 100] += $2 } END { for (i = 0; i < 100; i++) print i, n[i] }", words],
        "sed": ["sed", "s/1/one/g;s/2/two/g", words],
        "xz": ["xz", "-2", "-c", "-T2", words],
        "perl": ["perl", "-e", 'my %h; $h{"k$_"} = [1 .. 4] for 1 .. 20000; print "$_\\n" for sort keys %h'],
        "python3": [PYTHON, "-c", "import json; print(json.dumps([{'a': i} for i in range(20000)]))"],
        "sqlite": [
            PYTHON,
            "-c",
            "import sqlite3; d = sqlite3.connect(':memory:'); d.execute('create table t(a)');"
            "d.executemany('insert into t values(?)', [(i * 7919 % 1000,) for i in range(20000)]); print(d.execute('select sum(a), count(distinct a) from t').fetchall())",
        ],
        "git": ["git", "-C", ROOT, "log", "-30", "--format=%H %s"],
        "sh": [
            "sh",
            "-c",
            f"cat {words} | head -500 | tr 0-9 a-j | while read a b; do echo $b; done | sort | uniq -c | tail -20",
        ],
        "find": ["find", ROOT / "src", "-name", "*.h", "-newer", "/nothing", "-o", "-name", "*.h", "-print"],
    }
    return {name: list(map(str, command)) for name, command in found.items() if shutil.which(str(command[0]))}


@pytest.mark.parametrize("how", [EXACT, SAMPLED])
def test_real_programs_print_what_they_print_without_it(ullage, tmp_path, how):
    programs = real_programs(tmp_path)
    assert len(programs) >= 8
    for name, command in programs.items():
        plain = subprocess.run(command, capture_output=True, check=False)
        profiled = subprocess.run(
            [ullage.binary, "run", "-q", how, "--heap-interval", "4K", "--heap-rate", "0", "--", *command],
            capture_output=True,
            check=False,
            env=ullage.environment,
        )
        assert (profiled.returncode, profiled.stdout, profiled.stderr) == (plain.returncode, plain.stdout, plain.stderr), name
        assert ullage("heap", "top").code == 0, name


def test_what_is_held_is_counted_to_the_byte(ullage, programs):
    assert ullage("run", "-q", EXACT, "--", programs / "hold").code == 0
    assert held(ullage, "hold") == {"bytes": 10_000_000, "count": 1000}


def test_a_sample_stands_for_what_was_not_seen(ullage, programs):
    assert ullage("run", "-q", SAMPLED, "--heap-interval", "20K", "--", programs / "hold").code == 0
    told = json.loads(ullage("heap", "top", "--json").out)["all"]
    assert told["interval"][0] * 0.8 <= 10_000_000 <= told["interval"][1] * 1.2


def test_a_crash_leaves_the_state_of_that_moment(ullage, programs):
    ullage("run", "-q", EXACT, "--", programs / "hold", "crash")
    assert held(ullage, "hold") == {"bytes": 10_000_000, "count": 1000}


def kill_at_random(folder: Path, program: Path, how: list[str], seed: int) -> str:
    """Ends a program that keeps books of what it holds at some instant, and says where its profile differs from them."""
    where = folder / f"{seed}"
    where.mkdir()
    books = where / "books"
    books.write_bytes(bytes(4096))
    ullage = Ullage(where / "ullage", where)
    process = subprocess.Popen([ullage.binary, "run", "-q", *how, "--", program, books], env=ullage.environment)
    pid = 0
    try:
        pid = wait_for(lambda: struct.unpack_from("q", books.read_bytes())[0], "the program works")
        time.sleep(random.Random(seed).uniform(0, 0.08))
        os.kill(pid, signal.SIGKILL)
        process.wait(30)
    finally:
        if process.poll() is None:
            pid = pid or struct.unpack_from("q", books.read_bytes())[0]
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.kill()
            process.wait(30)
    _, *counts = struct.unpack_from("5q", books.read_bytes())
    living = counts[0] - counts[1] + counts[2] - counts[3]
    found = held(ullage, "hold")["count"]
    # Of each of the two threads the books lack an allocation, or are a release ahead.
    return "" if 0 <= found - living <= 2 else f"seed {seed}: {found} live in the profile, {living} in the books"


def test_kills_lose_nothing(tmp_path):
    (tmp_path / "books.c").write_text(BOOKS)
    subprocess.run(["gcc", "-O1", "-g", "-pthread", "books.c", "-o", "books"], cwd=tmp_path, check=True)
    modes = ([EXACT], [SAMPLED, "--heap-interval", "1", "--heap-rate", "0"])
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        told = list(pool.map(lambda seed: kill_at_random(tmp_path, tmp_path / "books", modes[seed % 2], seed), range(KILLS)))
    assert not [what for what in told if what]


def test_a_profile_is_found_though_ullage_was_killed_by_the_first_thing_that_the_command_did(ullage, programs):
    assert ullage("run", "-q", EXACT, "--", "sh", "-c", f"kill -KILL $PPID; exec {programs / 'hold'}").code == -signal.SIGKILL
    wait_for(lambda: held(ullage, "hold")["count"] == 1000, "the whole profile is found")


def test_children_are_profiled_each(ullage, programs):
    assert (
        ullage("run", "-q", EXACT, "--", "sh", "-c", f"{programs / 'hold'}; {programs / 'hold'}; exec {programs / 'hold'}").code
        == 0
    )
    assert held(ullage, "hold") == {"bytes": 30_000_000, "count": 3000}
    told = json.loads(ullage("heap", "top", "--by", "process", "--json").out)["rows"]
    assert len([row for row in told if row["bytes"] >= 10_000_000]) >= 3


def test_a_forked_child_has_what_it_allocates_itself(ullage, tmp_path):
    script = """
import os
mine = [bytearray(50_000) for _ in range(100)]
pid = os.fork()
if pid == 0:
    more = [bytearray(70_000) for _ in range(100)]
    del mine
    os._exit(0)
os.waitpid(pid, 0)
"""
    assert ullage("run", "-q", EXACT, "--", PYTHON, "-c", script).code == 0
    told = json.loads(ullage("heap", "top", "--by", "process", "--json").out)["rows"]
    assert any(7_000_000 <= row["bytes"] < 9_000_000 for row in told), told


EARLY = """
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static void* kept[100];
__attribute__((noinline)) void* hold(int i) { return kept[i] = malloc(10000); }
int main(void) {
  for (int child = 0; child < 9 && fork() != 0; child++) {}
  for (int i = 0; i < 100; i++) hold(i);
  while (wait(NULL) > 0) {}
  _exit(0);
}
"""


def test_what_forks_before_its_first_allocation_has_a_profile_of_its_own(ullage, tmp_path):
    (tmp_path / "early.c").write_text(EARLY)
    subprocess.run(["gcc", "-O1", "-g", "early.c", "-o", "early"], cwd=tmp_path, check=True)
    assert ullage("run", "-q", EXACT, "--", tmp_path / "early").code == 0
    rows = json.loads(ullage("heap", "top", "--by", "process", "--json", "-n", "20").out)["rows"]
    assert [row["bytes"] for row in rows] == [1_000_000] * 10


@pytest.mark.parametrize("allocator", ["libjemalloc.so.2", "libtcmalloc.so.4", "libmimalloc.so.2"])
def test_other_allocators_work_with_it(ullage, programs, allocator):
    listed = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=False).stdout
    path = next((line.rpartition("=> ")[2] for line in listed.splitlines() if line.strip().startswith(allocator)), None)
    if path is None:
        pytest.skip(f"{allocator} is not installed")
    environment = {**ullage.environment, "LD_PRELOAD": path}
    for how in (EXACT, SAMPLED):
        assert ullage("run", "-q", how, "--heap-interval", "4K", "--", programs / "hold", env=environment).code == 0
        assert held(ullage, "hold")["bytes"] == pytest.approx(10_000_000, rel=0 if how == EXACT else 0.5)


@pytest.mark.parametrize("linked", ["-shared-libgcc", "-static-libstdc++"])
@pytest.mark.parametrize("how", [EXACT, SAMPLED])
def test_what_is_not_of_cxx_may_open_what_is(ullage, tmp_path, how, linked):
    """operator new is then found in the scope of the library alone."""
    (tmp_path / "extension.cpp").write_text(EXTENSION)
    subprocess.run(
        ["g++", "-O1", "-g", "-shared", "-fPIC", linked, "extension.cpp", "-o", "extension.so"], cwd=tmp_path, check=True
    )
    script = "import ctypes, sys; it = ctypes.CDLL(sys.argv[1]); it.grow(100); it.shrink(); it.grow(1000); print('grown')"
    done = ullage("run", "-q", how, "--heap-interval", "4K", "--", PYTHON, "-c", script, tmp_path / "extension.so")
    assert (done.code, done.out) == (0, "grown\n"), done.err
    assert held(ullage, "hold")["bytes"] == pytest.approx(10_000_000, rel=0 if how == EXACT else 0.5)


def test_a_run_without_a_profile_says_how_to_get_one(ullage):
    ullage("run", "-q", "--", "true")
    told = ullage("heap", "top")
    assert told.code == 2 and "--heap" in told.err


def test_the_profile_is_within_the_runs_file_and_goes_with_it(ullage, programs):
    ullage("run", "-q", EXACT, "--", programs / "hold")
    assert not list(ullage.state.glob("runs/*.heap"))
    copy = ullage.scratch / "copied.ullage"
    shutil.copy(next(ullage.state.glob("runs/*.ullage")), copy)
    assert ullage("runs", "rm", "@1").code == 0
    assert not list(ullage.state.glob("runs/2*"))
    assert "hold" in ullage("heap", "top", copy).out


def test_a_leak_is_named_by_file_and_line_after_a_kill(ullage):
    done = ullage("run", "-q", EXACT, "--", "timeout", "-s", "KILL", "0.4", PROGRAMS / "heap_corpus", "growing_listeners")
    assert done.code in (124, 137)
    told = json.loads(ullage("heap", "leaks", "--json").out)["leaks"]
    growing = [leak for leak in told if leak["kind"] == "growing"]
    assert any(frame["file"].endswith("growing.cpp") and frame["line"] > 0 for frame in growing[0]["stack"]), told
