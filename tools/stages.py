# SPDX-License-Identifier: Apache-2.0
"""Stages of a long command: each runs, writes its output to build/logs/, prints one line with its time,
and hands its counts to the total. A failing stage shows the end of its log and the next one still runs."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

SHOWN_LINES = 60
END_SECONDS = 10
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass
class Counts:
    """Cases of one runner, or of all."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: "Counts") -> None:
        """Adds another runner's cases to these."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        text = f"{self.passed} passed, {self.failed} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


Counter = Callable[[str, int], Counts]  # (the stage's output, its exit status) -> its cases


def no_cases(_output: str, status: int) -> Counts:
    """A step that is not itself a test: counts only when it fails."""
    return Counts(failed=int(status != 0))


def one_case(_output: str, status: int) -> Counts:
    """A step that is one check."""
    return Counts(passed=int(status == 0), failed=int(status != 0))


def junit_cases(file: Path) -> Counter:
    """Cases out of the JUnit XML that ctest and pytest write."""

    def count(_output: str, _status: int) -> Counts:
        if not file.exists():
            return Counts()
        total = Counts()
        for suite in xml.etree.ElementTree.parse(file).getroot().iter("testsuite"):
            number = {key: int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped", "disabled")}
            failed, skipped = number["failures"] + number["errors"], number["skipped"] + number["disabled"]
            total.add(Counts(number["tests"] - failed - skipped, failed, skipped))
        return total

    return count


def web_cases(output: str, _status: int) -> Counts:
    """Cases out of what Vitest and Playwright print: "Tests  1 failed | 11 passed (12)", "  5 passed (3.2s)"."""
    total = Counts()
    for line in ANSI.sub("", output).splitlines():
        if re.match(r"\s*Tests\s+\d|\s*\d+ (passed|failed|flaky|skipped|did not run)\b", line):
            for number, word in re.findall(r"(\d+) (passed|failed|flaky|skipped|did not run|todo)", line):
                kind = {"passed": "passed", "flaky": "failed", "failed": "failed"}.get(word, "skipped")
                setattr(total, kind, getattr(total, kind) + int(number))
    return total


def own_cases(output: str, _status: int) -> Counts:
    """Cases out of a last line "N passed, N failed" of a script of ours."""
    found = re.findall(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", output, re.MULTILINE)
    return Counts(*(int(number or 0) for number in found[-1])) if found else Counts()


def end_group(child: subprocess.Popen) -> None:
    """Ends a program that leads a process group, and what it has begun there."""
    for number, seconds in ((signal.SIGINT, END_SECONDS), (signal.SIGTERM, END_SECONDS), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=seconds)


@dataclass
class Stages:
    """The stages of one command. Threads may run some side by side: each is told of, whole, when it ends."""

    logs: Path
    environment: dict[str, str]
    total: Counts = field(default_factory=Counts)
    failed: list[str] = field(default_factory=list)
    telling: threading.Lock = field(default_factory=threading.Lock)
    running: list[subprocess.Popen] = field(default_factory=list)
    is_stopped: bool = False

    def run(self, name: str, command: list[str], counter: Counter = no_cases, *, cwd: Path | None = None) -> bool:
        """Runs one stage; true when it passed."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / (re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + ".log")
        begin = time.monotonic()
        with log.open("w") as sink:
            try:
                status = self._status_of(command, cwd, sink)
            except OSError as error:
                status = 127
                sink.write(f"{command[0]}: {error.strerror}\n")
        if self.is_stopped:
            return False
        output = log.read_text(errors="replace")
        counts = counter(output, status)
        if status != 0 and counts.failed == 0:  # it broke before or after its cases: that is a failure too
            counts.failed = 1
        passed = status == 0 and counts.failed == 0
        note = f"   {counts}" if counter not in (no_cases, one_case) else ""
        with self.telling:
            self.total.add(counts)
            self._line("ok" if passed else "FAIL", name, f"{time.monotonic() - begin:7.1f} s{note}")
            if not passed:
                self.failed.append(name)
                lines = output.rstrip().splitlines()
                print("\n".join(f"      | {line}" for line in lines[-SHOWN_LINES:]))
                print(f"      | (all of it: {log})", flush=True)
        return passed

    def skip(self, name: str, why: str, *, cases: int = 0) -> None:
        """Says that a stage did not run, and why."""
        self.total.skipped += cases
        self._line("skip", name, f"skipped: {why}")

    def done(self) -> int:
        """The exit status of the whole."""
        return 1 if self.failed or self.total.failed else 0

    def stop(self) -> None:
        """Ends what runs, in whichever thread; nothing begins any more."""
        with self.telling:
            self.is_stopped = True
            children = list(self.running)
        for child in children:
            end_group(child)

    def _status_of(self, command: list[str], cwd: Path | None, sink: TextIO) -> int:
        with self.telling:
            if self.is_stopped:
                return 1
            # A group of its own, so that all it has begun can be ended: ninja goes on without its cmake.
            child = subprocess.Popen(
                command,
                cwd=cwd,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self.running.append(child)
        try:
            return child.wait()
        except BaseException:
            end_group(child)
            raise
        finally:
            with self.telling:
                self.running.remove(child)

    def _line(self, word: str, name: str, rest: str) -> None:
        print(f"{word:4}  {name:34} {rest}", flush=True)
        sys.stdout.flush()
