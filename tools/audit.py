#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks whether a pinned Python or web package has a known hole. Without the advisories' servers it says so and
passes: the workflow .github/workflows/security.yml asks them with --strict."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

TIMEOUT_SECONDS = 60
FOUND = re.compile(r"Found \d+ known|\d+ [^\n]*vulnerabilit")  # how pip-audit and npm audit say that they know of one


def ask(name: str, command: list[str], folder: str, strict: bool) -> int:
    """0 when nothing is known of any package, or nobody could be asked and that is allowed."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"audit: {name}: no answer")
        return int(strict)
    if done.returncode == 0:
        print(f"audit: {name}: nothing known")
        return 0
    answer = done.stdout + done.stderr
    if FOUND.search(answer):
        print(f"audit: {name}:\n{answer}")
        return 1
    print(f"audit: {name}: the advisories could not be asked: {next(iter(answer.strip().splitlines()), '')}")
    return int(strict)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--strict", action="store_true", help="fail when the advisories cannot be asked")
    strict = parser.parse_args().strict
    status = 0
    for lock in sorted(Path("tools/lock").glob("*.lock")):
        command = ["pip-audit", "--require-hashes", "--disable-pip", "--progress-spinner=off", "-r", str(lock)]
        status |= ask(str(lock), command, ".", strict)
    if Path("web/package-lock.json").exists():
        status |= ask("web", ["npm", "audit", "--audit-level=high"], "web", strict)
    return status


if __name__ == "__main__":
    sys.exit(main())
