# SPDX-License-Identifier: Apache-2.0
"""Every function that gives memory or takes it back (tests/programs/heap_calls), called where that is hard to profile: in threads and as
they end, in handlers of signals, in what was forked, executed and spawned, in libraries that are opened and closed. What a profile says
each has left is what it has left, to the byte."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import PROGRAMS, Ullage

CALLS = PROGRAMS / "heap_calls"
# A sample at each byte: every block is one, and stands for itself alone.
MODES = {"exact": ["--heap=exact"], "sampled": ["--heap=sampled", "--heap-interval", "1", "--heap-rate", "0"]}


def left_by(ullage: Ullage) -> dict:
    """What the last run's profile says each of the functions has left."""
    told = ullage("heap", "top", "--json", "--at", "exit", "-n", "100000")
    assert told.code == 0, told.err
    left = {}
    for row in json.loads(told.out)["rows"]:
        for caller in {frame["function"].removeprefix("calls::(anonymous namespace)::") for frame in row["stack"]}:
            so_far = left.setdefault(caller.partition("(")[0], {"bytes": 0, "count": 0})
            for key in so_far:
                so_far[key] += row[key]
    return left


def try_one(situation: str, expected: dict, folder, how: str) -> str:
    """What is wrong with what was told of the functions in a situation; empty when all is right."""
    where = folder / situation
    where.mkdir()
    ullage = Ullage(where / "ullage", where)
    plain = subprocess.run([CALLS, situation], capture_output=True, check=False, timeout=60)
    ran = ullage("run", "-q", *MODES[how], "--", CALLS, situation)
    if (ran.code, ran.out, ran.err) != (plain.returncode, plain.stdout.decode(), plain.stderr.decode()) or ran.code != 0:
        return f"{plain.returncode} became {ran.code}: {ran.err}"
    left = left_by(ullage)
    wrong = {name: left.get(name) for name, value in expected.items() if left.get(name) != value}
    return f"{wrong}, not { ({name: expected[name] for name in wrong}) }" if wrong else ""


@pytest.mark.parametrize("how", MODES)
def test_each_function_is_recorded_in_each_situation(tmp_path, how):
    listed = json.loads(subprocess.run([CALLS, "--list"], capture_output=True, check=True).stdout)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        told = list(pool.map(lambda one: try_one(one, listed["left"], tmp_path, how), listed["situations"]))
    assert len(told) >= 20 and len(listed["left"]) >= 20
    assert not (wrong := {name: what for name, what in zip(listed["situations"], told, strict=True) if what}), wrong
