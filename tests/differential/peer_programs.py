# SPDX-License-Identifier: Apache-2.0
"""Builds the Go programs that hold Prometheus's engine, where there is a Go and a way to get its modules."""

import os
import re
import shutil
import subprocess
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
BUILT = SOURCES.parents[1] / "build/differential"
GO_MINOR_MIN = 22
NO_NETWORK = re.compile(r"dial tcp|no such host|i/o timeout|connection refused|module lookup disabled|toolchain not available")


class Unavailable(Exception):
    """Why there is no Prometheus to compare with."""


def build(name: str) -> Path:
    """The program of that folder. What has been built before is looked at again, which takes a second."""
    go = shutil.which("go")
    version = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True).stdout.strip() if go else ""
    number = re.match(r"go1\.(\d+)", version)
    if not number or int(number[1]) < GO_MINOR_MIN:
        raise Unavailable(f"needs Go 1.{GO_MINOR_MIN} or newer to build Prometheus's engine; here is {version or 'none'}")
    BUILT.mkdir(parents=True, exist_ok=True)
    # A Go that is older than Prometheus asks for gets the right one by itself.
    environment = {**os.environ, "GOTOOLCHAIN": "auto", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    command = [go, "build", "-o", BUILT / name, f"./{name}"]
    built = subprocess.run(command, cwd=SOURCES, env=environment, capture_output=True, text=True)
    if built.returncode != 0 and NO_NETWORK.search(built.stderr):
        raise Unavailable(f"no Go module proxy: {built.stderr.strip().splitlines()[-1]}")
    if built.returncode != 0:
        raise RuntimeError(f"go build of {name} failed:\n{built.stderr}")
    return BUILT / name
