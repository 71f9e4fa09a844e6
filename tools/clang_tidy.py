#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over .cpp files: all, the given ones, or those that the last N commits touched (a changed header
counts as its .cpp). A file found clean is not read again until it, a header of ours that it includes, its compile
command or .clang-tidy changes. Ends with "N passed, N failed", a file being a case."""

import argparse
import concurrent.futures
import hashlib
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
CLEAN = Path("build/clang-tidy")
OF_GCC = [f"--extra-arg=-Wno-{what}" for what in ("unknown-warning-option", "ignored-gch")]  # the commands are g++'s


@cache
def includes(file: Path) -> frozenset[Path]:
    """The file and all headers of ours that it reaches."""
    reached, waiting = set(), [file]
    while waiting:
        header = waiting.pop()
        if header in reached or not header.is_file():
            continue
        reached.add(header)
        waiting += [Path("src", name) for name in INCLUDE.findall(header.read_text(errors="replace"))]
        waiting += [header.parent / name for name in INCLUDE.findall(header.read_text(errors="replace"))]
    return frozenset(reached)


def fingerprint(file: Path, command: str) -> str:
    """What a verdict on the file rests on."""
    total = hashlib.sha256((command + Path(".clang-tidy").read_text()).encode())
    for part in sorted(includes(file)):
        total.update(part.as_posix().encode() + part.read_bytes())
    return total.hexdigest()


def git(*arguments: str) -> list[str]:
    """The lines that git answers."""
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.splitlines()


def touched_lately(commits: int) -> set[Path]:
    """Files that the last commits, or work not committed yet, changed."""
    long_enough = int(git("rev-list", "--count", "HEAD")[0]) > commits
    nothing = git("hash-object", "-t", "tree", "/dev/null")[0]
    since = f"HEAD~{commits}" if long_enough else nothing
    return {Path(name) for name in git("diff", "--name-only", since) + git("ls-files", "-o", "--exclude-standard")}


def fix_includes(file: Path, build: Path) -> None:
    """Adds the headers that a file uses through others, takes out those that it does not use."""
    check = ["--checks=-*,misc-include-cleaner", "--fix", "--quiet", "-p", str(build)]
    subprocess.run(["clang-tidy", *check, *OF_GCC, str(file)], capture_output=True)


def tidy(file: Path, build: Path, command: str) -> str:
    """What clang-tidy finds in a file; nothing when it is clean."""
    stamp = CLEAN / file.as_posix().replace("/", "_")
    wanted = fingerprint(file, command)
    if stamp.exists() and stamp.read_text() == wanted:
        return ""
    arguments = ["clang-tidy", "--quiet", "-p", str(build), *OF_GCC, str(file)]
    done = subprocess.run(arguments, capture_output=True, text=True)
    if done.returncode != 0:
        return done.stdout + done.stderr
    stamp.write_text(wanted)
    return ""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--fix-includes", action="store_true", help="put the includes of the files chosen right, no more")
    parser.add_argument("--commits", type=int, default=20)
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("-p", "--build", type=Path, default=Path("build/release"))
    asked = parser.parse_args()
    listed = json.loads((asked.build / "compile_commands.json").read_text())
    commands = {Path(entry["file"]).relative_to(Path.cwd()): entry["command"] for entry in listed}
    if asked.files:
        chosen = {file for file in commands if file in asked.files}
    elif asked.all:
        chosen = set(commands)
    else:
        lately = touched_lately(asked.commits)
        chosen = {file for file in commands if file in lately or file.with_suffix(".h") in lately}
    if asked.fix_includes:
        with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
            list(pool.map(lambda file: fix_includes(file, asked.build), sorted(chosen)))
        return 0
    CLEAN.mkdir(parents=True, exist_ok=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        verdicts = {pool.submit(tidy, file, asked.build, commands[file]): file for file in sorted(chosen)}
        for done in concurrent.futures.as_completed(verdicts):
            if done.result():
                failed += 1
                print(f"== {verdicts[done]}\n{done.result()}", flush=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
