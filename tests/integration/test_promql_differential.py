# SPDX-License-Identifier: Apache-2.0
"""Generated queries over generated data: Ullage answers each as Prometheus's own engine does.

Prometheus 3 is linked, as a Go module, into tests/differential/answers, which is built on demand. Its answers become
the expectations of a test script, which Ullage's script runner holds its engine to, with Prometheus's own tolerance.
ULLAGE_DIFFERENTIAL_QUERIES asks more, ULLAGE_DIFFERENTIAL_SEED asks others.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNNER = Path(os.environ.get("ULLAGE_BIN", ROOT / "build/bin")) / "ullage_promqltest"
QUERIES = int(os.environ.get("ULLAGE_DIFFERENTIAL_QUERIES", "2000"))
SEED = int(os.environ.get("ULLAGE_DIFFERENTIAL_SEED", "1"))

sys.path.insert(0, str(ROOT / "tests/differential"))
from generator import Generator  # noqa: E402
from peer_programs import BUILT, Unavailable, build  # noqa: E402
from script import eval_command, load_command  # noqa: E402


@pytest.fixture(scope="session")
def prometheus() -> Path:
    """The program that answers as Prometheus does, built with what Go there is."""
    try:
        return build("answers")
    except Unavailable as why:
        pytest.skip(str(why))


def ask(prometheus: Path, rounds: list[tuple[dict, list[dict]]]) -> list[list[dict]]:
    """Prometheus's answers, round by round."""
    lines = "".join(json.dumps(line) + "\n" for data, questions in rounds for line in (data, *questions))
    told = subprocess.run([prometheus], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    answers = iter(map(json.loads, told))
    return [[next(answers) for _ in questions] for _, questions in rounds]


def is_usable(question: dict, answer: dict) -> bool:
    """Not a query that Prometheus cannot read, nor an instant one that fails a minute later: the runner asks that, too."""
    return answer["is_parsed"] and (question["step_ms"] > 0 or answer["is_range"] or "error" in answer)


class Quota:
    """Few of the queries may fail or answer nothing: of those there is much by chance."""

    def __init__(self, queries: int):
        self.queries = queries
        self.left = {"error": queries // 12, "empty": queries // 12, "full": queries}

    def takes(self, answer: dict) -> bool:
        """Whether this answer is one more of the queries."""
        kind = "error" if "error" in answer else "full" if answer["series"] or "scalar" in answer else "empty"
        if self.queries == 0 or self.left[kind] == 0:
            return False
        self.left[kind] -= 1
        self.queries -= 1
        return True


def script_of(prometheus: Path, queries: int) -> str:
    """A test script of so many evals."""
    rounds = list(Generator(SEED).rounds(queries * 2))
    quota = Quota(queries)
    parts = []
    for (data, questions), answers in zip(rounds, ask(prometheus, rounds)):
        parts.append(load_command(data))
        parts += [
            eval_command(question, answer)
            for question, answer in zip(questions, answers)
            if is_usable(question, answer) and quota.takes(answer)
        ]
    assert quota.queries == 0, "the generator makes too few queries of use"
    return "\n".join(parts)


def test_generated_queries_are_answered_as_prometheus_answers_them(prometheus, tmp_path):
    file = BUILT / "generated.test"
    file.write_text(script_of(prometheus, QUERIES))
    done = subprocess.run([RUNNER, file], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == [f"total: {QUERIES} passed, 0 failed, 0 skipped"], done.stderr[-20_000:]
    assert done.returncode == 0
