#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `ullage run` costs and how true it is, beside its peers in the same run: `./dev bench run`.

Every comparison is paired: the variants take turns, and what is quoted is the median of the differences or ratios of
neighbours, with its 95 % interval by bootstrap. The A/A row is the command against itself: what noise alone does.
Peers: /usr/bin/time -v, psrecord and mprof. Results go to bench/out/run.json, and as a table to standard output.
"""

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / "build/bin"
OUT = ROOT / "bench/out"
MIB = 1 << 20


def find(program: str) -> str | None:
    """A peer's program, from the environment this runs in."""
    beside = Path(sys.executable).parent / program
    return str(beside) if beside.exists() else shutil.which(program)


class Bench:
    """A scratch directory and the figures so far."""

    def __init__(self, scratch: Path, quick: bool):
        self.scratch = scratch
        self.quick = quick
        self.rows = []
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("ULLAGE_")}
        self.environment["XDG_STATE_HOME"] = str(scratch / "state")

    def ullage(self, *options: str) -> list[str]:
        """The prefix that puts a command under Ullage."""
        return [str(BIN / "ullage"), "run", "--quiet", *options, "--"]

    def seconds(self, command: list[str]) -> float:
        """Wall time of one run of a command."""
        begin = time.perf_counter()
        subprocess.run(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return time.perf_counter() - begin

    def row(self, figure: str, value, unit: str, must=None, aim=None, **more):
        """Notes a figure, and prints it."""
        self.rows.append({"figure": figure, "value": value, "unit": unit, "must": must, "aim": aim, **more})
        print(f"  {figure}: {value} {unit}" + (f"   {more}" if more else ""), flush=True)

    def take_turns(self, variants: dict[str, list[str]], rounds: int) -> dict[str, list[float]]:
        """Runs each variant once a round, in an order that changes, after one round that does not count."""
        times = {name: [] for name in variants}
        for round_number in range(rounds + 1):
            names = list(variants)
            random.shuffle(names)
            for name in names:
                taken = self.seconds(variants[name])
                if round_number > 0:
                    times[name].append(taken)
        return times


def interval(values: list[float]) -> tuple[float, float]:
    """The 95 % interval of the median, by bootstrap."""
    medians = sorted(statistics.median(random.choices(values, k=len(values))) for _ in range(1000))
    return medians[25], medians[974]


def added_milliseconds(times: dict[str, list[float]], name: str, base: str) -> dict:
    """By how much a variant is slower than its neighbour in the same round."""
    differences = [(a - b) * 1000 for a, b in zip(times[name], times[base], strict=True)]
    low, high = interval(differences)
    return {"median": round(statistics.median(differences), 2), "low": round(low, 2), "high": round(high, 2)}


def ratio(times: dict[str, list[float]], name: str, base: str) -> dict:
    """How many times as long as its neighbour in the same round."""
    ratios = [a / b for a, b in zip(times[name], times[base], strict=True)]
    low, high = interval(ratios)
    return {"median": round(statistics.median(ratios), 4), "low": round(low, 4), "high": round(high, 4)}


def bench_start(bench: Bench):
    """Wall time added to the shortest of commands."""
    variants = {"plain": ["/bin/true"], "plain again": ["/bin/true"], "ullage": [str(BIN / "ullage"), "run", "--", "/bin/true"]}
    variants["ullage --quiet"] = [*bench.ullage(), "/bin/true"]
    variants["ullage --quiet --memory 1G"] = [*bench.ullage("--memory", "1G"), "/bin/true"]
    if gnu_time := find("time"):
        variants["time -v"] = [gnu_time, "-v", "/bin/true"]
    for peer, arguments in (("psrecord", ["/bin/true"]), ("mprof", ["run", "-o", str(bench.scratch / "m.dat"), "/bin/true"])):
        if (program := find(peer)) and not bench.quick:
            variants[peer] = [program, *arguments]
    times = bench.take_turns(variants, 10 if bench.quick else 60)
    for name in variants:
        if name == "plain":
            continue
        limits = {"must": "≤ 12", "aim": "≤ 5"} if name == "ullage" else {}
        added = added_milliseconds(times, name, "plain")
        label = "A/A" if name == "plain again" else name
        bench.row(f"wall added to `true`: {label}", added["median"], "ms", **limits, interval=[added["low"], added["high"]])


def bench_work(bench: Bench):
    """Fixed work on two threads, with and without."""
    millions = 60
    work = [str(BIN / "fixed_work"), "2", str(millions)]
    once = min(bench.seconds(work) for _ in range(2))
    work[-1] = str(round(millions * (2 if bench.quick else 10) / once))
    times = bench.take_turns({"plain": work, "plain again": work, "ullage": [*bench.ullage(), *work]}, 3 if bench.quick else 9)
    same, under = ratio(times, "plain again", "plain"), ratio(times, "ullage", "plain")
    bench.row("10 s of work on 2 threads, with/without: A/A", same["median"], "×", interval=[same["low"], same["high"]])
    bench.row(
        "10 s of work on 2 threads, with/without: ullage",
        under["median"],
        "×",
        "≤ 1.01",
        "inside A/A",
        interval=[under["low"], under["high"]],
    )


def bench_children(bench: Bench):
    """Many short children of a shell."""
    count = 300 if bench.quick else 3000
    loop = ["sh", "-c", f"i=0; while [ $i -lt {count} ]; do /bin/true; i=$((i+1)); done"]
    times = bench.take_turns({"plain": loop, "plain again": loop, "ullage": [*bench.ullage(), *loop]}, 3 if bench.quick else 9)
    same, under = ratio(times, "plain again", "plain"), ratio(times, "ullage", "plain")
    bench.row("3,000 short children of sh: A/A", same["median"], "×", interval=[same["low"], same["high"]])
    bench.row(
        "3,000 short children of sh: ullage", under["median"], "×", "≤ 1.08", "≤ 1.02", interval=[under["low"], under["high"]]
    )


def own_cpu_seconds(pid: int) -> float:
    """User and system time of a process that lives, its children not counted."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bench_run_of_processes(bench: Bench):
    """The same of a whole run, storing and writing with it: own CPU between its 5th and 35th second."""
    script = bench.scratch / "thousand.py"
    script.write_text(
        "import os, sys, time\n"
        "for i in range(999):\n"
        "    if os.fork() == 0: break\n"
        "else: i = 999\n"
        "end = time.monotonic() + 40\n"
        "kept = []\n"
        "while time.monotonic() < end:\n"
        "    if i % 10 == 0: kept.append(b'x' * 4096)\n"
        "    time.sleep(1 if i % 10 == 0 else 40)\n"
    )
    command = [*bench.ullage("--interval", "1s"), sys.executable, "-S", str(script)]
    with subprocess.Popen(command, env=bench.environment, stdout=subprocess.DEVNULL) as run:
        time.sleep(5)
        begin = own_cpu_seconds(run.pid)
        time.sleep(30)
        spent = own_cpu_seconds(run.pid) - begin
    figure = round(spent / 30 / 1000 * 1e6, 1)
    bench.row("… all that a run does with them, at 1 s", figure, "µs", "≤ 12", "≤ 4")


def bench_processes(bench: Bench):
    """CPU a process and tick, with a thousand of them."""
    program = ROOT / "build/release/bench/process_tree_bench"
    program = program if program.exists() else BIN / "process_tree_bench"
    printed = subprocess.run([program, "1000", "50"], capture_output=True, text=True, check=True).stdout
    figure = json.loads(printed)["mean_us"]
    bench.row("CPU a process and tick at 1,000 processes: reading", figure, "µs", "≤ 12", "≤ 4")
    bench_run_of_processes(bench)


def bench_hour(bench: Bench, seconds: int):
    """Own memory and bytes a sample, of fifty real processes at 1 s."""
    script = bench.scratch / "fifty.py"
    script.write_text(
        "import os, random, sys, time\n"
        "for i in range(49):\n"
        "    if os.fork() == 0: break\n"
        "else: i = 49\n"
        "random.seed(i)\n"
        "kept = []\n"
        f"end = time.time() + {seconds}\n"
        "while time.time() < end:\n"
        "    if i % 5 == 0: sum(random.random() for _ in range(20000)); kept.append(b'x' * random.randrange(1 << 18)); del kept[:-20]\n"
        "    time.sleep(random.uniform(0.2, 1.5))\n"
    )
    state = bench.scratch / "hour"
    command = [
        str(BIN / "ullage"),
        "run",
        "-q",
        "--interval",
        "1s",
        "--state",
        str(state),
        "--",
        sys.executable,
        "-S",
        str(script),
    ]
    run = subprocess.Popen(command, env=bench.environment)
    resident, own_cpu, ends_near = 0, 0.0, time.monotonic() + seconds - 1
    while run.poll() is None:
        try:
            status = Path(f"/proc/{run.pid}/status").read_text()
            own_cpu = own_cpu_seconds(run.pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
        resident = max([resident, *(int(n) for n in re.findall(r"VmHWM:\s+(\d+)", status))])
        time.sleep(0.5 if time.monotonic() < ends_near else 0.002)  # the end, where advice is made, is seen too
    (file,) = state.glob("runs/*.ullage")
    rows = (
        subprocess.run(
            [BIN / "ullage", "runs", "export", file, "--format", "csv"], capture_output=True, env=bench.environment, check=True
        ).stdout.count(b"\n")
        - 1
    )
    bench.row("own resident memory, 50 processes at 1 s", round(resident / 1024, 1), "MiB", "≤ 24", "≤ 12", seconds=seconds)
    bench.row("own CPU, the same", round(own_cpu / seconds * 100, 2), "% of a core", "< 0.5")
    bench.row("run file, the same", round(file.stat().st_size / rows, 3), "bytes a sample", "≤ 1.5", "≤ 0.7", samples=rows)


def bench_report(bench: Bench):
    """The report of a day: made, its size, opened."""
    program = ROOT / "build/release/bench/long_run"
    file, page = bench.scratch / "day.ullage", bench.scratch / "day.html"
    subprocess.run([program if program.exists() else BIN / "long_run", file, "24", "50"], check=True, stdout=subprocess.DEVNULL)
    made = statistics.median(bench.seconds([str(BIN / "ullage"), "show", str(file), "-o", str(page)]) for _ in range(5))
    bench.row("report of 24 h, 50 processes: made in", round(made, 3), "s", "≤ 2", "≤ 0.5")
    bench.row("report of 24 h, 50 processes: size", round(page.stat().st_size / 1e6, 3), "MB", "≤ 2", "≤ 1")
    printed = subprocess.run(["node", ROOT / "web/tools/open_time.mjs", page], capture_output=True, text=True, cwd=ROOT / "web")
    if printed.returncode == 0:
        bench.row(
            "report of 24 h, 50 processes: opens in Chromium", round(json.loads(printed.stdout)["median"]), "ms", "≤ 500", "≤ 200"
        )
    else:
        print(f"  not opened in Chromium: {printed.stderr.strip().splitlines()[-1:]}")


PROGRAMS = {  # of known peak, in MiB
    "100 MiB for 10 ms": (["touch_memory", "100", "10"], 100),
    "100 MiB for 30 ms": (["touch_memory", "100", "30"], 100),
    "100 MiB for 100 ms": (["touch_memory", "100", "100"], 100),
    "1 GiB for 30 ms in a grandchild": (["grandchild_spike", "1024", "30"], 1024),
    "600 MiB held by a program and 7 forked children": (["fork_memory", "8", "600", "700"], 600),
    "1 GiB shared by 8 processes": (["share_memory", "8", "1024", "700"], 1024),
}


def peak_of_ullage(bench: Bench, command: list[str]) -> float | None:
    """In MiB, as Ullage tells it."""
    result = bench.scratch / "peak.json"
    return told_peak(bench, [*bench.ullage("--json", str(result)), *command], result)


def peak_unprivileged(bench: Bench, command: list[str]) -> float | None:
    """The same as another user, who may not have the kernel's exit records."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or not setpriv:
        return None
    folder = bench.scratch / "nobody"
    folder.mkdir(exist_ok=True)
    for path in (bench.scratch, folder):
        path.chmod(0o777)
    result = folder / "peak.json"
    user = [setpriv, "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    return told_peak(bench, [*user, *bench.ullage("--state", str(folder), "--json", str(result)), *command], result)


def told_peak(bench: Bench, run: list[str], result: Path) -> float | None:
    """Runs, and reads the peak out of the run's JSON."""
    subprocess.run(run, env=bench.environment, stdout=subprocess.DEVNULL, check=False)
    peak = json.loads(result.read_text())["memory"]["peak_bytes"]
    result.unlink()
    return None if peak is None else peak / MIB


def peak_of_time(bench: Bench, command: list[str]) -> float | None:
    """Maximum resident set size, as GNU time tells it."""
    program = find("time")
    if not program:
        return None
    told = subprocess.run([program, "-v", *command], env=bench.environment, capture_output=True, text=True, check=False).stderr
    return int(re.search(r"Maximum resident set size \(kbytes\): (\d+)", told).group(1)) / 1024


def peak_of_psrecord(bench: Bench, command: list[str]) -> float | None:
    """The greatest of psrecord's samples, children included, at its smallest interval."""
    program = find("psrecord")
    if not program:
        return None
    log = bench.scratch / "psrecord.log"
    subprocess.run(
        [program, " ".join(command), "--log", str(log), "--include-children", "--interval", "0.01"],
        env=bench.environment, capture_output=True, check=False,
    )  # fmt: skip
    samples = [float(line.split()[2]) for line in log.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return max(samples, default=None)


def peak_of_mprof(bench: Bench, command: list[str]) -> float | None:
    """The greatest sum of mprof's samples, children included."""
    program = find("mprof")
    if not program:
        return None
    data = bench.scratch / "mprof.dat"
    data.unlink(missing_ok=True)
    subprocess.run(
        [program, "run", "-C", "-T", "0.01", "-o", str(data), *command], env=bench.environment, capture_output=True, check=False
    )
    samples = (
        [float(line.split()[1]) for line in data.read_text().splitlines() if line.startswith("MEM ")] if data.exists() else []
    )
    return max(samples, default=None)


def bench_peaks(bench: Bench):
    """Programs of known peak, and what each tool says of them."""
    tools = {
        "ullage": peak_of_ullage,
        "ullage, unprivileged": peak_unprivileged,
        "time -v": peak_of_time,
        "psrecord": peak_of_psrecord,
        "mprof": peak_of_mprof,
    }
    for name, (command, true_mib) in PROGRAMS.items():
        errors = {}
        for tool, measure in tools.items():
            told = [measure(bench, [str(BIN / command[0]), *command[1:]]) for _ in range(1 if bench.quick else 3)]
            known = [value for value in told if value is not None]
            errors[tool] = f"{(statistics.median(known) / true_mib - 1) * 100:+.1f} %" if known else "–"
        bench.row(
            f"peak told of {name}", errors["ullage"], "", "within 2 %", peers={k: v for k, v in errors.items() if k != "ullage"}
        )
    # `true` under each tool, all started by a program of 300 MiB: its own peak is about 1.5 MiB.
    bench.row("peak told of `true` started by a program of 300 MiB", *peaks_of_true(bench))


def peaks_of_true(bench: Bench) -> tuple[str, str]:
    """What Ullage and GNU time say of `true` when their own parent is large."""
    parent = [str(BIN / "large_parent"), "300"]
    result = bench.scratch / "true.json"
    subprocess.run([*parent, *bench.ullage("--json", str(result)), "/bin/true"], env=bench.environment, check=False)
    peak = json.loads(result.read_text())["memory"]["peak_bytes"]
    told = subprocess.run(
        [*bench.ullage(), *parent, find("time") or "time", "-v", "/bin/true"],
        env=bench.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    resident = re.search(r"Maximum resident set size \(kbytes\): (\d+)", told.stderr)
    return (
        f"{peak / MIB:.1f} MiB" if peak else "unknown"
    ), f"(time -v: {int(resident.group(1)) / 1024:.1f} MiB)" if resident else ""


PARTS = {
    "start": bench_start, "work": bench_work, "children": bench_children, "processes": bench_processes,
    "report": bench_report, "peaks": bench_peaks,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)}, hour; all of them by default")
    parser.add_argument("--quick", action="store_true", help="few rounds: to see that it works, not to quote")
    parser.add_argument("--hour-seconds", type=int, default=180, help="how long the fifty processes live (3600: the hour itself)")
    asked = parser.parse_args()
    random.seed(1)
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch), asked.quick)
        for name in asked.parts or [*PARTS, "hour"]:
            print(f"{name}:", flush=True)
            if name == "hour":
                bench_hour(bench, 20 if asked.quick else asked.hour_seconds)
            else:
                PARTS[name](bench)
    OUT.mkdir(exist_ok=True)
    (OUT / "run.json").write_text(json.dumps(bench.rows, indent=2, ensure_ascii=False) + "\n")
    print_table(bench.rows)
    return 0


def print_table(rows: list[dict]):
    """As docs/benchmarks.md has it."""
    print("\n| figure | measured | 95 % interval | must | aim |\n|---|---|---|---|---|")
    for row in rows:
        low_high = (
            "{} – {}".format(*row["interval"])
            if "interval" in row
            else json.dumps(row["peers"], ensure_ascii=False)
            if "peers" in row
            else ""
        )
        print(f"| {row['figure']} | {row['value']} {row['unit']} | {low_high} | {row['must'] or ''} | {row['aim'] or ''} |")


if __name__ == "__main__":
    sys.exit(main())
