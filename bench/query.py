#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast PromQL is answered, beside Prometheus's own engine in the same run: `./dev bench query`.

Both hold the same data, made value for value: Prometheus in the head of its own storage, in memory; Ullage in a
history's folder whose reader stays open (as a daemon has it), in one opened for each question (as the command line has
it), and in plain arrays. They take turns in an order that changes; what is quoted is the median of the ratios of
neighbours, Prometheus's time over ours, with its 95 % interval by bootstrap. The answers are compared, too. The first
round does not count: all are warm. Results go to bench/out/query.json, and as a table to standard output.
"""

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from run import interval

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "bench/out"
sys.path.insert(0, str(ROOT / "tests/differential"))
from peer_programs import Unavailable, build  # noqa: E402

START_MS, MINUTE_MS = 1_700_006_400_000, 60_000
DAY, HOUR, MOMENT = (START_MS, START_MS + 1440 * MINUTE_MS, MINUTE_MS), (START_MS, START_MS + 60 * MINUTE_MS, MINUTE_MS), None
# Of each data set: what it is, and what is asked over it. A moment is the last sample's.
DATA = {
    "rates": (
        "1,000 series × 24 h at 15 s, step 60 s",
        [
            (DAY, "rate(x_total[5m])"),
            (DAY, "sum by (job) (rate(x_total[5m]))"),
            (DAY, "quantile by (job) (0.9, rate(x_total[5m]))"),
            (DAY, "topk(5, rate(x_total[5m]))"),
        ],
    ),
    "many": (
        "100,000 series, an instant",
        [
            (MOMENT, 'up{instance=~"host-1.*"}'),
            (MOMENT, 'up{instance=~"host-.*7"}'),
            (MOMENT, 'up{instance=~"host-99999"}'),
            (MOMENT, 'up{instance="host-99999"}'),
            (MOMENT, 'up{job=~"job-[1-3]",zone!="zone-1"}'),
        ],
    ),
    "histograms": (
        "1,000 histograms × 20 buckets × 1 h at 15 s, step 60 s",
        [
            (HOUR, "histogram_quantile(0.9, h_bucket)"),
            (HOUR, "histogram_quantile(0.9, rate(h_bucket[5m]))"),
            (MOMENT, "histogram_quantile(0.9, h_bucket)"),
        ],
    ),
}
LAST_MS = {"many": START_MS + 19 * 15_000, "histograms": HOUR[1]}
OURS = {"history": "history, open", "opened": "history, opened anew", "memory": "arrays"}


@dataclass
class Answer:
    """How long it took, and enough of what it was to tell whether two are the same."""

    seconds: float
    series: int
    points: int
    total: float

    def is_same(self, other: "Answer") -> bool:
        """As far as sums of floats can be."""
        return (self.series, self.points) == (other.series, other.points) and math.isclose(self.total, other.total, rel_tol=1e-9)


class Program:
    """One of those that are compared, with its data."""

    def __init__(self, command: list, stack: ExitStack):
        self.process = stack.enter_context(
            subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        )
        stack.callback(self.process.stdin.close)

    def wait_until_ready(self):
        """Its data are made."""
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{self.process.args} did not get ready")

    def ask(self, line: str) -> Answer:
        """One question."""
        self.process.stdin.write(line + "\n")
        nanoseconds, series, points, total = self.process.stdout.readline().split()
        return Answer(int(nanoseconds) / 1e9, int(series), int(points), float(total))


def take_turns(programs: dict[str, Program], line: str, rounds: int) -> dict[str, list[float]]:
    """Times of each program, a round after the other; the first is only to warm up, and to compare what is said."""
    times = {name: [] for name in programs}
    for round_number in range(rounds + 1):
        names = list(programs)
        random.shuffle(names)
        answers = {name: programs[name].ask(line) for name in names}
        for name, answer in answers.items():
            if not answer.is_same(answers["prometheus"]):
                raise RuntimeError(f"{line}: {name} says {answer}, prometheus {answers['prometheus']}")
            if round_number > 0:
                times[name].append(answer.seconds)
    return times


def measure(data: str, rounds: int) -> list[dict]:
    """The rows of one data set."""
    what, questions = DATA[data]
    rows = []
    with ExitStack() as stack:
        programs = {"prometheus": Program([build("timings"), data], stack)}
        programs |= {kind: Program([ROOT / "build/bin/query_bench", data, kind], stack) for kind in OURS}
        for program in programs.values():
            program.wait_until_ready()
        for when, query in questions:
            start, end, step = when or (LAST_MS[data], LAST_MS[data], 0)
            times = take_turns(programs, f"{start} {end} {step} {query}", rounds)
            rows.append(row(f"`{query}`", f"{what if when else what.partition(' × 1 h')[0]}", times))
    return rows


def row(query: str, what: str, times: dict[str, list[float]]) -> dict:
    """The figures of a question."""
    figures = {"query": query, "data": what, "prometheus_ms": round(statistics.median(times["prometheus"]) * 1000, 3)}
    for kind in OURS:
        ratios = [theirs / own for theirs, own in zip(times["prometheus"], times[kind], strict=True)]
        low, high = interval(ratios)
        figures[kind] = {
            "ms": round(statistics.median(times[kind]) * 1000, 3),
            "times_faster": round(statistics.median(ratios), 2),
            "interval": [round(low, 2), round(high, 2)],
        }
    print("  " + line_of(figures), flush=True)
    return figures


def line_of(figures: dict) -> str:
    """A row of the table, as docs/benchmarks.md has it."""
    cells = [figures["query"].replace("|", "\\|"), figures["data"], f"{figures['prometheus_ms']:.4g} ms"]
    for kind in OURS:
        own = figures[kind]
        low, high = own["interval"]
        cells.append(f"{own['ms']:.4g} ms, {own['times_faster']:.3g} × ({low:.3g} – {high:.3g})")
    return f"| {' | '.join(cells)} |"


def print_table(rows: list[dict]):
    """All of them."""
    heads = ["query", "over", "Prometheus, head", *(f"Ullage, {name}" for name in OURS.values())]
    print(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for figures in rows:
        print(line_of(figures))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="*", metavar="DATA", help=f"{', '.join(DATA)}; all of them by default")
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    if unknown := set(asked.data) - set(DATA):
        parser.error(f"no data '{unknown.pop()}': {', '.join(DATA)}")
    random.seed(1)
    rows = []
    try:
        for data in asked.data or DATA:
            print(f"{data}:", flush=True)
            rows += measure(data, asked.rounds)
    except Unavailable as why:
        print(f"query: skipped: {why}")
        return 0
    OUT.mkdir(exist_ok=True)
    (OUT / "query.json").write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    print_table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
