#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles, with clang and for syntax only, each header that no .cpp of the same name includes first: the others
are proven to stand alone by that .cpp (tools/tidy.py sees to the order)."""

import concurrent.futures
import os
import subprocess
import sys
from pathlib import Path

FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wthread-safety", "-Isrc", "-x", "c++", "-"]


def stands_alone(name: str) -> bool:
    """Whether a text that includes only this header compiles."""
    text = f'#include "{Path(name).relative_to("src").as_posix()}"\n'
    return subprocess.run(["clang++-19", *FLAGS], input=text, text=True).returncode == 0


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "src/*.h"], capture_output=True, text=True, check=True
    )
    headers = [Path(name) for name in listed.stdout.splitlines()]
    lone = [str(header) for header in headers if header.exists() and not header.with_suffix(".cpp").exists()]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        alone = list(pool.map(stands_alone, lone))
    print(f"{len(lone)} headers without a .cpp of their name, {alone.count(False)} of them do not stand alone")
    return 1 if False in alone else 0


if __name__ == "__main__":
    sys.exit(main())
