# SPDX-License-Identifier: Apache-2.0
"""docs/reference/cli.md is what `--help` says, verb by verb. ULLAGE_RENEW=1 writes it anew."""

import os
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/cli.md"


def verbs_of(help_text: str) -> list[str]:
    """The names under "Subcommands:"; examples may follow after an empty line."""
    listed = help_text.partition("Subcommands:")[2].split("\n\n")[0]
    return re.findall(r"^  (\S+)", listed, flags=re.MULTILINE)


def page(ullage) -> str:
    """The whole reference."""
    parts = ["# The command line\n\nMade from `ullage --help` and its verbs.\n"]

    def add(words: list[str]):
        text = ullage(*words, "--help", env={**ullage.environment, "COLUMNS": "100"}).out.rstrip()
        parts.append(f"\n## `{' '.join(['ullage', *words])}`\n\n```\n{text}\n```\n")
        for verb in verbs_of(text):
            add([*words, verb])

    add([])
    return "".join(parts)


def test_the_reference_is_what_help_says(ullage):
    text = page(ullage)
    if os.environ.get("ULLAGE_RENEW"):
        PAGE.write_text(text)
    assert PAGE.read_text() == text
