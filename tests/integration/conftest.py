# SPDX-License-Identifier: Apache-2.0
"""What the tests of the whole product share: the binary, a state directory of their own, and a run as a value."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from daemon_process import Daemon, wait_for

ROOT = Path(__file__).resolve().parents[2]
# What runs in the background, or under nohup, ignores these, and so would every command under test.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)
# ./dev soak: a night's worth of what is a matter of seconds otherwise.
IS_SOAKING = bool(os.environ.get("ULLAGE_SOAK"))
PROGRAMS = Path(os.environ.get("ULLAGE_BIN", ROOT / "build/bin"))


@dataclass
class Finished:
    """A command that has ended: its exit code, what it printed, and the run's JSON when one was asked for."""

    code: int
    out: str
    err: str
    json: dict | None = None


class Ullage:
    """`ullage` with a state directory of its own."""

    def __init__(self, state: Path, scratch: Path, programs: Path = PROGRAMS, prefix: tuple[str, ...] = ()):
        self.state = state
        self.scratch = scratch
        self.programs = programs
        self.prefix = prefix
        self.binary = str(programs / "ullage")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("ULLAGE_")}
        self.environment["XDG_STATE_HOME"] = str(state.parent)

    def __call__(self, *arguments, prefix=None, timeout=60, **kwargs) -> Finished:
        done = subprocess.run(
            [*(self.prefix if prefix is None else prefix), self.binary, *map(str, arguments)],
            capture_output=True,
            timeout=timeout,
            env=kwargs.pop("env", self.environment),
            **kwargs,
        )
        return Finished(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def run(self, *arguments, command, **kwargs) -> Finished:
        """`ullage run ARGUMENTS --json … -- COMMAND`, its JSON read."""
        path = self.scratch / "run.json"
        path.unlink(missing_ok=True)
        done = self("run", *arguments, "--json", path, "--", *command, **kwargs)
        if path.exists():
            done.json = json.loads(path.read_text())
        return done

    def files(self) -> list[Path]:
        """The files of all runs."""
        return sorted(self.state.glob("runs/*.ullage"))


@pytest.fixture
def ullage(tmp_path: Path) -> Ullage:
    """The product, as installed, with nothing recorded yet."""
    state = tmp_path / "state" / "ullage"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Ullage(state, scratch)


@pytest.fixture
def unprivileged() -> Iterator[Ullage]:
    """The product as a user without privileges has it, in folders that such a user may enter."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    folder = Path(tempfile.mkdtemp(prefix="ullage-"))
    for path in (folder, folder / "scratch", folder / "state", folder / "bin"):
        path.mkdir(exist_ok=True)
        path.chmod(0o777)
    for name in ("ullage", "touch_memory"):
        shutil.copy(PROGRAMS / name, folder / "bin")
    user = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env", "--chdir=/")
    yield Ullage(folder / "state" / "ullage", folder / "scratch", folder / "bin", user)
    shutil.rmtree(folder)


@pytest.fixture
def start(ullage: Ullage) -> Iterator[Callable[..., Daemon]]:
    """Starts daemons that end with the test."""
    daemons = []

    def begin(*options, of=ullage, is_awaited=True, **how) -> Daemon:
        daemons.append(Daemon(of, *options, **how))
        if is_awaited:
            wait_for(daemons[-1].is_ready, "the daemon is ready")
        return daemons[-1]

    yield begin
    for daemon in daemons:
        daemon.end()


@pytest.fixture
def programs() -> Path:
    """Where the small test programs lie."""
    return PROGRAMS
