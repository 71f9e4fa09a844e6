#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the tree to its own rules in under a second: who may include whom (the table in docs/architecture.md),
calls that are banned and what stands for them, sources that CMake does not know, how a file opens, its length,
and what must not stand in any file. Prints path:line: what is wrong; exits 1 when there is anything."""

import re
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

LINES_MAX = 500
OPEN_TO_ALL = {"base": set(), "metric": {"base"}, "config": {"base"}}
SPDX = "SPDX-License-Identifier: Apache-2.0"


@dataclass(frozen=True)
class Ban:
    """A pattern that must not occur in C++ outside some files, and what to use instead."""

    pattern: re.Pattern
    instead: str
    allowed: tuple[str, ...] = ()


def ban(pattern: str, instead: str, *allowed: str) -> Ban:
    """A Ban out of its texts."""
    return Ban(re.compile(pattern), instead, allowed)


BANS = (
    ban(
        r"_clock::now\b|\b(gettimeofday|clock_gettime)\(|\btime\((nullptr|NULL|0)\)",
        "a Clock& or a `now` passed in",
        "src/base/clock.cpp",
        "src/heap/track/os.h",  # goes into other people's programs
        "*_test.cpp",
    ),
    ban(r"\bsleep_for\b|\bsleep_until\b|\bu?sleep\(|\bnanosleep\(", "a timer of the EventLoop", "*_test.cpp"),
    ban(r"std::regex\b|<regex>", "base/text.h: take_word, take_until"),
    ban(r"\bv?sprintf\(|\bstr(n?cpy|n?cat|tok)\(", "fmt::format or std::string"),
    ban(r"\b(ato[ifl]|strto[a-z]+|sto(i|l|ul|ll|ull|d|f))\(", "base/text.h: to_unsigned, to_signed, to_double"),
    ban(r"\b(std::|::|[^\w.>:])system\(|\bpopen\(", "src/act: a child process without a shell"),
    ban(r"\bgetenv\(", "the environment passed in from src/cli", "src/cli/*", "src/config/*", "src/heap/track/*", "*_test.cpp"),
    ban(r"\bs?rand\(\)|random_device", "a seeded generator passed in", "src/session/*"),
    ban(r"<CLI/", "src/cli/command.h: CLI11 takes seconds to compile", "src/cli/command.cpp", "src/cli/verb.cpp"),
    ban(r"<iostream>|\bstd::(cout|cerr|endl)\b", "a Result or an event; only src/cli prints", "src/cli/*"),
    ban(
        r'\b(open|fopen|open_file|read_file|ifstream \w+)\(\s*"/(proc|sys)\b',
        "OsRoot::path, so that a fixture can stand in",
        "*_test.cpp",
        "src/sense/proc/exit_records.cpp",  # speaks to the live kernel or to none
    ),
    ban(r"\b(TODO|FIXME|XXX|HACK)\b", "the finished thing"),
    ban(r"\busing namespace (?!std::)", "names in full, or using-declarations"),
)
# In any text of the tree. The patterns are written so that they do not match themselves.
NOWHERE = (
    (re.compile(r"(?<![\w.])/wor[k]/"), "a path of one machine"),
    (
        re.compile(r"\b(registry\.npmj[s]\.org|pyp[i]\.org|pythonhoste[d]\.org|deb\.debia[n]\.org|archive\.ubunt[u]\.com)"),
        "a registry's host",
    ),
    (re.compile(r"^(<{7}|>{7}) "), "a merge left half done"),
)
LONG_BY_NATURE = ("*.lock", "*.json", "*.md", "LICENSE", "tests/*/data/*", "*/fixtures/*", "*/golden/*", "fuzz/corpus/*")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def layer_table(architecture: str) -> dict[str, set[str]]:
    """Layer → what it may include, out of the table "| `src/x` | holds | may use |"; transitive."""
    table: dict[str, set[str]] = {}
    for folder, uses in re.findall(r"^\|\s*`src/(\w+)`[^|]*\|[^|]*\|([^|]*)\|", architecture, re.MULTILINE):
        named = set(table) if "all above" in uses else set(re.findall(r"\b[a-z]+\b", uses))
        table[folder] = set(OPEN_TO_ALL.get(folder, OPEN_TO_ALL)) | named
    for _ in table:  # a chain of "may use" is no longer than the table
        for allowed in table.values():
            allowed.update(*[table.get(layer, set()) for layer in allowed])
    return table


def layer_problems(name: str, lines: list[str], table: dict[str, set[str]]) -> list[str]:
    """Includes that point up the house."""
    layer = name.split("/")[1]
    if layer not in table:
        return [f"{name}:1: src/{layer} has no row in the table of docs/architecture.md"]
    problems = []
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        target = found[1].split("/")[0] if found and "/" in found[1] else layer
        if name.startswith("src/heap/track/") and found and not found[1].startswith("heap/track/"):
            problems.append(f"{name}:{number}: the preloaded profiler uses nothing of ours but itself")
        if target != layer and target in table and target not in table[layer]:
            problems.append(f"{name}:{number}: src/{layer} may not use src/{target} (docs/architecture.md)")
    return problems


def opening_problems(name: str, lines: list[str]) -> list[str]:
    """How a C++ file must open: licence, and for a header what it is; a .cpp its own header first."""
    if not lines or lines[0] != f"// {SPDX}":
        return [f"{name}:1: opens without // {SPDX}"]
    if name.endswith(".h"):
        comment = next((i for i, line in enumerate(lines[1:]) if not line.startswith("//")), len(lines) - 1)
        if not 1 <= comment <= 12:
            return [f"{name}:2: a header opens with a few lines that say what it is and why it is here"]
        return [] if "#pragma once" in lines else [f"{name}:1: no #pragma once"]
    own = name.removeprefix("src/").removesuffix(".cpp") + ".h"
    first = next((m[1] for m in map(INCLUDE.match, lines) if m), None)
    # What includes its own header first proves that the header stands alone.
    if Path("src", own).exists() and first != own:
        return [f'{name}:1: its own header, "{own}", comes first']
    return []


def banned_calls(name: str, lines: list[str]) -> list[str]:
    """Uses of what has a better stand-in here."""
    problems = []
    for rule in BANS:
        if any(fnmatch(name, allowed) for allowed in rule.allowed):
            continue
        for number, line in enumerate(lines, 1):
            code = line if "TODO" in rule.pattern.pattern else line.split("// ")[0]
            found = rule.pattern.search(code)
            if found:
                problems.append(f"{name}:{number}: '{found[0].strip()}': use {rule.instead}")
    return problems


def missing_from_cmake(name: str, cmake_texts: dict[Path, str]) -> list[str]:
    """A source that the nearest CMakeLists.txt above it does not list; one in cmake/ is listed by a module there."""
    if name.startswith("cmake/"):
        return []
    for folder in Path(name).parents:
        text = cmake_texts.get(folder / "CMakeLists.txt")
        if text is not None and folder != Path("."):
            relative = Path(name).relative_to(folder).as_posix()
            found = re.search(rf"(?<![\w/.-]){re.escape(relative)}(?![\w.-])", text)
            return [] if found else [f"{name}:1: not listed in {folder / 'CMakeLists.txt'}"]
    return [f"{name}:1: no CMakeLists.txt lists it"]


def text_problems(name: str, lines: list[str]) -> list[str]:
    """What no file may hold, and files that grew too long."""
    problems = [
        f"{name}:{number}: '{found[0]}' is {what}"
        for pattern, what in NOWHERE
        for number, line in enumerate(lines, 1)
        if (found := pattern.search(line))
    ]
    if len(lines) > LINES_MAX and not any(fnmatch(name, natural) for natural in LONG_BY_NATURE):
        problems.append(f"{name}:{LINES_MAX}: {len(lines)} lines; past {LINES_MAX} it holds more than one idea")
    return problems


def tree_problems(names: list[str]) -> list[str]:
    """All problems of the files named, which are paths below the current folder."""
    texts: dict[str, str] = {}
    for name in names:
        raw = Path(name).read_bytes() if Path(name).is_file() else b"\0"
        if b"\0" not in raw[:8192]:
            texts[name] = raw.decode("utf-8", "replace")
    table = layer_table(texts.get("docs/architecture.md", ""))
    cmake_texts = {Path(name): text for name, text in texts.items() if name.endswith("CMakeLists.txt")}
    problems = []
    for name, text in texts.items():
        lines = text.splitlines()
        problems += text_problems(name, lines)
        if name.endswith((".cpp", ".h")) and not name.startswith("tests/"):
            problems += opening_problems(name, lines)
            problems += banned_calls(name, lines) if name.startswith("src/") else []
            problems += missing_from_cmake(name, cmake_texts) if name.endswith(".cpp") else []
            problems += layer_problems(name, lines, table) if re.match(r"src/\w+/", name) else []
    return problems


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True)
    problems = tree_problems(listed.stdout.splitlines())
    print("\n".join(problems) if problems else "tidy: the tree keeps its rules")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
