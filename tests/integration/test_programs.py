# SPDX-License-Identifier: Apache-2.0
"""Real programs under `ullage run`: their work is done as without it, and the figures are believable."""

import os
import shutil
import subprocess
import sys

import pytest


def need(*programs):
    """Skips where a program is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"no {program} here")


def test_make_with_two_jobs(ullage):
    need("make", "cc")
    folder = ullage.scratch
    names = [f"part{i}" for i in range(8)]
    for name in names:
        (folder / f"{name}.c").write_text("#include <stdio.h>\n#include <stdlib.h>\nint %s(int x) { return x * 2; }\n" % name)
    (folder / "Makefile").write_text("all: " + " ".join(f"{n}.o" for n in names) + "\n%.o: %.c\n\tcc -O2 -c $<\n")
    done = ullage.run(command=["make", "-j2", "-C", folder])
    assert done.code == 0
    assert all((folder / f"{name}.o").exists() for name in names)
    if done.json["processes"]["counted_by"] == "taskstats":
        assert done.json["processes"]["total"] >= 17  # make, and cc with cc1 and as for each
    assert {row["name"] for row in done.json["process_table"]} >= {"make"}


def test_sort_of_a_large_file(ullage):
    source = ullage.scratch / "lines"
    with open(source, "w") as file:
        file.writelines(f"{(i * 2654435761) % 1000003:07d}\n" for i in range(1_000_000))
    target = ullage.scratch / "sorted"
    done = ullage.run(command=["sort", "-S", "32M", "--parallel=2", "-o", target, source])
    assert done.code == 0
    assert target.stat().st_size == source.stat().st_size
    assert done.json["cpu"]["user_seconds"] > 0.1
    assert done.json["memory"]["peak_bytes"] > 16 << 20


def test_xz_with_two_threads(ullage):
    need("xz")
    source = ullage.scratch / "data"
    source.write_bytes(os.urandom(1 << 20) * 12)
    done = ullage.run(command=["xz", "-T2", "-1", "-k", source])
    assert done.code == 0
    assert subprocess.run(["xz", "-t", str(source) + ".xz"]).returncode == 0
    assert max(row["threads_peak"] for row in done.json["process_table"]) >= 1


def test_numpy(ullage):
    script = "import numpy; a = numpy.ones((2000, 2000)); print(int((a @ a)[0, 0]))"
    if subprocess.run([sys.executable, "-c", "import numpy"], capture_output=True).returncode != 0:
        pytest.skip("no numpy for this Python")
    done = ullage.run(command=[sys.executable, "-c", script])
    assert (done.code, done.out) == (0, "2000\n")
    assert done.json["memory"]["peak_bytes"] > 64 << 20


def test_a_pipeline_of_two_runs(ullage):
    script = f"{ullage.binary} run -q -- seq 100000 | {ullage.binary} run -q -- tail -n 1"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=ullage.environment)
    assert done.stdout == "100000\n"
    assert len(ullage.files()) == 2


def test_a_pipe_that_closes_early_ends_the_command_as_usual(ullage):
    done = subprocess.run(
        ["sh", "-c", f"{ullage.binary} run -q -- yes | head -n 1"],
        capture_output=True,
        text=True,
        env=ullage.environment,
        timeout=30,
    )
    assert done.stdout == "y\n"
