# SPDX-License-Identifier: Apache-2.0
"""`ullage run --heap` and `ullage heap`: what a program's habits look like, from the preloaded profiler to the verdict."""

import gzip
import json
import signal
import subprocess

import pytest
from daemon_process import wait_for

PROGRAM = "heap_habits"


def habits(ullage, *options, arguments=()):
    """A profiled run of the program; the name is that of the options."""
    done = ullage("run", "--quiet", *options, "--", ullage.programs / PROGRAM, *arguments)
    assert done.code == 0, done.err
    return done


def leaks(ullage, *options):
    done = ullage("heap", "leaks", "--json", *options)
    return done.code, json.loads(done.out)


HABITS = ("remember_for_ever", "look_up", "log_line", "work_in_a_buffer", "lose_a_block", "make_a_table")


def habits_in(findings, kind=None):
    """The program's habits that the findings (of a kind) stand in the stacks of."""
    stacks = [" ".join(frame["function"] for frame in one["stack"]) for one in findings if kind in (None, one["kind"])]
    return {habit for habit in HABITS if any(habit in stack for stack in stacks)}


@pytest.mark.parametrize("how", ["--heap=exact", "--heap"])
def test_a_leak_is_told_from_a_cache_a_ring_and_a_table(ullage, how):
    options = [how] if how == "--heap=exact" else [how, "--heap-interval", "16K"]
    habits(ullage, *options)
    code, told = leaks(ullage, "--fail-on", "growing")
    assert code == 1
    assert habits_in(told["leaks"], "growing") == {"remember_for_ever"}
    growing = told["leaks"][0]
    low, high = growing["interval"]
    beside = (high - low) / 2  # of one sampled run in twenty the truth lies outside; an exact interval has no width
    assert low - beside <= 1500 * 1008 <= high + beside
    assert growing["stack"][0]["file"].endswith("heap_habits.cpp") or growing["stack"][0]["module"] == PROGRAM
    if how == "--heap=exact":
        assert habits_in(told["settled"]) == {"look_up", "log_line"}


def test_a_calm_program_is_not_accused(ullage):
    habits(ullage, "--heap=exact", arguments=["calm"])
    code, told = leaks(ullage, "--fail-on", "growing,lost")
    assert code == 0
    assert habits_in(told["leaks"]) == habits_in(told["leaks"], "kept") == {"make_a_table"}
    assert habits_in(told["settled"]) == {"look_up", "log_line"}


def test_a_living_run_is_scanned_for_lost_blocks_and_goes_on(ullage):
    command = [ullage.binary, "run", "--quiet", "--heap=exact", "--", str(ullage.programs / PROGRAM), "slow"]
    run = subprocess.Popen(command, env=ullage.environment)
    try:
        wait_for(lambda: ullage("heap", "top", "--at", "exit").code == 0, "the program is being profiled")
        found = []
        wait_for(lambda: found.append(leaks(ullage, "--scan")[1]["leaks"]) or habits_in(found[-1], "lost"), "a block is lost")
        assert habits_in(found[-1], "lost") == {"lose_a_block"}
        assert not list(ullage.state.glob("runs/*.heap/*.lost"))
        assert habits_in(leaks(ullage)[1]["leaks"], "lost") == set(), "what was found is not kept: the program may find it again"
        assert run.poll() is None
    finally:
        run.terminate()
    assert run.wait(20) == 128 + signal.SIGTERM
    done = ullage("heap", "leaks", "--scan")
    assert done.code == 2 and "the run has ended" in done.err


WAITER = """
#include <stdlib.h>
#include <sys/epoll.h>
__attribute__((noinline)) void lose_a_block(void) {
  void* volatile lost = malloc(70000);
  lost = 0;
}
int main(void) {
  lose_a_block();
  struct epoll_event event;
  return epoll_wait(epoll_create1(0), &event, 1, 3000) == 0 ? 0 : 9;
}
"""


def test_a_scan_does_not_end_what_the_program_waits_for(ullage, tmp_path):
    """epoll_wait(2) would fail with EINTR after a stop, which programs without handlers of signals do not count on."""
    (tmp_path / "waiter.c").write_text(WAITER)
    subprocess.run(["gcc", "-O1", "-g", "waiter.c", "-o", "waiter"], cwd=tmp_path, check=True)
    run = subprocess.Popen([ullage.binary, "run", "-q", "--heap=exact", "--", tmp_path / "waiter"], env=ullage.environment)
    wait_for(lambda: ullage("heap", "top", "--at", "exit").code == 0, "the program is being profiled")
    assert habits_in(leaks(ullage, "--scan")[1]["leaks"], "lost") <= {"lose_a_block"}
    assert run.poll() is None
    assert run.wait(20) == 0


def test_the_largest_the_temporary_the_tree_and_exports_agree(ullage):
    habits(ullage, "--heap=exact")
    top = json.loads(ullage("heap", "top", "--json").out)
    assert top["rows"][0]["name"].split("::")[-1].startswith("remember_for_ever")
    assert top["rows"][0]["bytes"] == 1500 * 1008
    temporary = json.loads(ullage("heap", "top", "--sort", "temporary", "--json").out)
    assert "work_in_a_buffer" in temporary["rows"][0]["name"] or "filled" in temporary["rows"][0]["name"]
    assert "remember_for_ever" in ullage("heap", "flame").out
    collapsed = ullage("heap", "export", "--format", "collapsed").out
    assert sum(int(line.rsplit(" ", 1)[1]) for line in collapsed.splitlines()) == top["all"]["bytes"]
    path = ullage.scratch / "heap.pb.gz"
    assert ullage("heap", "export", "-o", path).code == 0
    assert b"remember_for_ever" in gzip.decompress(path.read_bytes())
    speedscope = json.loads(ullage("heap", "export", "--format", "speedscope").out)
    assert speedscope["profiles"][0]["endValue"] == top["all"]["bytes"]


def test_the_report_has_the_flame_graph(ullage):
    habits(ullage, "--heap=exact")
    path = ullage.scratch / "flame.html"
    assert ullage("heap", "flame", "-o", path).code == 0
    assert '"heap":{"flame":{"version":1' in path.read_text()


def test_two_runs_differ_by_what_one_of_them_leaks(ullage):
    habits(ullage, "--heap=exact", arguments=["calm"])
    habits(ullage, "--heap=exact")
    changes = json.loads(ullage("heap", "diff", "@2", "@1", "--json").out)["changes"]
    assert "remember_for_ever" in changes[0]["stack"][0]["function"]
    assert changes[0]["bytes"] == 1500 * 1008


def test_a_run_without_a_profile_says_how_to_get_one(ullage):
    assert ullage("run", "--quiet", "--", "true").code == 0
    done = ullage("heap", "top")
    assert done.code == 2
    assert "ullage run --heap -- CMD" in done.err


def test_a_moment_that_is_none_is_refused_with_those_there_are(ullage):
    habits(ullage, "--heap=exact", arguments=["calm"])
    done = ullage("heap", "top", "--at", "nonsense")
    assert done.code == 2
    assert "is no moment of this run" in done.err
    assert ullage("heap", "top", "--between", "0.3s", "1s").code == 0
