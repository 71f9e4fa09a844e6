# SPDX-License-Identifier: Apache-2.0
"""A dozen questions about half an hour of a machine's own life, answered by `ullage query` and, beside it, by hand from the raw samples."""

import csv
import functools
import itertools
import json
import math
import random
import statistics
import subprocess
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import pytest

RECORDINGS = Path(__file__).resolve().parents[2] / "bench/recordings"


@functools.cache
def raw_samples(binary: str, file: Path) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """All of a file, by the name and labels of its series."""
    samples = defaultdict(list)
    text = subprocess.run([binary, "runs", "export", file, "--format", "csv"], capture_output=True, text=True, check=True).stdout
    for moment, metric, labels, value in list(csv.reader(text.splitlines()))[1:]:
        samples[metric, labels].append((datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp(), float(value)))
    return dict(samples)


class Recording:
    """A run's file: asked in PromQL, and its raw samples by series."""

    def __init__(self, ullage, name: str):
        self.ullage = ullage
        self.file = RECORDINGS / f"{name}.ullage"
        self.samples = raw_samples(ullage.binary, self.file)
        self.end = max(samples[-1][0] for samples in self.samples.values())

    def of(self, metric: str) -> dict[str, list[float]]:
        """Values of each series of a metric, by its labels."""
        return {labels: [value for _, value in samples] for (name, labels), samples in self.samples.items() if name == metric}

    def one(self, metric: str) -> list[float]:
        """Of a metric that has one series."""
        (values,) = self.of(metric).values()
        return values

    def ask(self, query: str, at: float | None = None) -> list[tuple[dict, float]]:
        """The vector of an instant query, at the end unless told otherwise."""
        done = self.ullage("query", query, "--from", self.file, "--json", "--at", f"{self.end if at is None else at:.3f}")
        assert done.code == 0, done.err
        return [(one["metric"], float(one["value"][1])) for one in json.loads(done.out)["data"]["result"]]

    def number(self, query: str) -> float:
        """Of a query whose answer is one series."""
        ((_, value),) = self.ask(query)
        return value


@pytest.fixture(params=["idle", "busy"])
def recording(request, ullage) -> Recording:
    """An idle and a busy half hour."""
    return Recording(ullage, request.param)


def test_the_most_and_the_least_memory(recording):
    assert recording.number("max_over_time(ullage_run_used_bytes[2h])") == max(recording.one("ullage_run_used_bytes"))
    assert recording.number("min_over_time(node_memory_MemAvailable_bytes[2h])") == min(
        recording.one("node_memory_MemAvailable_bytes")
    )


def test_when_memory_was_at_its_peak(recording):
    samples = recording.samples["ullage_run_used_bytes", ""]
    peak = max(value for _, value in samples)
    last = max(moment for moment, value in samples if value == peak)
    assert recording.number("ts_of_max_over_time(ullage_run_used_bytes[2h])") == pytest.approx(last, abs=1e-3)


def test_the_load_on_average_and_at_its_ninth_decile(recording):
    loads = recording.one("node_load1")
    assert recording.number("avg_over_time(node_load1[2h])") == pytest.approx(statistics.fmean(loads), rel=1e-12)
    place = 0.9 * (len(loads) - 1)
    ordered, below = sorted(loads), math.floor(place)
    decile = ordered[below] + (ordered[min(below + 1, len(loads) - 1)] - ordered[below]) * (place - below)
    assert recording.number("quantile_over_time(0.9, node_load1[2h])") == pytest.approx(decile, rel=1e-12)


def test_how_often_it_was_looked_at(recording):
    assert recording.number("count_over_time(node_load1[2h])") == len(recording.one("node_load1"))


def test_how_many_processes_there_were(recording):
    assert recording.number("max_over_time(ullage_run_processes[2h])") == max(recording.one("ullage_run_processes"))
    assert recording.number("count(last_over_time(ullage_process_resident_bytes[2h]))") == len(
        recording.of("ullage_process_resident_bytes")
    )


def test_the_largest_process(recording):
    peaks = {labels: max(values) for labels, values in recording.of("ullage_process_resident_bytes").items()}
    ((metric, value),) = recording.ask("topk(1, max_over_time(ullage_process_resident_bytes[2h]))")
    assert value == max(peaks.values())
    assert any(f'pid="{metric["pid"]}"' in labels and peak == value for labels, peak in peaks.items())


def test_the_command_that_took_most_processor_time(recording):
    by_name: dict[str, float] = defaultdict(float)
    for labels, values in recording.of("ullage_process_cpu_seconds_total").items():
        by_name[labels.split('name="')[1].split('"')[0]] += max(values)
    ((metric, value),) = recording.ask("topk(1, sum by (name) (max_over_time(ullage_process_cpu_seconds_total[2h])))")
    assert value == pytest.approx(max(by_name.values()), rel=1e-9)
    assert value == pytest.approx(by_name[metric["name"]], rel=1e-9)


def test_the_processor_time_of_all(recording):
    last = sum(values[-1] for values in recording.of("ullage_run_cpu_seconds_total").values())
    assert recording.number("sum(last_over_time(ullage_run_cpu_seconds_total[2h]))") == pytest.approx(last, rel=1e-12)


def test_how_much_memory_moved(recording):
    used = recording.one("ullage_run_used_bytes")
    moved = sum(a != b for a, b in itertools.pairwise(used))
    assert recording.number("changes(ullage_run_used_bytes[2h])") == moved
    assert recording.number("stddev_over_time(ullage_run_used_bytes[2h])") == pytest.approx(statistics.pstdev(used), rel=1e-9)


def test_how_much_processor_time_went_in_the_last_ten_minutes(recording):
    samples = recording.samples["node_cpu_seconds_total", 'mode="user"']
    inside = [(moment, value) for moment, value in samples if recording.end - 600 < moment <= recording.end]
    span = inside[-1][0] - inside[0][0]
    missed = 600 - span  # at both ends, less than a tick: Prometheus extrapolates over it
    expected = (inside[-1][1] - inside[0][1]) * (span + missed) / span
    assert recording.number('increase(node_cpu_seconds_total{mode="user"}[10m])') == pytest.approx(expected, rel=1e-6)


def test_any_moment_has_the_newest_sample_before_it(recording):
    samples = recording.samples["ullage_run_used_bytes", ""]
    moments = random.Random(1)
    for _ in range(10):
        at = round(moments.uniform(samples[0][0], samples[-1][0]), 3)
        newest = max((moment, value) for moment, value in samples if moment <= at + 1e-4)[1]
        ((_, value),) = recording.ask("ullage_run_used_bytes", at)
        assert value == newest


def test_what_was_alive_in_the_middle(recording):
    middle = round(recording.end - 900, 3)
    lives = {labels: samples for (name, labels), samples in recording.samples.items() if name == "ullage_process_threads"}
    asked = {f'name="{metric["name"]}",pid="{metric["pid"]}"' for metric, _ in recording.ask("ullage_process_threads", middle)}
    assert asked >= {labels for labels, samples in lives.items() if samples[0][0] <= middle <= samples[-1][0]}
    # A process that is not seen for three ticks has ended.
    assert asked <= {labels for labels, samples in lives.items() if samples[0][0] <= middle <= samples[-1][0] + 4}
