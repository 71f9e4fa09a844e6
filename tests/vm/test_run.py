# SPDX-License-Identifier: Apache-2.0
"""`ullage run` as a whole on a real cgroup v2: what it limits, what it sees, and what it says of a kill."""

import json
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import vm

RUN = "ullage run --state /tmp/state --json /tmp/run.json"
SHOW = "rc=$?; echo; cat /tmp/run.json; exit $rc"
# A cgroup that user 1000 may divide, with two processes of theirs, as a login session has.
DELEGATE = """
    cd /sys/fs/cgroup && echo '+memory +cpu +pids' > cgroup.subtree_control && mkdir -p user/session
    echo '+memory +cpu +pids' > user/cgroup.subtree_control
    for d in user user/session; do chown user $d $d/cgroup.procs $d/cgroup.subtree_control $d/cgroup.threads; done
    mkdir -p /tmp/user && chown user /tmp/user && cd /tmp
"""
STEPS = {
    "oom": f"{RUN} --memory 64M -- touch_memory 100 0; {SHOW}",
    "cpus": f"{RUN} --cpus 0.5 -- spin_cpu 1 1; {SHOW}",
    "pids": f"{RUN} --pids 5 --wait all -- sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'; {SHOW}",
    "plain": f"{RUN} -- short_children 50; {SHOW}",
    "sigkill": f"{RUN} --memory 64M -- sh -c 'kill -KILL $$'; {SHOW}",
    "delegated": f"""{DELEGATE}
        sh -c 'echo $$ > /sys/fs/cgroup/user/session/cgroup.procs; sleep 1000 &
            exec su user -c "ullage run --strict --state /tmp/user/state --json /tmp/user/run.json --memory 64M --cpus 1 --pids 20 -- touch_memory 100 0"'
        rc=$?; echo; cat /tmp/user/run.json; exit $rc""",
    "strict": "su user -c 'ullage run --strict --state /tmp/user/state --memory 64M -- touch /tmp/user/ran'; rc=$?; ls /tmp/user/ran; exit $rc",
    "left": "find /sys/fs/cgroup -name 'ullage-*'",
}


@pytest.fixture(scope="module")
def steps() -> dict[str, vm.Step]:
    """One boot for all."""
    try:
        return vm.boot(STEPS, [vm.find_binary(name) for name in ("ullage", "touch_memory", "spin_cpu", "short_children")])
    except vm.Unavailable as reason:
        pytest.skip(str(reason))


def result_of(step: vm.Step) -> dict:
    """The JSON that stands after what was said."""
    found = re.search(r"^\{.*^\}", step.output, re.MULTILINE | re.DOTALL)
    assert found, step.output
    return json.loads(found[0])


def limit(result: dict, resource: str) -> dict:
    """The entry of one limit."""
    return next(entry for entry in result["limits"] if entry["resource"] == resource)


def test_the_kernels_oom_kill_is_told_as_one(steps: dict[str, vm.Step]) -> None:
    """Who killed it, and that the limit was the kernel's to hold."""
    result = result_of(steps["oom"])
    assert steps["oom"].code == 137
    assert result["oom_killed"] is True
    assert result["oom_killer"] == "kernel"
    assert limit(result, "memory")["mechanism"] == "cgroup v2"
    assert limit(result, "memory")["got"] == 64 << 20


def test_any_other_sigkill_is_not(steps: dict[str, vm.Step]) -> None:
    """The same limit, the same signal."""
    result = result_of(steps["sigkill"])
    assert steps["sigkill"].code == 137
    assert result["oom_killed"] is False


def test_refused_forks_are_told(steps: dict[str, vm.Step]) -> None:
    """The shell only says that it could not fork."""
    result = result_of(steps["pids"])
    assert limit(result, "pids")["got"] == 5
    assert [event["text"] for event in result["events"] if event["kind"] == "pids"] == [
        "the kernel refuses to start more processes and threads: --pids 5 is reached"
    ]


def test_a_cpu_limit_throttles_and_the_time_is_counted(steps: dict[str, vm.Step]) -> None:
    """One second of work at half a core."""
    result = result_of(steps["cpus"])
    assert steps["cpus"].code == 0
    assert limit(result, "cpus")["mechanism"] == "cgroup v2"
    assert result["cpu"]["throttled_seconds"] > 0.3
    assert result["wall_seconds"] > 1.5


def test_short_children_are_counted_without_a_limit(steps: dict[str, vm.Step]) -> None:
    """Born in an own cgroup, whose CPU time holds theirs."""
    result = result_of(steps["plain"])
    assert steps["plain"].code == 0
    assert result["limits"] == []
    assert result["cpu"]["user_seconds"] + result["cpu"]["system_seconds"] > 0


def test_a_delegated_cgroup_holds_a_users_limits(steps: dict[str, vm.Step]) -> None:
    """Without root, and --strict is content."""
    result = result_of(steps["delegated"])
    assert {entry["mechanism"] for entry in result["limits"]} == {"cgroup v2"}
    assert result["oom_killer"] == "kernel"


def test_strict_starts_nothing_that_the_kernel_does_not_limit(steps: dict[str, vm.Step]) -> None:
    """The user is not in a cgroup of theirs."""
    assert steps["strict"].code == 125
    assert "not ours to write" in steps["strict"].output
    assert "No such file" in steps["strict"].output


def test_no_cgroup_is_left(steps: dict[str, vm.Step]) -> None:
    """All runs have ended."""
    assert steps["left"].output.strip() == ""
