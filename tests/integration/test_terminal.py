# SPDX-License-Identifier: Apache-2.0
"""Supervised commands at a real (pseudo-)terminal under a real shell with job control: they must behave as if the
shell had started them. Each test types, and reads what a person would see."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROMPT = "ready> "
PATIENCE_SECONDS = 10

# Prints each signal it gets, with a count; ends on a line "end".
COUNTER = r"""
import os, signal, sys
counts = {}
def note(number, frame):
    counts[number] = counts.get(number, 0) + 1
    os.write(1, b"got %s %d\n" % (signal.Signals(number).name.encode(), counts[number]))
for name in sys.argv[1:]:
    signal.signal(getattr(signal, name), note)
print("counting", os.getpid(), flush=True)
for line in iter(sys.stdin.readline, "end\n"):
    pass
"""
# Reads nothing, so that it may run in the background; ends on SIGUSR1.
WAITER = r"""
import os, signal
def end(number, frame):
    os.write(1, b"got it\n")
    os._exit(0)
signal.signal(signal.SIGUSR1, end)
print("waiting", os.getpid(), flush=True)
while True:
    signal.pause()
"""
# Does on Ctrl-Z what full-screen programs do: tidies up, then stops its whole group, itself included.
FULL_SCREEN = r"""
import os, signal, sys
def suspend(number, frame):
    os.write(1, b"tidied up\n")
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(0, signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, suspend)
    os.write(1, b"drawn again\n")
signal.signal(signal.SIGTSTP, suspend)
print("screen", flush=True)
for line in iter(sys.stdin.readline, "end\n"):
    pass
"""


# A cat that says when it is there: a key typed before is the shell's.
CAT = "sh -c 'echo begun >&2; exec cat'"


def supervisors() -> list[str]:
    """The layer's own driver, and the product where it has been built."""
    folders = [os.environ.get("ULLAGE_BIN", ""), ROOT / "build/bin", ROOT / "build/debug/bin"]
    folder = next((Path(folder) for folder in folders if folder and (Path(folder) / "act_driver").exists()), None)
    if not folder:
        return []
    found = [str(folder / "act_driver")]
    if (folder / "ullage").exists():
        found.append(f"{folder / 'ullage'} run --quiet --")
    return found


class Terminal:
    """A shell with job control at the other end of a pseudo-terminal."""

    def __init__(self, home: Path) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm", "XDG_STATE_HOME": str(home)}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], environment)
        self.seen = ""
        self.type(f"PS1='{PROMPT[:2]}''{PROMPT[2:]}'; bind 'set enable-bracketed-paste off'; stty -echo\n")
        self.expect(re.escape(PROMPT))
        self.run("true")

    def type(self, keys: str) -> None:
        """As a person's fingers do."""
        os.write(self.fd, keys.encode())

    def expect(self, pattern: str) -> re.Match:
        """Reads on until the pattern shows; what follows it is left for the next call."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(pattern, self.seen)):
            left = end - time.monotonic()
            assert left > 0, f"waited for {pattern!r}, saw {self.seen!r}"
            if select.select([self.fd], [], [], left)[0]:
                self.seen += os.read(self.fd, 65536).decode(errors="replace").replace("\r\n", "\n")
        self.seen = self.seen[found.end() :]
        return found

    def quiet(self, seconds: float) -> str:
        """All that comes within a time in which nothing should."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                self.seen += os.read(self.fd, 65536).decode(errors="replace")
        return self.seen

    def prompt(self) -> None:
        """The shell has the terminal again."""
        self.expect(re.escape(PROMPT))

    def stopped(self) -> None:
        """The shell says so, and has the terminal."""
        self.expect("Stopped")
        self.prompt()

    def foreground(self) -> None:
        """`fg`, until the shell has handed the terminal over: what is typed before is its own."""
        self.type("fg\n")
        self.expect(r"\n")
        end = time.monotonic() + PATIENCE_SECONDS
        while os.tcgetpgrp(self.fd) == self.pid and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.05)

    def run(self, line: str) -> str:
        """What a command prints."""
        self.type(f"{line}; echo =$?=\n")
        printed = self.expect(r"(?s)(.*?)=\d+=\n")[1]
        self.prompt()
        return printed

    def status(self) -> int:
        """The exit code of what ran last."""
        self.type("echo =$?=\n")
        code = int(self.expect(r"=(\d+)=\n")[1])
        self.prompt()
        return code

    def close(self) -> None:
        """Hangs up, as a closed window does."""
        os.close(self.fd)
        for _ in range(200):
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return
            time.sleep(0.01)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@pytest.fixture(params=supervisors() or ["none"], ids=lambda command: Path(command.split()[0]).name)
def supervise(request: pytest.FixtureRequest) -> str:
    """The words that stand before the command."""
    if request.param == "none":
        pytest.skip("act_driver has not been built")
    return request.param


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A fresh one for each test."""
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def counter(tmp_path: Path) -> str:
    """The command that counts signals."""
    (tmp_path / "counter.py").write_text(COUNTER)
    return f"python3 {tmp_path / 'counter.py'}"


def state_of(pid: int) -> str:
    """Its letter in /proc."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def pid_of(terminal: Terminal, name: str) -> int:
    """Of the process of that name in the terminal's session."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = stat.read_text().partition(" (")
        except OSError:
            continue  # gone meanwhile
        found, _, fields = rest.rpartition(")")
        if found == name and int(fields.split()[3]) == terminal.pid:
            return int(pid)
    raise LookupError(name)


def wait_until(holds: Callable[[], bool]) -> None:
    """Within the patience of all tests here."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_ctrl_c_ends_the_command_and_the_shell_sees_130(terminal: Terminal, supervise: str, counter: str) -> None:
    """As it would without us."""
    terminal.type(f"{supervise} sh -c 'echo begun; exec sleep 60'\n")
    terminal.expect("begun")
    terminal.type("\x03")
    terminal.prompt()
    assert terminal.status() == 130


@pytest.mark.parametrize(("key", "name"), [("\x03", "SIGINT"), ("\x1c", "SIGQUIT")])
def test_a_key_reaches_the_command_exactly_once(terminal: Terminal, supervise: str, counter: str, key: str, name: str) -> None:
    """The terminal sends it to the whole group, and we must not send it again."""
    terminal.type(f"{supervise} {counter} {name}\n")
    terminal.expect(r"counting \d+\n")
    terminal.type(key)
    terminal.expect(f"got {name} 1\n")
    assert "got" not in terminal.quiet(0.3)
    terminal.type("end\n")
    terminal.prompt()
    assert terminal.status() == 0


def test_a_resized_window_is_told_once(terminal: Terminal, supervise: str, counter: str) -> None:
    """SIGWINCH, as full-screen programs need it."""
    terminal.type(f"{supervise} {counter} SIGWINCH\n")
    terminal.expect(r"counting \d+\n")
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 132, 0, 0))
    terminal.expect("got SIGWINCH 1\n")
    assert "got" not in terminal.quiet(0.2)
    terminal.type("end\n")
    terminal.prompt()


def test_ctrl_z_gives_the_prompt_back_and_fg_resumes(terminal: Terminal, supervise: str) -> None:
    """Twice, because the second time is not the first."""
    terminal.type(f"{supervise} {CAT}\n")
    terminal.expect("begun\n")
    for word in ("two", "three"):
        terminal.type("\x1a")
        terminal.stopped()
        terminal.foreground()
        terminal.type(f"{word}\n")
        terminal.expect(f"{word}\n")
    terminal.type("\x04")
    terminal.prompt()
    assert terminal.status() == 0


def test_bg_lets_it_run_on(terminal: Terminal, supervise: str) -> None:
    """And the shell tells of its end."""
    terminal.type(f"{supervise} sh -c 'echo begun; exec sleep 0.6'\n")
    terminal.expect("begun")
    terminal.type("\x1a")
    terminal.stopped()
    terminal.type("bg; wait; jobs\n")
    terminal.prompt()
    assert terminal.run("jobs") == ""


def test_a_full_screen_program_suspends_itself(terminal: Terminal, supervise: str, tmp_path: Path) -> None:
    """It catches Ctrl-Z and stops its group a moment later, as vim does."""
    (tmp_path / "screen.py").write_text(FULL_SCREEN)
    terminal.type(f"{supervise} python3 {tmp_path / 'screen.py'}\n")
    terminal.expect("screen\n")
    for _ in range(2):
        terminal.type("\x1a")
        terminal.expect("tidied up")
        terminal.stopped()
        terminal.type("fg\n")
        terminal.expect("drawn again")
        assert "tidied" not in terminal.quiet(0.2)
    terminal.type("end\n")
    terminal.prompt()
    assert terminal.status() == 0


def test_a_command_that_ignores_ctrl_z_is_not_stopped(terminal: Terminal, supervise: str, counter: str) -> None:
    """Nor are we."""
    terminal.type(f"{supervise} {counter} SIGTSTP\n")
    terminal.expect(r"counting \d+\n")
    terminal.type("\x1a")
    terminal.expect("got SIGTSTP 1\n")
    assert "Stopped" not in terminal.quiet(0.3)
    terminal.type("end\n")
    terminal.prompt()


def test_pipelines_are_one_job(terminal: Terminal, supervise: str) -> None:
    """Ctrl-Z, fg and Ctrl-C reach both ends."""
    terminal.type(f"{supervise} {CAT} | {supervise} sh -c 'echo begun; exec tr a-z A-Z'\n")
    terminal.expect("begun\n")
    terminal.expect("begun\n")
    terminal.type("\x1a")
    terminal.stopped()
    terminal.foreground()
    terminal.type("word\n")
    terminal.type("\x04")
    terminal.expect("WORD\n")
    terminal.prompt()
    terminal.type(f"{supervise} sleep 60 | {supervise} sh -c 'echo begun; exec sleep 61'\n")
    terminal.expect("begun")
    terminal.type("\x03")
    terminal.prompt()
    assert terminal.status() == 130


def test_a_background_job_that_reads_is_stopped_until_fg(terminal: Terminal, supervise: str) -> None:
    """SIGTTIN stops the command, and the shell must see it of us."""
    terminal.type(f"{supervise} {CAT} &\n")
    terminal.expect("begun\n")
    leader = int(terminal.run("jobs -p").split()[-1])
    wait_until(lambda: state_of(leader) == "T")
    terminal.run("true")
    terminal.foreground()
    terminal.type("heard\n")
    terminal.expect("heard\n")
    terminal.type("\x04")
    terminal.prompt()


def test_a_command_stopped_from_elsewhere_stops_the_job(terminal: Terminal, supervise: str, tmp_path: Path) -> None:
    """And one that is continued from elsewhere is not left alone: we run again with it."""
    (tmp_path / "waiter.py").write_text(WAITER)
    terminal.type(f"{supervise} python3 {tmp_path / 'waiter.py'}\n")
    pid = int(terminal.expect(r"waiting (\d+)\n")[1])
    os.kill(pid, signal.SIGSTOP)
    terminal.stopped()
    leader = int(terminal.run("jobs -p"))
    wait_until(lambda: state_of(leader) == "T")
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: state_of(leader) != "T")
    os.kill(leader, signal.SIGUSR1)
    terminal.expect("got it")
    terminal.type("wait\n")
    terminal.prompt()
    assert terminal.run("jobs") == ""


def test_continuing_us_continues_the_command(terminal: Terminal, supervise: str, tmp_path: Path) -> None:
    """`kill -CONT` of the job's leader alone."""
    (tmp_path / "waiter.py").write_text(WAITER)
    terminal.type(f"{supervise} python3 {tmp_path / 'waiter.py'}\n")
    pid = int(terminal.expect(r"waiting (\d+)\n")[1])
    terminal.type("\x1a")
    terminal.stopped()
    os.kill(int(terminal.run("jobs -p")), signal.SIGCONT)
    wait_until(lambda: state_of(pid) != "T")
    os.kill(pid, signal.SIGUSR1)
    terminal.expect("got it")


def test_a_nested_supervisor_changes_nothing(terminal: Terminal, supervise: str, counter: str) -> None:
    """Ctrl-C once, Ctrl-Z and fg through two of them."""
    terminal.type(f"{supervise} {supervise} {counter} SIGINT\n")
    terminal.expect(r"counting \d+\n")
    terminal.type("\x03")
    terminal.expect("got SIGINT 1\n")
    assert "got" not in terminal.quiet(0.3)
    terminal.type("\x1a")
    terminal.stopped()
    terminal.foreground()
    terminal.type("end\n")
    terminal.prompt()
    assert terminal.status() == 0


def test_an_interactive_shell_inside_has_its_own_jobs(terminal: Terminal, supervise: str) -> None:
    """It takes the terminal for itself and gives it back."""
    terminal.type(f"PS1='inner> ' {supervise} bash --norc --noprofile -i\n")
    terminal.expect("inner> ")
    terminal.type("sleep 60\n")
    time.sleep(0.3)
    terminal.type("\x03")
    terminal.expect("inner> ")
    terminal.type("sleep 60\n")
    time.sleep(0.3)
    terminal.type("\x1a")
    terminal.expect("Stopped")
    terminal.expect("inner> ")
    terminal.type("kill -KILL %1; fg; exit 3\n")
    terminal.prompt()
    assert terminal.status() == 3


def test_suspending_an_inner_shell_suspends_the_job(terminal: Terminal, supervise: str) -> None:
    """It is in a group of its own, so that only we can continue it."""
    terminal.type(f"PS1='inner> ' {supervise} bash --norc --noprofile -i\n")
    terminal.expect("inner> ")
    terminal.type("suspend\n")
    terminal.stopped()
    terminal.foreground()
    time.sleep(0.2)
    terminal.type("exit 5\n")
    terminal.expect("exit")
    terminal.prompt()
    assert terminal.status() == 5


def test_a_python_repl_works(terminal: Terminal, supervise: str) -> None:
    """A line, Ctrl-C at its prompt, a line, Ctrl-D."""
    terminal.type(f"{supervise} python3 -q\n")
    terminal.expect(">>> ")
    terminal.type("print(6 * 7, flush=True)\n")
    terminal.expect("42\n")
    terminal.expect(">>> ")
    terminal.quiet(0.3)  # until it waits for keys: Python loses a Ctrl-C that comes between prompt and wait
    terminal.type("\x03")
    terminal.expect("KeyboardInterrupt")
    terminal.expect(">>> ")
    terminal.type("\x04")
    terminal.prompt()
    assert terminal.status() == 0


@pytest.mark.skipif(not shutil.which("less"), reason="no less here")
def test_less_pages_and_suspends(terminal: Terminal, supervise: str, tmp_path: Path) -> None:
    """A pager reads its keys from the terminal, not from stdin."""
    (tmp_path / "long").write_text("".join(f"line {n}\n" for n in range(500)))
    terminal.type(f"cat {tmp_path / 'long'} | {supervise} less\n")
    terminal.expect("line 5")
    # It does not see a signal that comes between its drawing and its reading of a key.
    less = pid_of(terminal, "less")
    wait_until(lambda: state_of(less) == "S")
    terminal.type("\x1a")
    terminal.stopped()
    terminal.foreground()
    terminal.type("G")
    terminal.expect("line 499")
    terminal.type("q")
    terminal.prompt()
    assert terminal.status() == 0


def test_a_closed_window_ends_the_command(terminal: Terminal, supervise: str, counter: str) -> None:
    """The hang-up reaches it as it would without us."""
    terminal.type(f"{supervise} sh -c 'echo begun $$; exec sleep 60'\n")
    pid = int(terminal.expect(r"begun (\d+)")[1])
    handle = os.pidfd_open(pid)
    os.kill(terminal.pid, signal.SIGHUP)
    assert select.select([handle], [], [], PATIENCE_SECONDS)[0]
    os.close(handle)


def test_without_a_terminal_a_stopped_command_does_not_stop_us(supervise: str, counter: str, tmp_path: Path) -> None:
    """Nobody would continue us; we go on watching, and it ends when it is continued."""
    environment = dict(os.environ, XDG_STATE_HOME=str(tmp_path))
    with subprocess.Popen(
        [*supervise.split(), *counter.split()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment,
    ) as started:
        pid = int(started.stdout.readline().split()[1])
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: state_of(pid) == "T")
        time.sleep(0.2)
        assert state_of(started.pid) != "T"
        os.kill(pid, signal.SIGCONT)
        started.communicate("end\n", timeout=PATIENCE_SECONDS)
        assert started.returncode == 0


def test_closed_descriptors_stay_closed(supervise: str, tmp_path: Path) -> None:
    """No file of ours takes the number of a descriptor that we were started without."""
    script = f"{supervise} sh -c 'ls -l /proc/self/fd | grep -c \" [012] ->\"' <&- 2>&-"
    environment = dict(os.environ, XDG_STATE_HOME=str(tmp_path))
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=PATIENCE_SECONDS, env=environment)
    # Its stdout, and the folder that ls opens, which takes 0.
    assert int(shown.stdout) <= 2
