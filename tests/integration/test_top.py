# SPDX-License-Identifier: Apache-2.0
"""`ullage top` at a real (pseudo-)terminal: it draws, takes keys, follows the window's size, and leaves the terminal
as it found it however it ends. And its page as text and JSON."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from test_terminal import Terminal

PATIENCE_SECONDS = 20
ENTERS, LEAVES, SHOWS_CURSOR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"
# A name that would clear the screen and set the window's title.
HOSTILE = "a\x1b[2J\x1b]0;mine\x07\nb"


class Window:
    """The program at one end of a pseudo-terminal, a person at the other."""

    def __init__(self, command: list[str], environment: dict[str, str], rows: int = 24, columns: int = 80) -> None:
        self.fd, other = pty.openpty()
        self.resize(rows, columns)
        self.settings = termios.tcgetattr(self.fd)
        self.seen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, *command], stdin=other, stdout=other, stderr=other, env=environment
        )
        os.close(other)

    def resize(self, rows: int, columns: int) -> None:
        """As a person drags the window; the kernel tells the program."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: str) -> None:
        """As fingers do."""
        os.write(self.fd, keys.encode())

    def expect(self, pattern: str) -> str:
        """Reads on until the pattern shows; what was read up to there."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(pattern, self.seen)):
            left = end - time.monotonic()
            assert left > 0, f"waited for {pattern!r}, saw {self.seen[-3000:]!r}"
            if select.select([self.fd], [], [], left)[0]:
                self.seen += os.read(self.fd, 65536).decode(errors="replace")
        read, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return read

    def end(self) -> int:
        """Waits for its end, reading what it says last."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < end, self.seen[-3000:]
            self.read_rest(0.05)
        self.read_rest(0.05)
        return self.process.returncode

    def read_rest(self, seconds: float) -> None:
        """All that comes within the time."""
        while select.select([self.fd], [], [], seconds)[0]:
            try:
                self.seen += os.read(self.fd, 65536).decode(errors="replace")
            except OSError:  # nobody is at the other end
                return

    def close(self) -> None:
        """Ends what is still there."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.fd)


# Makes the terminal its own, as a shell does, and becomes the command.
TAKE_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def environment(ullage, **more: str) -> dict[str, str]:
    """Of a usual terminal."""
    plain = {k: v for k, v in ullage.environment.items() if not k.startswith(("LC_", "LANG", "NO_COLOR", "COLUMNS", "LINES"))}
    return plain | {"TERM": "xterm-256color", "LANG": "C.UTF-8"} | more


@pytest.fixture
def window(ullage) -> Iterator[Window]:
    """`ullage top` on 80 × 24."""
    opened = Window([ullage.binary, "top", "--interval", "200ms"], environment(ullage))
    yield opened
    opened.close()


def assert_restored(window: Window) -> None:
    """The other screen is left, the cursor shows, and the line discipline is as before."""
    assert LEAVES in window.seen
    assert SHOWS_CURSOR in window.seen
    assert termios.tcgetattr(window.fd)[:4] == window.settings[:4]


def test_it_draws_takes_keys_and_quits(window: Window) -> None:
    """Through each view."""
    window.expect(re.escape(ENTERS))
    window.expect("memory")
    window.expect("COMMAND")
    window.type("G")
    window.expect("PROCS")
    window.type("t")
    window.expect("└")
    window.type("?")
    window.expect("any key closes this")
    window.type(" ")
    window.expect("COMMAND")
    window.type("q")
    assert window.end() == 0
    assert_restored(window)


def test_a_filter_is_typed(window: Window) -> None:
    """And shows the one process it names."""
    window.expect("COMMAND")
    window.type(f"/{os.getpid()}")
    window.expect("1-1 of 1")
    window.type("\r")
    window.type("q")
    assert window.end() == 0


def test_it_follows_the_size_of_the_window(window: Window) -> None:
    """Wider: columns appear. Tiny: it goes on."""
    window.expect("COMMAND")
    window.resize(40, 200)
    window.expect("FULL IN")
    window.resize(3, 12)
    window.read_rest(0.5)
    window.resize(24, 80)
    window.expect("COMMAND")
    window.type("q")
    assert window.end() == 0
    assert_restored(window)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_it_and_the_terminal_is_as_it_was(window: Window, number: signal.Signals) -> None:
    """As q does."""
    window.expect("COMMAND")
    window.process.send_signal(number)
    assert window.end() == 0
    assert_restored(window)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_a_crash_leaves_the_terminal_as_it_was(window: Window, number: signal.Signals) -> None:
    """And is still a crash."""
    window.expect("COMMAND")
    window.process.send_signal(number)
    assert window.end() == -number
    assert_restored(window)


def test_ctrl_c_ends_it(window: Window) -> None:
    """The terminal's own."""
    window.expect("COMMAND")
    window.type("\x03")
    assert window.end() == 0
    assert_restored(window)


def test_ctrl_z_gives_the_shell_its_screen_back_and_fg_draws_anew(ullage, tmp_path: Path) -> None:
    """As every full-screen program does."""
    terminal = Terminal(tmp_path)
    terminal.type(f"{ullage.binary} top\n")
    terminal.expect("COMMAND")
    terminal.type("\x1a")
    terminal.expect(re.escape(LEAVES))
    terminal.stopped()
    terminal.foreground()
    terminal.expect(re.escape(ENTERS))
    terminal.expect("COMMAND")
    terminal.type("q")
    terminal.prompt()
    assert terminal.status() == 0
    terminal.close()


def test_a_closed_window_ends_it(ullage) -> None:
    """The connection is lost: nothing stays behind."""
    window = Window([ullage.binary, "top"], environment(ullage))
    window.expect("COMMAND")
    handle = os.pidfd_open(window.process.pid)
    os.close(window.fd)
    assert select.select([handle], [], [], PATIENCE_SECONDS)[0]
    os.close(handle)
    window.process.wait()


def test_colour_and_letters_are_as_the_terminal_has_them(ullage) -> None:
    """None with NO_COLOR, ASCII without UTF-8."""
    window = Window([ullage.binary, "top"], environment(ullage, NO_COLOR="1", LC_ALL="C"))
    drawn = window.expect("COMMAND")
    window.type("q")
    window.end()
    window.close()
    drawn += window.seen
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", drawn)
    assert drawn.isascii()


def test_an_unknown_terminal_is_refused_with_a_way_out(ullage) -> None:
    """Nothing is drawn on it."""
    window = Window([ullage.binary, "top"], environment(ullage, TERM="no-such-thing"))
    assert window.end() == 2
    window.close()
    assert "--once" in window.seen


def test_a_hostile_name_stays_text(ullage) -> None:
    """On the page and in the JSON."""
    with subprocess.Popen(["/bin/sh", "-c", "read line", HOSTILE], stdin=subprocess.PIPE) as hostile:
        page = ullage("top", "--once", "--interval", "100ms", "--filter", "mine", env=environment(ullage, COLUMNS="300"))
        listed = ullage("top", "--json", "--interval", "100ms", "--filter", str(hostile.pid))
        hostile.stdin.close()
    assert page.code == 0
    assert "\x1b" not in page.out
    assert r"a\x1b[2J" in page.out
    found = {process["pid"]: process for process in json.loads(listed.out)["processes"]}
    assert found[hostile.pid]["command"].endswith(r"a\x1b[2J\x1b]0;mine\x07\x0ab")


def test_a_page_has_true_rates(ullage) -> None:
    """A busy process uses a core, between two readings."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        listed = ullage("top", "--json", "--sort", "cpu", "--limit", "1000")
        busy.kill()
    answer = json.loads(listed.out)
    found = {process["pid"]: process for process in answer["processes"]}
    assert found[busy.pid]["cpu_cores"] > 0.1
    assert answer["interval_seconds"] >= 1
    assert answer["host"]["cpu_cores_by_mode"]["user"] > 0.1


def test_what_cannot_be_is_refused(ullage) -> None:
    """With what would be right."""
    assert "did you mean 'memory'" in ullage("top", "--once", "--sort", "memry").err
    assert "at least 100 ms" in ullage("top", "--once", "--interval", "1ms").err
