# SPDX-License-Identifier: Apache-2.0
"""How ./dev counts cases, and what it says to a wrong word."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import find_secrets
import setup
from stages import Counts, Stages, junit_cases, one_case, own_cases, web_cases

ROOT = Path(__file__).resolve().parent.parent


def dev(*arguments: str) -> subprocess.CompletedProcess:
    """./dev with these words."""
    return subprocess.run([sys.executable, str(ROOT / "dev"), *arguments], capture_output=True, text=True)


def test_cases_of_vitest_and_playwright_are_told_apart_from_their_files():
    output = (
        " Test Files  3 passed (3)\n\x1b[2m      Tests \x1b[22m \x1b[32m11 passed\x1b[39m | 1 failed | 2 skipped (14)\n"
        "Running 6 tests using 1 worker\n  1 flaky\n  1 skipped\n  4 passed (3.2s)\n"
    )
    assert web_cases(output, 0) == Counts(15, 2, 3)


def test_cases_of_junit_files_are_added_up(tmp_path):
    file = tmp_path / "x.xml"
    file.write_text(
        '<testsuites><testsuite tests="10" failures="1" skipped="2" disabled="0"/>'
        '<testsuite tests="3" failures="0" errors="1" skipped="0"/></testsuites>'
    )
    assert junit_cases(file)("", 1) == Counts(9, 2, 2)
    assert junit_cases(tmp_path / "none.xml")("", 0) == Counts()


def test_the_last_line_of_our_own_scripts_counts():
    assert own_cases("1 passed, 1 failed\nmore\n7 passed, 2 failed, 3 skipped\n", 1) == Counts(7, 2, 3)
    assert own_cases("no such line", 0) == Counts()


def test_the_locks_of_all_purposes_fit_into_one_environment():
    versions: dict[str, dict[str, set[str]]] = {}
    for purpose in setup.PURPOSES:
        for tool in setup.locked(purpose):
            name, version = tool.split("==")
            versions.setdefault(name, {}).setdefault(purpose, set()).add(version)
    torn = {name: chosen for name, chosen in versions.items() if len({frozenset(one) for one in chosen.values()}) > 1}
    assert torn == {}


def test_a_failing_stage_is_a_failure_and_the_next_one_still_runs(tmp_path, capsys):
    stages = Stages(tmp_path, {"PATH": "/usr/bin:/bin"})
    assert not stages.run("one", ["sh", "-c", "echo what went wrong; exit 3"])
    assert not stages.run("no such program", ["./nowhere"], one_case)
    assert stages.run("two", ["true"], one_case)
    assert stages.total == Counts(1, 2, 0) and stages.done() == 1
    assert "what went wrong" in capsys.readouterr().out


def test_a_runner_that_dies_after_its_cases_is_a_failure(tmp_path):
    stages = Stages(tmp_path, {"PATH": "/usr/bin:/bin"})
    assert not stages.run("dies", ["sh", "-c", "echo '5 passed, 0 failed'; exit 1"], own_cases)
    assert stages.total == Counts(5, 1, 0)


def test_what_runs_beside_is_ended_with_all_it_has_begun(tmp_path):
    stages = Stages(tmp_path, {"PATH": "/usr/bin:/bin"})
    began = tmp_path / "pid"
    beside = threading.Thread(target=stages.run, args=("waits", ["sh", "-c", f"sleep 1000 & echo $! >{began}; wait"]))
    beside.start()
    deadline = time.monotonic() + 20
    while not (began.exists() and began.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.01)
    grandchild = Path("/proc") / began.read_text().strip() / "stat"
    stages.stop()
    beside.join(20)
    assert not beside.is_alive() and stages.running == []
    while grandchild.exists() and ") Z " not in grandchild.read_text() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not grandchild.exists() or ") Z " in grandchild.read_text()
    assert not stages.run("more", ["true"])


@pytest.mark.parametrize("distro", setup.DISTROS)
def test_a_dry_run_names_the_packages_of_either_distribution(distro):
    done = dev("setup", "--dry-run", "--distro", distro)
    assert done.returncode == 0, done.stderr
    assert ("libboost1.81-dev" if distro == "debian-12" else "libboost-dev") in done.stdout
    assert "cmake==" in done.stdout and "missing here: g++" not in done.stdout


def test_a_wrong_word_is_answered_with_the_right_ones():
    assert dev("biuld").returncode == 2 and "build" in dev("biuld").stderr
    assert dev("setup", "everything").returncode == 2
    assert dev("bench", "nothing-of-this-name").returncode == 2


def test_locks_hold_versions_and_hashes_and_no_address():
    for lock in (ROOT / "tools/lock").glob("*.lock"):
        text = lock.read_text()
        assert "==" in text and "--hash=sha256:" in text and "://" not in text, lock


def test_secrets_are_found_and_ordinary_words_are_not():
    assert find_secrets.secrets_in("x", "-----BEGIN RSA PRIVATE" + " KEY-----")
    assert find_secrets.secrets_in("x", "key = AKIA" + "ABCDEFGHIJKLMNOP")
    assert find_secrets.secrets_in("x", 'password = "Tr0ub4dor' + 'AndMoreWords9"')
    assert find_secrets.secrets_in("x", "postgres://me:hunter22" + "@db.example/x")
    assert not find_secrets.secrets_in("x", 'token = next_token(text); password: "***"')
    assert not find_secrets.secrets_in("x", 'password = "Tr0ub4dor' + 'AndMoreWords9"  # not a secret')
