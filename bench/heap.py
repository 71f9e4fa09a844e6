#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a heap profile costs and how true it is, beside its peers in the same run: `./dev bench heap [PART…]`.

The workload is `heap_pairs`: allocations and frees of mixed sizes from 200 places at a depth of about 20 calls. The variants take turns; what is
quoted is the median of the ratios of CPU time (wait4) of neighbours, with its 95 % interval by bootstrap. The A/A row is the program
against itself. Peers: heaptrack, jemalloc's and tcmalloc's profilers (each over itself without), massif, LeakSanitizer. Peers that are
not installed are left out, and that is said. Results go to bench/out/heap.json, and as a table to standard output.
"""

import argparse
import contextlib
import json
import math
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / "build/bin"
OUT = ROOT / "bench/out"
TRACKER = BIN / "libullage_heap.so"
MIB = 1 << 20
KEEP = {"GLIBC_TUNABLES": "glibc.malloc.trim_threshold=1073741824:glibc.malloc.mmap_threshold=1073741824"}


def library(name: str) -> str | None:
    """Where a shared library is, as the loader finds it."""
    listed = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=False).stdout
    return next((line.rpartition("=> ")[2] for line in listed.splitlines() if line.strip().startswith(name)), None)


def interval(values: list[float]) -> tuple[float, float]:
    """The 95 % interval of the median, by bootstrap."""
    medians = sorted(statistics.median(random.choices(values, k=len(values))) for _ in range(1000))
    return medians[25], medians[974]


class Bench:
    """A scratch folder and the figures so far."""

    def __init__(self, scratch: Path, rounds: int):
        self.scratch, self.rounds = scratch, rounds
        self.rows = []
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("ULLAGE_")}
        self.environment["XDG_STATE_HOME"] = str(scratch / "state")
        (scratch / "profiles").mkdir()

    def row(self, figure: str, value, unit: str, must="", aim="", **more):
        """Notes a figure, and prints it."""
        self.rows.append({"figure": figure, "value": value, "unit": unit, "must": must, "aim": aim, **more})
        print(f"  {figure}: {value} {unit}" + (f"   {more}" if more else ""), flush=True)

    def profiled(self, mode: str, mean: int = 512 << 10, rate: int = 0) -> dict[str, str]:
        """The environment of a program that is profiled, by the library alone."""
        return {"LD_PRELOAD": str(TRACKER), "ULLAGE_HEAP": f"{mode}:{mean}:{rate}:{1 << 30}:{self.scratch / 'profiles'}"}

    def run(self, command: list[str], more: dict[str, str]) -> tuple[float, float, float]:
        """CPU seconds, wall seconds and the greatest resident MiB of a command and what it starts."""
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, env={**self.environment, **more}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.scratch
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - begin
        shutil.rmtree(self.scratch / "profiles")
        (self.scratch / "profiles").mkdir()
        if process.returncode != 0:
            raise RuntimeError(f"{command} ended with {process.returncode}")
        return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024

    def take_turns(self, variants: dict[str, tuple[list[str], dict[str, str]]], rounds: int = 0) -> dict[str, list[tuple]]:
        """Runs each variant once a round, in an order that changes, after one round that does not count."""
        taken = {name: [] for name in variants}
        for number in range((rounds or self.rounds) + 1):
            names = list(variants)
            random.shuffle(names)
            for name in names:
                figures = self.run(*variants[name])
                if number > 0:
                    taken[name].append(figures)
        return taken


def ratio(taken: dict[str, list[tuple]], name: str, base: str, which: int = 0) -> dict:
    """How many times as much as its neighbour in the same round."""
    ratios = [a[which] / b[which] for a, b in zip(taken[name], taken[base], strict=True)]
    low, high = interval(ratios)
    return {"median": round(statistics.median(ratios), 3), "low": round(low, 3), "high": round(high, 3)}


def tell(bench: Bench, figure: str, of: dict, must: str = "", aim: str = ""):
    """A ratio as a row."""
    bench.row(figure, of["median"], "×", must, aim, interval=[of["low"], of["high"]])


def bench_sampled(bench: Bench):
    """The hooks, and sampling, over the program itself; jemalloc's and tcmalloc's sampling over theirs."""
    pairs = [str(BIN / "heap_pairs"), "6000000"]
    variants = {
        "plain": (pairs, {}),
        "A/A": (pairs, {}),
        "hooks loaded, nothing sampled": (pairs, bench.profiled("sampled", 1 << 40)),
        "sampled, fixed mean of 512 KiB": (pairs, bench.profiled("sampled")),
        "sampled, at most 1,000 a second": (pairs, bench.profiled("sampled", rate=1000)),
    }
    if jemalloc := library("libjemalloc.so.2"):
        variants["jemalloc"] = (pairs, {"LD_PRELOAD": jemalloc})
        profile = f"prof:true,lg_prof_sample:19,prof_prefix:{bench.scratch / 'jeprof'}"
        variants["jemalloc's profiler, 512 KiB"] = (pairs, {"LD_PRELOAD": jemalloc, "MALLOC_CONF": profile})
    if tcmalloc := library("libtcmalloc.so.4"):
        variants["tcmalloc"] = (pairs, {"LD_PRELOAD": tcmalloc})
        sampling = {"TCMALLOC_SAMPLE_PARAMETER": str(512 << 10)}
        variants["tcmalloc's sampling, 512 KiB"] = (pairs, {"LD_PRELOAD": tcmalloc, **sampling})
    taken = bench.take_turns(variants)
    limits = {
        "hooks loaded, nothing sampled": ("≤ 1.03", "inside A/A"),
        "sampled, fixed mean of 512 KiB": ("≤ 1.08", "≤ 1.03"),
        "sampled, at most 1,000 a second": ("≤ 1.04", "≤ 1.01"),
    }
    for name in list(variants)[1:]:
        if name in ("jemalloc", "tcmalloc"):
            continue
        base = "jemalloc" if name.startswith("jemalloc") else "tcmalloc" if name.startswith("tcmalloc") else "plain"
        tell(bench, name + ("" if base == "plain" else f", over {base}"), ratio(taken, name, base), *limits.get(name, ()))
    nanoseconds = 1e9 * statistics.median(t[0] for t in taken["plain"]) / 6e6
    bench.row("... one pair, plain", round(nanoseconds, 1), "ns")


def real_programs(bench: Bench) -> dict[str, list[str]]:
    """Programs of the distribution with work of a second or so each."""
    words = bench.scratch / "words"
    generator = random.Random(1)
    words.write_text("\n".join(f"{generator.random():.12f} {generator.randrange(1000)}" for _ in range(1_000_000)))
    python = "import json; d=[{'a': i, 'b': [str(i)] * 5} for i in range(400_000)]; json.loads(json.dumps(d))"
    programs = {
        "sort": ["sort", "-k2n", str(words)],
        "awk": ["awk", "{ n[$2 $1]++ } END { print length(n) }", str(words)],
        "perl": ["perl", "-e", 'my %h; $h{"k$_"} = [1 .. 4] for 1 .. 900000; print scalar keys %h'],
        "python3": [sys.executable, "-c", python],
        "sqlite3 of python3": [
            sys.executable,
            "-c",
            "import sqlite3; d=sqlite3.connect(':memory:'); d.execute('create table t(a,b)');"
            "d.executemany('insert into t values(?,?)', ((i, i * 7919 % 1000) for i in range(40_000)));"
            "print(d.execute('select count(*) from t x join t y on x.b=y.b').fetchone())",
        ],
        "g++": ["g++", "-std=c++20", "-O2", "-c", "-o", "/dev/null", str(ROOT / "bench/heap_pairs.cpp")],
        "xz": ["xz", "-2", "-k", "-f", "-c", str(words)],
        "git": ["git", "-C", str(ROOT), "log", "-p", "--stat", "-C"],
        "node": ["node", "-e", "let a=[]; for (let i=0;i<6e6;i++) a.push({i}); console.log(JSON.stringify(a).length)"],
    }
    return {name: command for name, command in programs.items() if shutil.which(command[0])}


def bench_programs(bench: Bench):
    """Real programs, sampled, wall."""
    worst = ("", {"median": 0})
    for name, command in real_programs(bench).items():
        sampled = bench.profiled("sampled", rate=1000)
        taken = bench.take_turns({"plain": (command, {}), "A/A": (command, {}), "sampled": (command, sampled)})
        of = ratio(taken, "sampled", "plain", 1)
        same, processor = ratio(taken, "A/A", "plain", 1), ratio(taken, "sampled", "plain")
        seconds = round(statistics.median(figures[1] for figures in taken["plain"]), 2)
        bench.row(
            f"sampled, {name} ({seconds} s), wall",
            of["median"],
            "×",
            interval=[of["low"], of["high"]],
            same=same["median"],
            processor=processor["median"],
        )
        if of["median"] > worst[1]["median"]:
            worst = (name, of)
    tell(bench, f"sampled, real programs, wall, worst ({worst[0]})", worst[1], "≤ 1.05", "≤ 1.02")


def compile_with_leak_sanitizer(bench: Bench) -> str | None:
    """The workload with LeakSanitizer in it."""
    program = str(bench.scratch / "pairs_lsan")
    command = [
        "g++",
        "-std=c++20",
        "-O2",
        "-fno-omit-frame-pointer",
        "-fsanitize=leak",
        str(ROOT / "bench/heap_pairs.cpp"),
        "-o",
        program,
    ]
    return program if subprocess.run(command, capture_output=True, check=False).returncode == 0 else None


def bench_exact(bench: Bench):
    """Every allocation recorded: one thread, two, and code without frame pointers beside heaptrack."""
    for threads in (1, 2):
        pairs = [str(BIN / "heap_pairs"), "2000000", str(threads)]
        variants = {"plain": (pairs, {}), "exact": (pairs, bench.profiled("exact"))}
        if threads == 1 and (sanitized := compile_with_leak_sanitizer(bench)):
            variants["LeakSanitizer"] = ([sanitized, *pairs[1:]], {"LSAN_OPTIONS": "detect_leaks=1"})
        taken = bench.take_turns(variants)
        tell(
            bench,
            f"exact, frame pointers, {threads} thread{'s' if threads > 1 else ''}",
            ratio(taken, "exact", "plain"),
            "≤ 3.5",
            "≤ 2.0",
        )
        if "LeakSanitizer" in variants:
            tell(bench, "LeakSanitizer, 1 thread", ratio(taken, "LeakSanitizer", "plain"))
    pairs = [str(BIN / "heap_pairs_bare"), "400000"]
    variants = {"plain": (pairs, {}), "exact": (pairs, bench.profiled("exact"))}
    if heaptrack := shutil.which("heaptrack"):
        variants["heaptrack"] = ([heaptrack, "--raw", "-o", str(bench.scratch / "ht"), *pairs], {})
    if valgrind := shutil.which("valgrind"):
        massif = [valgrind, "--tool=massif", f"--massif-out-file={bench.scratch / 'massif'}"]
        variants["massif"] = ([*massif, *pairs], {})
    if tcmalloc := library("libtcmalloc.so.4"):
        variants["gperftools' HEAPPROFILE"] = (pairs, {"LD_PRELOAD": tcmalloc, "HEAPPROFILE": str(bench.scratch / "hp")})
    taken = bench.take_turns(variants, 5)
    tell(bench, "exact, without frame pointers", ratio(taken, "exact", "plain"))
    for name in list(variants)[2:]:
        tell(bench, f"{name}, without frame pointers", ratio(taken, name, "plain"))
    if heaptrack:
        added = [
            (e[0] - p[0]) / (h[0] - p[0]) for e, h, p in zip(taken["exact"], taken["heaptrack"], taken["plain"], strict=True)
        ]
        bench.row(
            "exact, without frame pointers, added time of heaptrack's", round(statistics.median(added), 3), "×", "≤ 0.6", "≤ 0.3"
        )


def bench_memory(bench: Bench):
    """What is added to the program's resident memory, a million blocks living."""
    pairs = [str(BIN / "heap_pairs"), "3000000", "1", "1000000"]
    taken = bench.take_turns(
        {
            "plain": (pairs, {}),
            "sampled": (pairs, bench.profiled("sampled", rate=1000)),
            "exact": (pairs, bench.profiled("exact")),
        },
        3,
    )
    for name, must, aim in (("sampled", "≤ 14", "≤ 4"), ("exact", "≤ 72", "≤ 32")):
        added = statistics.median(a[2] - b[2] for a, b in zip(taken[name], taken["plain"], strict=True))
        bench.row(f"memory added, {name}, 1 M live blocks", round(added, 1), "MiB", must, aim)


def bench_reading(bench: Bench):
    """A profile of ten million events: its size, and the way to the first report, which has to fold it."""
    ullage = [str(BIN / "ullage")]
    state = bench.scratch / "reading"
    command = [*ullage, "run", "-q", "--state", state, "--heap=exact", "--", BIN / "heap_pairs", "5000000"]
    with (bench.scratch / "out").open("wb") as nowhere:
        run = subprocess.Popen(command, env=bench.environment, stdout=nowhere)
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    while not (pids := children.read_text().split()) or not all(
        any(state.glob(f"runs/{one}")) for one in ("*.heap/*", "*.ullage")
    ):
        time.sleep(0.01)
    run.kill()  # so that nobody folds the profile at the end
    run.wait()
    while Path(f"/proc/{pids[0]}").exists():
        time.sleep(0.05)
    folder = next(state.glob("runs/*.heap"))
    size = sum(file.lstat().st_blocks * 512 for file in folder.iterdir())  # one links to ullage itself
    bench.row("file of 10 M events, while it is written", round(size / MIB, 1), "MiB", "≤ 24", "≤ 6")
    # The greatest resident size of a process of ours begins with ours: time's child has none to begin with.
    told = bench.scratch / "resident_kib"
    measured = ["/usr/bin/time", "-f", "%M", "-o", str(told), *ullage]
    _, wall, _ = bench.run([*measured, "heap", "top", "@1", "--state", str(state)], {})
    if any(state.glob("runs/*.heap")):
        raise RuntimeError("the profile was not folded")
    bench.row("time to first report", round(wall, 2), "s", "≤ 5", "≤ 1")
    bench.row("memory of the reader", round(int(told.read_text()) / 1024, 1), "MiB", "≤ 300", "≤ 100")
    size = next(state.glob("runs/*.ullage")).stat().st_size
    bench.row("... folded into the run's file, the whole of it", round(size / MIB, 2), "MiB")
    _, wall, _ = bench.run([*ullage, "heap", "top", "@1", "--state", str(state)], {})
    bench.row("... and the time to the next report", round(wall, 2), "s")


COURSES = {"plateau": "10K", "random": "10K", "mixed": "64K", "saw": "10K", "waves": "10K"}  # each with its mean


def at_peak(bench: Bench, state: Path, how: str, mean: str, command: list) -> tuple[float, float, float]:
    """Bytes alive at the peak of a run, and their interval."""
    options = ["-q", "--state", state, f"--heap={how}", "--heap-interval", mean]
    subprocess.run([BIN / "ullage", "run", *options, "--", *command], env=bench.environment, check=True)
    told = subprocess.run(
        [BIN / "ullage", "heap", "top", "@1", "--json", "--at", "peak", "--state", state],
        env=bench.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    total = json.loads(told.stdout)["all"]
    return total["bytes"], total["interval"][0], total["interval"][1]


def bench_truth(bench: Bench, seeds: int):
    """The sampled peak against the exact one, of programs whose memory takes several courses."""
    inside = {}
    for course, mean in COURSES.items():
        command = [BIN / "heap_courses", course]
        state = bench.scratch / course
        exact, _, _ = at_peak(bench, state, "exact", mean, command)
        intervals = [at_peak(bench, state, "sampled", mean, command)[1:] for _ in range(seeds // len(COURSES))]
        shutil.rmtree(state)
        inside[course] = sum(low <= exact <= high for low, high in intervals)
        print(f"    {course}: {inside[course]} of {len(intervals)} inside", flush=True)
    seeds = seeds // len(COURSES) * len(COURSES)
    share = sum(inside.values()) / seeds
    bench.row(
        f"sampled peak: exact within its 95 % interval, of {seeds}",
        round(100 * share, 1),
        "%",
        "90–98",
        "",
        spread=100 * math.sqrt(share * (1 - share) / seeds),
    )


def bench_kill(bench: Bench, times: int = 20):
    """What a kill -9 leaves: of a program that says how much it holds, how much the profile has."""
    script = "import sys,time\nx=[]\nwhile True:\n x.append(bytearray(5000)); print(len(x), flush=True); time.sleep(0.0005)"
    lost = []
    for _ in range(times):
        state = bench.scratch / "kill"
        command = [
            BIN / "ullage",
            "run",
            "-q",
            "--state",
            state,
            "--heap=exact",
            "--",
            os.path.realpath(sys.executable),
            "-c",
            script,
        ]
        process = subprocess.Popen(command, env=bench.environment, stdout=subprocess.PIPE, text=True)
        end = time.monotonic() + random.uniform(0.3, 1.0)
        said = 0
        for line in process.stdout:
            said = int(line)
            if time.monotonic() > end:
                break
        with contextlib.suppress(ProcessLookupError):
            for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
        said = max([said, *[int(line) for line in process.stdout if line.strip().isdigit()]])
        process.wait()
        told = subprocess.run(
            [BIN / "ullage", "heap", "top", "@1", "--json", "--state", state],
            env=bench.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        largest = max(row["count"] for row in json.loads(told.stdout)["rows"])
        lost.append(max(0.0, said - largest) * 0.5)
        shutil.rmtree(state)
    bench.row(f"after kill -9, {times} times: lost at most", round(max(lost), 1), "ms", "≤ 10", "")


PARTS = ("sampled", "programs", "exact", "memory", "reading", "kill", "truth")


def main() -> int:
    """Runs the parts asked for and writes what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seeds", type=int, default=200)
    asked = parser.parse_args()
    os.environ.update(KEEP)
    with tempfile.TemporaryDirectory(prefix="ullage-bench-") as folder:
        bench = Bench(Path(folder), asked.rounds)
        for part in asked.parts or PARTS:
            print(f"{part}:", flush=True)
            {
                "sampled": bench_sampled,
                "programs": bench_programs,
                "exact": bench_exact,
                "memory": bench_memory,
                "reading": bench_reading,
                "kill": bench_kill,
                "truth": lambda b: bench_truth(b, asked.seeds),
            }[part](bench)
    OUT.mkdir(exist_ok=True)
    (OUT / "heap.json").write_text(json.dumps(bench.rows, indent=1))
    print("\n| figure | measured | must | aim |\n|---|---|---|---|")
    for row in bench.rows:
        between = f" ({row['interval'][0]} – {row['interval'][1]})" if "interval" in row else ""
        print(f"| {row['figure']} | {row['value']} {row['unit']}{between} | {row['must']} | {row['aim']} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
