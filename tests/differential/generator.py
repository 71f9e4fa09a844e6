# SPDX-License-Identifier: Apache-2.0
"""Makes up series and PromQL queries over them, the same ones for the same seed.

What Prometheus leaves open is not asked for: which of equal values topk takes and where sort puts them (they get
`unique`, whose values all differ, or are counted), and which series limitk takes first (they are counted). Values are
multiples of 1/4 where they are summed up, so that a sum is the same in any order; what makes much of a last digit (the sine
of a huge number, a power in a message) is not asked, either.
"""

import random
from collections.abc import Iterator

SAMPLES = 40
JOBS, INSTANCES = ("x", "y", "z"), ("1", "2", "3")
BOUNDS = ("0.1", "0.5", "1", "2.5", "+Inf")
METRICS = ("counter_total", "gauge", "level", "wide", "unique", "one")
RANGE_FUNCTIONS = (
    "rate", "increase", "delta", "irate", "idelta", "resets", "changes", "deriv", "count_over_time", "present_over_time",
    "absent_over_time", "first_over_time", "last_over_time", "sum_over_time", "avg_over_time", "min_over_time",
    "max_over_time", "stddev_over_time", "stdvar_over_time", "mad_over_time", "ts_of_first_over_time",
    "ts_of_last_over_time", "ts_of_min_over_time", "ts_of_max_over_time",
)  # fmt: skip
VECTOR_FUNCTIONS = (
    "abs", "absent", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg", "exp", "floor",
    "ln", "log10", "log2", "rad", "sgn", "sin", "sinh", "sqrt", "tan", "tanh", "timestamp", "round", "day_of_month",
    "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year",
)  # fmt: skip
# Whose last digit is the library's, not the standard's.
INEXACT = {
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp", "ln", "log10", "log2", "sin", "sinh", "tan", "tanh", "^", "atan2",
}  # fmt: skip
ARITHMETIC, COMPARISONS = ("+", "-", "*", "/", "%", "^", "atan2"), ("==", "!=", "<", ">", "<=", ">=")
MATCHING = ("", "", " on (job)", " ignoring (inst)", " on (job, inst)", " on ()", " ignoring (nope)")
MATCHING_MANY = (
    " on (job) group_left ()", " on (job) group_left (zone)", " ignoring (inst) group_left (nope)", " on (job, inst) group_left ()",
    " on (job) group_right ()", " on (job) group_right (zone)", " ignoring (inst) group_right ()", " on (inst) group_left (job)",
)  # fmt: skip
GROUPINGS = (
    "", "", " by (job)", " by (inst)", " by (job, inst)", " by (nope)", " by (__name__)", " by (__name__, job)", " by ()",
    " without (inst)", " without (job)", " without ()", " without (job, inst)",
)  # fmt: skip


class Generator:
    """Data and queries out of one seed."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.is_instant = False
        self.interval_ms = 0
        self.depth = 0

    def rounds(self, queries: int, queries_a_round: int = 60) -> Iterator[tuple[dict, list[dict]]]:
        """Data, and what to ask over it, until there were enough queries."""
        for _ in range(0, queries, queries_a_round):
            yield self.data(), [self.question() for _ in range(queries_a_round)]

    def one_of(self, *choices: str) -> str:
        """Any of them."""
        return self.random.choice(choices)

    # Data.

    def data(self) -> dict:
        """Series with a value an interval: several jobs and instances, some of them missing."""
        self.interval_ms = self.random.choice((15_000, 30_000, 47_000, 60_000))
        fresh = [n / 4 for n in self.random.sample(range(-4000, 4000), 3000)]
        series = []
        for job in JOBS:
            for inst in INSTANCES:
                for metric in METRICS[:-1]:
                    if self.random.random() < 0.75:
                        labels = {"__name__": metric, "job": job, "inst": inst}
                        series.append({"labels": labels, "values": self.values(metric, fresh)})
            if self.random.random() < 0.9:
                labels = {"__name__": "one", "job": job, "zone": self.one_of("north", "süd", 'a "b"\\c')}
                series.append({"labels": labels, "values": self.values("gauge", fresh)})
            series += self.histogram({"job": job})
        series.append({"labels": {"__name__": "dotted.näme", "lab.el": "1"}, "values": self.values("gauge", fresh)})
        series.append({"labels": {"__name__": "dotted.näme", "lab.el": "2"}, "values": self.values("counter_total", fresh)})
        return {"interval_ms": self.interval_ms, "series": series}

    def values(self, metric: str, fresh: list[float]) -> list[str]:
        """With gaps and staleness markers; by metric also resets, NaN and infinities."""
        texts, value, rate = [], float(self.random.randrange(50)), self.random.randrange(1, 30)
        for _ in range(SAMPLES):
            chance = self.random.random()
            if metric == "counter_total":
                value = float(self.random.randrange(3)) if self.random.random() < 0.07 else value + self.random.randrange(rate)
            elif metric == "gauge":
                value += self.random.randrange(-12, 13) / 4
            elif metric == "level":
                value = float(self.random.randrange(4))
            elif metric == "wide":
                value = self.random.gauss(0, 1) * 10.0 ** self.random.randrange(-4, 8)
            else:
                value = fresh.pop()
            special = metric in ("gauge", "level", "wide")
            texts.append(
                "_" if chance < 0.08
                else "stale" if chance < 0.11
                else "NaN" if chance < 0.125 and special
                else self.one_of("Inf", "-Inf") if chance < 0.135 and metric == "wide"
                else "-0" if chance < 0.14 and metric == "level"
                else repr(value)
            )  # fmt: skip
        return texts

    def histogram(self, labels: dict[str, str]) -> list[dict]:
        """A classic one: counts that grow, at times a bucket missing or not monotonic."""
        kept = [bound for bound in BOUNDS if self.random.random() < 0.95]
        counts, columns = dict.fromkeys(BOUNDS, 0), {bound: [] for bound in kept}
        for _ in range(SAMPLES):
            if self.random.random() < 0.03:
                counts = dict.fromkeys(BOUNDS, 0)
            added = 0
            for bound in BOUNDS:
                added += self.random.randrange(5)
                counts[bound] += added
            for bound in kept:
                odd = self.random.random()
                value = counts[bound] + (self.random.randrange(5) if odd < 0.03 else 0)
                columns[bound].append("_" if odd > 0.98 else str(value))
        return [
            {"labels": {"__name__": "latency_bucket", **labels, "le": bound}, "values": column}
            for bound, column in columns.items()
        ]

    # Queries.

    def question(self) -> dict:
        """An instant or a range, at times that hit samples and at others that do not."""
        self.is_instant = self.random.random() < 0.3
        is_ordered = self.is_instant and self.random.random() < 0.1
        self.depth = depth = self.random.choice((1, 2, 2, 3, 3, 4))
        query = self.ordered() if is_ordered else self.scalar(depth) if self.random.random() < 0.03 else self.vector(depth)
        span_ms = SAMPLES * self.interval_ms
        start = self.random.randrange(-1, SAMPLES) * self.interval_ms
        start += self.random.choice((0, 0, 1, -1, self.random.randrange(self.interval_ms)))
        start = max(start, 0)
        step = self.random.choice((self.interval_ms, self.interval_ms // 2, 60_000, self.random.randrange(1_000, 200_000)))
        end = start + self.random.choice((0, step * 7, self.random.randrange(span_ms)))
        if self.is_instant:
            return {"query": query, "start_ms": start, "end_ms": start, "step_ms": 0, "is_ordered": is_ordered}
        return {"query": query, "start_ms": start, "end_ms": end, "step_ms": step, "is_ordered": False}

    def ordered(self) -> str:
        """A query whose answer has an order."""
        source = "unique" + self.one_of("", '{job="x"}', " * 2", ' or on (job, inst) unique{job="y"}')
        by_label = self.one_of("sort_by_label", "sort_by_label_desc")
        return self.one_of(
            f"sort({source})",
            f"sort_desc({source})",
            f"topk({self.random.randrange(1, 6)}, {source})",
            f"bottomk({self.random.randrange(1, 6)}, {source})",
            f'{by_label}({self.one_of("gauge", "level", "counter_total")}, "{self.one_of("job", "inst")}")',
            f'{by_label}(one, "zone", "job")',
        )

    def number(self) -> str:
        """As literals are written."""
        return self.one_of("0", "1", "2", "0.5", "-1", "3", "10", "NaN", "Inf", "-Inf", "1e3", "-0.25", "0x1F", "5m", "1_000")

    def duration(self) -> str:
        """Of a range; some are exactly what the samples lie apart."""
        return self.one_of("1s", "15s", "30s", "47s", "1m", "90s", "2m", "5m", "10m", "1h", f"{self.interval_ms}ms", "1m30s")

    def shift(self) -> str:
        """Offset and @, in both orders, or neither."""
        edge = "300" if self.is_instant else self.one_of("start()", "end()")
        offset = " offset " + self.one_of("1m", "30s", "-1m", "7m", "-47s", f"{self.interval_ms}ms")
        pin = " @ " + self.one_of("300", "600.5", "0", edge, edge)
        return self.random.choice(("", "", "", "", "", "", "", "", offset, offset, pin, pin, offset + pin, pin + offset))

    def matchers(self) -> str:
        """All kinds, of labels that are there and that are not."""
        return self.one_of(
            "", "", "", "", '{job="x"}', '{job!="x"}', '{job=~"x|y"}', '{inst="1"}', '{job!~"y.*", inst="2"}', '{inst=~"[12]"}',
            '{nope=""}', '{nope!=""}', '{job=~".+", inst!~"3|"}', '{zone=~"s.d|north"}', "{inst=~'2|3', job='z'}",
        )  # fmt: skip

    def name(self) -> str:
        """Selects a metric, or some."""
        if self.random.random() < 0.07:
            return self.one_of('{__name__=~"gauge|level"}', '{__name__=~"counter.*", job="x"}', '{"dotted.näme"}', '{job="x", inst="1"}',
                               '{"dotted.näme", "lab.el"="1"}')  # fmt: skip
        return self.one_of(*METRICS, "gauge", "counter_total", "level") + self.matchers()

    def selector(self) -> str:
        """An instant one."""
        return self.name() + self.shift()

    def matrix(self, depth: int) -> str:
        """A range selector or a subquery."""
        if depth > 1 and self.random.random() < 0.3:
            step = self.one_of("", "30s", "1m", "17s", "2m")
            inner = self.closed(depth - 1)
            # Prometheus moves @ by the offset of a subquery around it whose first step is the query's.
            shift = "" if " @ " in inner else self.shift()
            return f"{inner}[{self.duration()}:{step}]{shift}"
        return f"{self.name()}[{self.duration()}]{self.shift()}"

    def closed(self, depth: int) -> str:
        """A vector that may stand before a suffix."""
        return f"({self.vector(depth)})" if depth > 1 else self.name()

    def scalar(self, depth: int) -> str:
        """A number, by one of many ways."""
        kind = self.random.randrange(9)
        if kind == 0 and depth > 0:
            return f"scalar({self.vector(depth - 1)})"
        if kind == 1:
            return self.one_of("time()", "pi()", "min_of(1, 2)", "max_of(time(), 300)", "start()", "end()", "step()", "range()")
        if kind == 2:
            return f"({self.number()} {self.one_of('+', '-', '*', '/', '%', '== bool', '> bool')} {self.number()})"
        if kind == 3:
            return f"(-{self.number().lstrip('-')})"
        return self.number()

    def vector(self, depth: int) -> str:
        """Any expression that gives one."""
        if depth <= 0:
            return self.selector()
        makers = (
            (5, self.over_range), (1, self.over_range_with_numbers), (3, self.of_vector), (2, self.of_vector_with_numbers),
            (2, self.of_labels), (5, self.aggregation), (3, self.aggregation_with_argument), (3, self.with_scalar),
            (6, self.with_vector), (3, self.as_set), (3, self.of_histogram), (1, self.other),
        )  # fmt: skip
        return self.random.choices([maker for _, maker in makers], [weight for weight, _ in makers])[0](depth)

    def over_range(self, depth: int) -> str:
        """A function of a range."""
        return f"{self.one_of(*RANGE_FUNCTIONS, 'rate', 'increase', 'rate')}({self.matrix(depth)})"

    def over_range_with_numbers(self, depth: int) -> str:
        """One that takes numbers, too."""
        return self.one_of(
            f"quantile_over_time({self.one_of('0', '0.25', '0.5', '0.9', '1', '-1', '2', 'NaN', self.scalar(0))}, {self.matrix(depth)})",
            f"predict_linear({self.matrix(depth)}, {self.one_of('60', '600', '-100', self.scalar(0))})",
            f"double_exponential_smoothing({self.matrix(depth)}, {self.one_of('0.5', '0.1')}, {self.one_of('0.3', '0.9')})",
        )

    def of_vector(self, depth: int) -> str:
        """A function of each value."""
        function, inner = self.one_of(*VECTOR_FUNCTIONS), self.vector(depth - 1)
        is_wild = function in ("sin", "cos", "tan", "sinh", "cosh")
        called = f"{function}(clamp({inner}, -100, 100))" if is_wild else f"{function}({inner})"
        return self.rounded(called, depth) if function in INEXACT else called

    def rounded(self, inexact: str, depth: int) -> str:
        """What may differ in its last digit, fit to be counted with: as it is only when nothing is made of it."""
        return inexact if depth == self.depth else f"round(clamp({inexact}, -1000, 1000), 0.0009765625)"

    def of_vector_with_numbers(self, depth: int) -> str:
        """One that takes numbers, too."""
        inner = self.vector(depth - 1)
        return self.one_of(
            f"clamp({inner}, {self.scalar(0)}, {self.scalar(0)})",
            f"clamp_min({inner}, {self.scalar(depth)})",
            f"clamp_max({inner}, {self.scalar(depth)})",
            f"round({inner}, {self.one_of('0.1', '5', '0.25', '-3', self.scalar(0))})",
        )

    def of_labels(self, depth: int) -> str:
        """A function that changes them."""
        inner = self.vector(depth - 1)
        target, source = self.one_of("new", "job", "inst", "__name__"), self.one_of("job", "inst", "__name__", "nope")
        value, pattern = self.one_of("p-$1", "k", "", "${1}_x", "$2"), self.one_of("(.*)", "x", "(x|y)", "(.)(.*)")
        return self.one_of(
            f'label_replace({inner}, "{target}", "{value}", "{source}", "{pattern}")',
            f'label_join({inner}, "{target}", "{self.one_of("-", "")}", "job", "{source}")',
        )

    def aggregation(self, depth: int) -> str:
        """One without an argument, its grouping before or after."""
        name, grouping = (
            self.one_of("sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "sum", "avg"),
            self.one_of(*GROUPINGS),
        )
        inner = self.vector(depth - 1)
        return self.one_of(f"{name}{grouping} ({inner})", f"{name}({inner}){grouping}")

    def aggregation_with_argument(self, depth: int) -> str:
        """One with, and what chooses among equals only counted."""
        inner, grouping = self.vector(depth - 1), self.one_of(*GROUPINGS)
        k = self.one_of("0", "1", "2", "3", "100", "scalar(one)", "-1")
        return self.one_of(
            f"quantile{grouping} ({self.one_of('0', '0.25', '0.5', '0.9', '1', '1.5', '-2', self.scalar(0))}, {inner})",
            f'count_values{grouping} ("{self.one_of("v", "job")}", {self.selector()})',
            f"limit_ratio{grouping} ({self.one_of('0.5', '-0.5', '0.3', '1', '-0.9', '0')}, {inner})",
            f"count{grouping} ({self.one_of('topk', 'bottomk', 'limitk')}{grouping} ({k}, {inner}))",
            f"{self.one_of('topk', 'bottomk')}{grouping} ({k}, unique{self.matchers()})",
        )

    def with_scalar(self, depth: int) -> str:
        """A vector and a number, either first."""
        operator = self.one_of(*ARITHMETIC, *COMPARISONS, *(f"{each} bool" for each in COMPARISONS))
        sides = [self.vector(depth - 1), self.scalar(depth)]
        self.random.shuffle(sides)
        result = f"({sides[0]}) {operator} ({sides[1]})"
        return self.rounded(result, depth) if operator in INEXACT else result

    def with_vector(self, depth: int) -> str:
        """Two vectors; often such as have partners."""
        operator = self.one_of(*ARITHMETIC, *COMPARISONS, *(f"{each} bool" for each in COMPARISONS))
        left, right = self.vector(depth - 1), self.vector(depth - 1)
        if self.random.random() < 0.5:
            matching = self.one_of(*MATCHING_MANY)
            few = self.one_of("one", "sum by (job) (level)", "max by (job, inst) (gauge)", "count by (job) (unique)")
            left, right = (left, few) if "group_left" in matching else (few, left)
        else:
            matching = self.one_of(*MATCHING)
            if self.random.random() < 0.5:
                right = self.one_of("one", "sum by (job) (level)", left, f"({left}) * 2", "gauge", "unique")
        result = f"({left}) {operator}{matching} ({right})"
        return self.rounded(result, depth) if operator in INEXACT else result

    def as_set(self, depth: int) -> str:
        """And, or, unless."""
        operator, matching = self.one_of("and", "or", "unless"), self.one_of(*MATCHING)
        return f"({self.vector(depth - 1)}) {operator}{matching} ({self.vector(depth - 1)})"

    def of_histogram(self, _depth: int) -> str:
        """Quantiles and fractions of classic histograms."""
        buckets = self.one_of(
            "latency_bucket", f"rate(latency_bucket[{self.duration()}])", "sum by (le) (rate(latency_bucket[5m]))",
            'latency_bucket{le!="+Inf"}', "latency_bucket" + self.shift(), "sum by (job, le) (increase(latency_bucket[10m]))",
            'latency_bucket{le=~"0.1|0.5"}', "gauge",
        )  # fmt: skip
        low, high = self.one_of("0", "0.2", "-Inf", "1"), self.one_of("0.7", "1", "Inf", "3", "0.1")
        return self.one_of(
            f"histogram_quantile({self.one_of('0', '0.1', '0.5', '0.9', '0.99', '1', '2', '-1', 'NaN')}, {buckets})",
            f"histogram_quantile({self.scalar(0)}, {buckets})",
            f"histogram_fraction({low}, {high}, {buckets})",
            f'histogram_quantiles({buckets}, "q", 0.5, {self.one_of("0.99", "1", "0.25")})',
        )

    def other(self, depth: int) -> str:
        """Signs, brackets, a number as a vector."""
        return self.one_of(
            f"-{self.selector()}", f"+({self.vector(depth - 1)})", f"vector({self.scalar(depth)})", f"-({self.vector(depth - 1)})"
        )
