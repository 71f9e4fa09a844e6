# SPDX-License-Identifier: Apache-2.0
"""The stages that ./dev check, test and lint are made of."""

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import setup
from building import BUILD, jobs, tracked
from setup import ROOT
from stages import Stages, junit_cases, one_case, own_cases, web_cases

POLITE = ["nice", "-n", "19"]


def stage_build(stages: Stages, preset: str, *, only_threaded: bool = False, in_background: bool = False) -> bool:
    """Builds a preset, or its tests that start threads; the stages that need it run only when this is true."""
    target = ["--target", "threaded_tests"] if only_threaded else []
    polite = POLITE if in_background else []
    return stages.run(f"build {preset}", [*polite, sys.executable, str(ROOT / "dev"), "build", preset, *target])


def stage_ctest(stages: Stages, preset: str, *, only_threaded: bool = False) -> None:
    """The unit tests of a preset, or those of programs that start threads."""
    cases = BUILD / "logs" / f"ctest-{preset}.xml"
    cases.unlink(missing_ok=True)
    command = ["ctest", "--test-dir", str(BUILD / preset), "-j", str(jobs()), "--output-on-failure", "--no-tests=error"]
    if preset == "tsan":  # what looks at the memory and threads of processes, which TSan multiplies, and forks with them
        command += ["-E", r"ExitRecordsLive|ProcessTreeLive|ProcessTableLive|TaskIteratorLive|^Cage\.|RunFileTest\.Killed"]
    if only_threaded:
        command += ["-L", "^threads$"]
    name = f"unit tests{' with threads' if only_threaded else ''}, {preset}"
    stages.run(name, [*command, "--output-junit", str(cases)], junit_cases(cases), cwd=ROOT)


def stage_pytest(stages: Stages, name: str, *folders: str) -> None:
    """Every test_*.py in the folders."""
    there = [folder for folder in folders if any((ROOT / folder).rglob("test_*.py"))]
    if not there:
        return stages.skip(f"{name} tests", f"no test_*.py in {', '.join(folders)}")
    cases = BUILD / "logs" / f"pytest-{name}.xml"
    cases.unlink(missing_ok=True)
    stages.run(f"{name} tests", ["pytest", "-q", "-ra", f"--junitxml={cases}", *there], junit_cases(cases), cwd=ROOT)


def stage_web(stages: Stages) -> None:
    """Vitest, and the report in a headless browser, as web/package.json has them."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:  # Ubuntu's chromium is a snap, which does not run in a container
        stages.run("browser", ["npx", "playwright-core", "install", "--with-deps", "chromium"], cwd=setup.WEB)
        found = sorted(Path.home().glob(".cache/ms-playwright/chromium-*/chrome-linux*/chrome"))
        browser = str(found[-1]) if found else ""
    chromium = f"CHROMIUM={os.environ.get('CHROMIUM', browser)}"
    stages.run("web tests", ["env", chromium, "npm", "test", "--silent"], web_cases, cwd=setup.WEB)


def stage_fuzz(stages: Stages, seconds: int) -> None:
    """Each fuzzer for some seconds, from its seeds and what earlier runs found; as many at a time as there are cores."""

    def fuzz(fuzzer: Path) -> None:
        name = fuzzer.name.removesuffix("_fuzz")
        found, seeds = BUILD / "fuzz" / name, ROOT / "fuzz/corpus" / name
        found.mkdir(parents=True, exist_ok=True)
        limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024", f"-artifact_prefix={found}-"]
        folders = [str(folder) for folder in (found, seeds) if folder.is_dir()]
        stages.run(f"fuzz {name}, {seconds} s", [str(fuzzer), *limits, *folders], one_case)

    with ThreadPoolExecutor(jobs()) as at_once:
        list(at_once.map(fuzz, sorted((BUILD / "asan/bin").glob("*_fuzz"))))


def stage_clang_tidy(stages: Stages, every_file: bool) -> None:
    """Over what the last 20 commits touched, or all of it; a file is a case. Runs beside tests, and gives way to them."""
    which = ["--all"] if every_file else ["--commits", "20"]
    stages.run("clang-tidy", [*POLITE, sys.executable, "tools/clang_tidy.py", *which, "-j", str(jobs())], own_cases, cwd=ROOT)


def stages_of_lint(stages: Stages) -> None:
    """What reads the tree without running it."""
    python = python_files()
    stages.run("clang-format", format_command("--dry-run", "--Werror"), one_case)
    stages.run("layers and habits", [sys.executable, "tools/tidy.py"], one_case, cwd=ROOT)
    stages.run("ruff", ["ruff", "check", "--quiet", *python], one_case, cwd=ROOT)
    stages.run("ruff format", ["ruff", "format", "--check", "--quiet", *python], one_case, cwd=ROOT)
    stages.run("bandit", ["bandit", "--quiet", "-c", "pyproject.toml", *python], one_case, cwd=ROOT)
    stages.run("python docstrings", ["interrogate", "-vv", "-c", "pyproject.toml", *documented(python)], one_case, cwd=ROOT)
    stages.run("secrets", [sys.executable, "tools/find_secrets.py"], one_case, cwd=ROOT)
    stages.run("headers stand alone", [sys.executable, "tools/lone_headers.py"], one_case, cwd=ROOT)
    stages.run("cppcheck", cppcheck_command(), one_case, cwd=ROOT)
    if (ROOT / "include/ullage").is_dir():
        stages.run("doxygen", ["doxygen", "docs/Doxyfile"], one_case, cwd=ROOT)
    else:
        stages.skip("doxygen", "no include/ullage")
    stages.run("dependency audit", [sys.executable, "tools/audit.py"], one_case, cwd=ROOT)


def format_command(*flags: str) -> list[str]:
    """clang-format over all of our C++."""
    return ["clang-format", *flags, *(str(ROOT / name) for name in tracked("*.cpp", "*.h"))]


def cppcheck_command() -> list[str]:
    """Over the product's own sources; tests are read by clang-tidy."""
    cache = BUILD / "cppcheck"
    cache.mkdir(parents=True, exist_ok=True)
    checks = ["--enable=warning,performance,portability", "--inline-suppr", "--suppressions-list=.cppcheck"]
    how = ["-q", "-j", str(jobs()), "--std=c++20", "--error-exitcode=1", f"--cppcheck-build-dir={cache}", "-Isrc"]
    return ["cppcheck", *how, *checks, *(name for name in tracked("src/*.cpp") if not name.endswith("_test.cpp"))]


def python_files() -> list[str]:
    """All of our Python."""
    return ["dev", *tracked("*.py")]


def documented(files: list[str]) -> list[str]:
    """Those whose functions must say what they are for; a test's name says it."""
    return [name for name in files if name.endswith(".py") and not name.startswith("tests/")]
