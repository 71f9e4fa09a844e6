# SPDX-License-Identifier: Apache-2.0
"""The act layer on a real cgroup v2: its own unit tests inside the VM, and what the kernel's files say."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import vm

STEPS = {
    # As root in the root cgroup, as in a VM or on a board without systemd.
    "units": "act_test --gtest_color=no --gtest_filter='Cage.*:StaleCages.*:UnifiedTree.*:Child.*'",
    # What memory.events looks like after a kill, for whoever judges from it.
    "oom-events": """
        cd /sys/fs/cgroup && echo +memory > cgroup.subtree_control && mkdir oom && echo 32M > oom/memory.max
        sh -c 'echo $$ > oom/cgroup.procs; exec touch_memory 100 0'; echo "status $?"
        cat oom/memory.events; echo "peak $(cat oom/memory.peak 2>/dev/null)"; rmdir oom""",
    "pressure": """
        cd /sys/fs/cgroup && echo +cpu > cgroup.subtree_control && mkdir slow && echo '10000 100000' > slow/cpu.max
        sh -c 'echo $$ > slow/cgroup.procs; exec spin_cpu 2 0.1'; cat slow/cpu.pressure slow/cpu.stat; rmdir slow""",
}


@pytest.fixture(scope="module")
def steps() -> dict[str, vm.Step]:
    """One boot for all."""
    try:
        names = ("act_test", "act_driver", "touch_memory", "spin_cpu", "short_children")
        return vm.boot(STEPS, [vm.find_binary(name) for name in names])
    except vm.Unavailable as reason:
        pytest.skip(str(reason))


def test_units_pass_on_cgroup_v2(steps: dict[str, vm.Step]) -> None:
    """None fails, and those of where a cgroup may stand were really run."""
    units = steps["units"]
    failures = "\n".join(line for line in units.output.splitlines() if not re.match(r"\[ +(RUN|OK|-+) ", line))
    assert units.code == 0, failures
    assert "UnifiedTree.DelegatedToAUserItHoldsAllLimits" in units.output
    skipped = set(re.findall(r"\[  SKIPPED \] (\S+) \(", units.output))
    assert not {name for name in skipped if name.startswith("UnifiedTree")}, failures


def test_an_oom_kill_shows_in_memory_events(steps: dict[str, vm.Step]) -> None:
    """The counts that tell an OOM kill from any other SIGKILL."""
    output = steps["oom-events"].output
    assert "status 137" in output
    events = dict(re.findall(r"^(\w+) (\d+)$", output, re.MULTILINE))
    assert events["oom_kill"] == "1"
    assert int(events["oom"]) >= 1
    assert int(events["max"]) >= 1
    assert events.get("oom_group_kill", "0") == "0"


def test_a_quota_throttles_and_presses(steps: dict[str, vm.Step]) -> None:
    """cpu.stat counts it, and PSI of the cgroup sees it."""
    output = steps["pressure"].output
    assert int(re.search(r"nr_throttled (\d+)", output)[1]) > 0
    assert int(re.search(r"some .*total=(\d+)", output)[1]) > 0
