# SPDX-License-Identifier: Apache-2.0
"""What tools/tidy.py finds, and what it leaves alone."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import tidy

ROOT = Path(__file__).resolve().parent.parent
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
ARCHITECTURE = """
| folder | holds | may use |
|---|---|---|
| `src/base` | files | – |
| `src/metric` | series | base |
| `src/history` | blocks | base, metric |
| `src/run` | records | history |
| `src/cli` | verbs | all above |
"""


@pytest.fixture
def problems(tmp_path, monkeypatch):
    """problems({path: text}) lays the files in a folder of their own and says what tidy finds there."""
    monkeypatch.chdir(tmp_path)

    def of(files: dict[str, str]) -> list[str]:
        """What tidy finds in these files."""
        files = {"docs/architecture.md": ARCHITECTURE, **files}
        for name, text in files.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text)
        return tidy.tree_problems(list(files))

    return of


def header(body: str) -> str:
    """A header that opens as it should."""
    return LICENCE + "// What it is.\n#pragma once\n" + body


def test_an_include_that_points_down_is_welcome_and_one_that_points_up_is_named(problems):
    assert problems({"src/run/a.h": header('#include "metric/series.h"\n')}) == []
    found = problems({"src/metric/a.h": header('#include "run/a.h"\n')})
    assert found == ["src/metric/a.h:4: src/metric may not use src/run (docs/architecture.md)"]


def test_what_a_layer_may_use_is_open_to_those_above_it(problems):
    assert problems({"src/run/a.h": header('#include "base/file.h"\n#include "history/block.h"\n')}) == []
    assert problems({"src/cli/a.h": header('#include "history/block.h"\n')}) == []


def test_a_folder_without_a_row_in_the_table_is_named(problems):
    assert "no row in the table" in problems({"src/attic/a.h": header("")})[0]


@pytest.mark.parametrize(
    "line, word",
    [
        ("auto t = std::chrono::steady_clock::now();", "Clock&"),
        ("std::this_thread::sleep_for(1s);", "EventLoop"),
        ("std::regex r(text);", "take_word"),
        ("sprintf(buffer, text);", "fmt::format"),
        ("int n = atoi(text);", "to_unsigned"),
        ("std::system(command);", "without a shell"),
        ('const char* home = getenv("HOME");', "src/cli"),
        ("std::cout << 1;", "only src/cli prints"),
        ("#include <CLI/App.hpp>", "command.h"),
        ('read_file("/proc/stat");', "OsRoot"),
    ],
)
def test_a_banned_call_is_named_with_what_stands_for_it(problems, line, word):
    (found,) = problems({"src/run/a.h": header(f"{line}\n")})
    assert found.startswith("src/run/a.h:4: ") and word in found


def test_a_banned_word_in_a_comment_or_inside_another_word_is_none(problems):
    body = "int x;  // not steady_clock::now\nfilesystem(1);\nint retime(int x);\nsnprintf(b, n, f);\n"
    assert problems({"src/run/a.h": header(body)}) == []


def test_a_source_that_cmake_does_not_know_is_named(problems):
    files = {"src/run/CMakeLists.txt": "ullage_library(run SOURCES a.cpp sub/b.cpp TESTS a_test.cpp)\n"}
    files |= {f"src/run/{name}.cpp": LICENCE for name in ("a", "sub/b", "a_test", "b")}
    assert problems(files) == ["src/run/b.cpp:1: not listed in src/run/CMakeLists.txt"]


def test_a_source_includes_its_own_header_first(problems):
    files = {"src/run/CMakeLists.txt": "a.cpp\n", "src/run/a.h": header("")}
    assert problems({**files, "src/run/a.cpp": LICENCE + '#include "run/a.h"\n#include "base/file.h"\n'}) == []
    (found,) = problems({**files, "src/run/a.cpp": LICENCE + '#include "base/file.h"\n#include "run/a.h"\n'})
    assert "comes first" in found


def test_a_header_opens_with_its_licence_what_it_is_and_a_guard(problems):
    assert "opens without" in problems({"src/run/a.h": "#pragma once\n"})[0]
    assert "say what it is" in problems({"src/run/a.h": LICENCE + "#pragma once\n"})[0]
    assert "#pragma once" in problems({"src/run/a.h": LICENCE + "// What it is.\nint x;\n"})[0]


def test_a_path_of_one_machine_and_a_registry_are_named_in_any_file(problems):
    assert "a path of one machine" in problems({"README.md": "see /wor" + "k/tree/x\n"})[0]
    assert "a registry's host" in problems({"web/package-lock.json": "https://registry.npmjs" + ".org/x\n"})[0]
    assert problems({"README.md": "a/wor" + "k/tree and teamwor" + "k/x\n"}) == []


def test_a_file_past_five_hundred_lines_is_named_unless_it_is_data(problems):
    assert "501 lines" in problems({"src/run/a.h": header("\n" * 498)})[0]
    assert problems({"tests/golden/a.txt": "x\n" * 900, "tools/lock/a.lock": "x\n" * 900}) == []


def test_a_file_that_is_not_text_is_left_alone(problems, tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0\0/wor" + b"k/x")
    assert tidy.tree_problems(["picture.png"]) == []
