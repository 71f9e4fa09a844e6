# SPDX-License-Identifier: Apache-2.0
"""Data, questions and answers as a test script of Prometheus's form, which ./dev conformance runs."""

import json
import re
from collections.abc import Iterator


def script_line(labels: dict[str, str], values: list[str]) -> str:
    """A series in a test script."""
    inner = [json.dumps(labels["__name__"], ensure_ascii=False)] if "__name__" in labels else []
    inner += [f"{quoted(name)}={quoted(value)}" for name, value in labels.items() if name != "__name__"]
    return f"  {{{', '.join(inner)}}} {' '.join(values)}\n"


def quoted(text: str) -> str:
    """As scripts and PromQL read it."""
    return json.dumps(text, ensure_ascii=False)


def load_command(data: dict) -> str:
    """Data in a test script, in place of what there was."""
    return f"clear\n\nload {data['interval_ms']}ms\n" + "".join(script_line(s["labels"], s["values"]) for s in data["series"])


def eval_command(question: dict, answer: dict) -> str:
    """A question in a test script, with Prometheus's answer as what is expected."""
    start, end, step = question["start_ms"], question["end_ms"], question["step_ms"]
    when = f"range from {start}ms to {end}ms step {step}ms" if step else f"instant at {start}ms"
    return f"eval {when} {question['query']}\n" + "".join(expectations(question, answer))


def expectations(question: dict, answer: dict) -> Iterator[str]:
    """The lines below an eval."""
    if error := answer.get("error"):
        # Which of several pairs it names is left open.
        kind = next((part for part in ("found duplicate series for the match group",) if part in error), None)
        yield f"  expect fail regex: {kind}\n" if kind else f"  expect fail msg: {error}\n"
        return
    for word, texts in (("warn", answer["warnings"]), ("info", answer["infos"])):
        for text in texts or []:
            yield f"  expect {word} {annotation(text, question)}\n"
        if not texts:
            yield f"  expect no_{word}\n"
    if question["is_ordered"]:
        yield "  expect ordered\n"
    if answer["kind"] == "scalar":
        yield f"  {answer['scalar']}\n"
    times = range(question["start_ms"], question["end_ms"] + 1, question["step_ms"] or 1)
    for series in answer["series"]:
        found = {point["time_ms"]: point["value"] for point in series["points"]}
        yield script_line(series["labels"], [found.get(time, "_") for time in times])


def annotation(text: str, question: dict) -> str:
    """As a script expects one."""
    if "monotonicity" in text:  # told of any one of the buckets that were odd
        return "regex: monotonicity"
    if question["step_ms"] > 0:
        return f"msg: {text}"
    # The runner asks an instant query in other words, too, and the position is another there.
    return "regex: " + re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", re.sub(r" \(\d+:\d+\)$", "", text))
