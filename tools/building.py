# SPDX-License-Identifier: Apache-2.0
"""Building: presets, jobs, and what ninja says of its work."""

import os
import subprocess
import sys

import setup
from setup import ROOT

BUILD = ROOT / "build"
PRESETS = ("release", "debug", "asan", "tsan")
MEMORY_PER_JOB_BYTES = 1 << 30  # what the greediest of our files takes to compile


def jobs() -> int:
    """As many compilers as there are cores, fewer where memory is short."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(len(os.sched_getaffinity(0)), memory // MEMORY_PER_JOB_BYTES))


def configure(preset: str, options: list[str]) -> bool:
    """cmake's first step, which says nothing when it goes well; later ones are ninja's to see to."""
    made, cache = BUILD / preset / "build.ninja", BUILD / preset / "CMakeCache.txt"
    is_made = made.exists() and made.stat().st_mtime >= (ROOT / "CMakePresets.json").stat().st_mtime
    if is_made and all(option.replace("=", ":BOOL=") in cache.read_text().splitlines() for option in options):
        return True
    command = ["cmake", "--preset", preset, *(f"-D{option}" for option in options)]
    done = subprocess.run(command, cwd=ROOT, env=setup.environment(), capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr, file=sys.stderr)
    return done.returncode == 0


def build(preset: str, targets: list[str], options: list[str] | None = None) -> int:
    """Configures if need be and builds; quiet when there is nothing to do. `options` are switches, as "ULLAGE_BENCH=ON"."""
    if not configure(preset, options or []):
        return 1
    command = ["cmake", "--build", str(BUILD / preset), "-j", str(jobs())]
    for target in targets:
        command += ["--target", target]
    quiet = [] if sys.stdout.isatty() else ["--", "--quiet"]  # a terminal gets ninja's one moving line
    return run_tool([*command, *quiet])


def print_slowest(preset: str, count: int = 10) -> None:
    """The files that took longest when they were last compiled, out of ninja's own log."""
    seconds: dict[str, float] = {}
    for line in (BUILD / preset / ".ninja_log").read_text().splitlines()[1:]:
        begin, end, _, output, _ = line.split("\t")
        seconds[output] = (int(end) - int(begin)) / 1000
    for output, took in sorted(seconds.items(), key=lambda item: -item[1])[:count]:
        print(f"{took:7.2f} s  {output}")


def run_tool(command: list[str]) -> int:
    """Runs a command from the root with the pinned tools on its PATH."""
    return subprocess.run(command, cwd=ROOT, env=setup.environment()).returncode


def tracked(*patterns: str) -> list[str]:
    """Files of the tree, committed or about to be, that match git's patterns."""
    command = ["git", "ls-files", "-co", "--exclude-standard", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in names if (ROOT / name).exists()]
