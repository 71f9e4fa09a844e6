#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks for secrets in the tree: private keys, tokens of known shape, and passwords written out. A line that holds
a made-up one for a test says so: "not a secret", or EXAMPLE inside it."""

import re
import subprocess
import sys
from pathlib import Path

EXCUSES = ("not a secret", "EXAMPLE")  # AWS documents a key that ends so
SHAPES = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "an AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,})\b",
    "a Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "an npm or PyPI token": r"\b(?:npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,})",
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{15,}",
    "a password in an address": r"\b[a-z][a-z0-9+]*://[^\s/:@'\"{}$<>]+:[^\s/:@'\"{}$<>*]{6,}@[a-z0-9.-]+",
    "a password written out": r"(?i)\b(?:password|passwd|secret|api_?key|token)\b\s*[:=]\s*['\"](?=[^'\"]*[0-9])(?=[^'\"]*[A-Za-z])[^'\"\s{}$<>*]{16,}['\"]",
}
PATTERNS = {kind: re.compile(shape) for kind, shape in SHAPES.items()}


def secrets_in(name: str, text: str) -> list[str]:
    """path:line: what of each secret in a text."""
    return [
        f"{name}:{number}: looks like {kind}"
        for number, line in enumerate(text.splitlines(), 1)
        if not any(excuse in line for excuse in EXCUSES)
        for kind, pattern in PATTERNS.items()
        if pattern.search(line)
    ]


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True)
    found = []
    for name in listed.stdout.splitlines():
        raw = Path(name).read_bytes() if Path(name).is_file() else b""
        if b"\0" not in raw[:8192]:
            found += secrets_in(name, raw.decode("utf-8", "replace"))
    print("\n".join(found) if found else "secrets: none found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
