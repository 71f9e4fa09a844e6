# SPDX-License-Identifier: Apache-2.0
"""Other people's programs that tests compare with: where they are, and how they are reached on the loopback."""

import os
import shutil
import socket
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ENVIRONMENT = {**os.environ, "no_proxy": "*"}


def peer(name: str) -> str:
    """The program of a peer: installed, or unpacked by ./dev."""
    found = shutil.which(name) or next(map(str, (ROOT / ".venv/peers").glob(f"*/usr/bin/{name}")), None)
    if not found:
        pytest.skip(f"no {name} here: ./dev setup test")
    return found


def free_port() -> int:
    """A port of the loopback that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
