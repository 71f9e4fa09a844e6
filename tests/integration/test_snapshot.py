# SPDX-License-Identifier: Apache-2.0
"""`ullage doctor --snapshot` on the machine that the test runs on: what goes into a bug report, and what does not."""

import os
import stat
import subprocess


def test_a_snapshot_has_the_machine_and_no_secret(ullage):
    environment = {**os.environ, "API_KEY": "planted-in-environment"}
    command = ["sh", "-c", "read line", "--token=planted-in-arguments", "planted-word"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE) as process:
        try:
            path = ullage.scratch / "machine.txt"
            done = ullage("doctor", "--snapshot", path)
            assert done.code == 0, done.err
            text = path.read_text(errors="replace")
            with_arguments = ullage("doctor", "--snapshot", "-", "--with-arguments").out
        finally:
            process.kill()
    assert "written: " in done.out
    assert "of command lines only the program's name is there" in done.out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "planted" not in text
    assert f"-- /proc/{process.pid}/cmdline --\nsh\n" in text
    for name in ("/proc/meminfo", "/proc/stat", "/proc/self/mountinfo", "/ullage/doctor.json", "/ullage/settings.yaml"):
        assert f"-- {name} --\n" in text

    assert "planted-in-environment" not in with_arguments
    assert "planted-in-arguments" not in with_arguments
    assert f"-- /proc/{process.pid}/cmdline --\nsh\\0-c\\0read line\\0--token=***\\0planted-word" in with_arguments
