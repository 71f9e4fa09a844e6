# SPDX-License-Identifier: Apache-2.0
"""Boots a throw-away Linux with cgroup v2 and PSI, runs shell steps in it, and gives back what each said.

QEMU in pure emulation (no KVM, so that it runs anywhere), Debian's cloud kernel, and an initramfs made here of
busybox and the programs under test with their shared libraries. A boot takes a few seconds, so a test packs its
steps into one. Needs qemu-system-x86, busybox-static and apt; the kernel is fetched once into build/vm.
"""

import os
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build/vm"
# Whose dependency is the newest kernel: Debian's, Ubuntu's.
KERNEL_PACKAGES = ("linux-image-cloud-amd64", "linux-image-virtual")
STEP_MARK = "@@step"

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs tmp /tmp
mount -t cgroup2 -o nsdelegate,memory_recursiveprot none /sys/fs/cgroup
ip link set lo up
stty -opost < /dev/ttyS1
sh /steps </dev/null >/dev/ttyS1 2>&1
sync
poweroff -f
"""


class Unavailable(Exception):
    """This machine cannot run the VM; the text says what is missing."""


@dataclass
class Step:
    """What one step printed, and its exit code."""

    code: int
    output: str


def find_binary(name: str) -> Path:
    """A program of the build: $ULLAGE_BIN's folder, the release build's, the debug build's."""
    folders = [os.environ.get("ULLAGE_BIN", ""), ROOT / "build/bin", ROOT / "build/debug/bin"]
    for folder in filter(None, folders):
        if (Path(folder) / name).exists():
            return Path(folder) / name
    raise Unavailable(f"{name} has not been built")


def kernel() -> Path:
    """The kernel's image, fetched and unpacked when it is not there yet."""
    images = sorted(CACHE.glob("vmlinuz-*"))
    if images:
        return images[-1]
    CACHE.mkdir(parents=True, exist_ok=True)
    package = newest_kernel_package()
    with tempfile.TemporaryDirectory() as folder:
        fetched = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, text=True)
        packages = list(Path(folder).glob("*.deb"))
        if fetched.returncode != 0 or not packages:
            raise Unavailable(f"cannot download {package}: {fetched.stderr.strip()}")
        subprocess.run(["dpkg-deb", "-x", packages[0], f"{folder}/x"], check=True)
        image = next(Path(folder, "x/boot").glob("vmlinuz-*"))
        shutil.move(image, CACHE / image.name)
        return CACHE / image.name


def newest_kernel_package() -> str:
    """The package that the distribution's kernel package depends on."""
    if not shutil.which("apt-cache"):
        raise Unavailable("the kernel comes from apt, which is not here")
    for name in KERNEL_PACKAGES:
        depends = subprocess.run(["apt-cache", "depends", name], capture_output=True, text=True).stdout
        found = re.search(r"Depends: (linux-image-\d\S+)", depends)
        if found:
            return found[1]
    raise Unavailable(f"apt knows none of {', '.join(KERNEL_PACKAGES)}")


def shared_libraries(program: Path) -> list[Path]:
    """What the loader would load for it, the loader included."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return [Path(path) for path in re.findall(r"(/\S+\.so\S*)", listed)]


class Archive:
    """A cpio archive in the kernel's initramfs format (newc; Documentation/driver-api/early-userspace)."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._names: set[str] = set()

    def add_folder(self, name: str) -> None:
        """With those it lies in."""
        parent = os.path.dirname(name)
        if parent:
            self.add_folder(parent)
        self._add(name, stat.S_IFDIR | 0o755, b"")

    def add_file(self, name: str, content: bytes, mode: int = 0o755) -> None:
        """Once: a second one of the same name is left out."""
        if os.path.dirname(name):
            self.add_folder(os.path.dirname(name))
        self._add(name, stat.S_IFREG | mode, content)

    def _add(self, name: str, mode: int, content: bytes) -> None:
        if name in self._names:
            return
        self._names.add(name)
        fields = [len(self._names), mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name.encode()) + 1, 0]
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        self._parts += [header, b"\0" * (-len(header) % 4), content, b"\0" * (-len(content) % 4)]

    def write(self, path: Path) -> None:
        """The archive, with its trailer."""
        self._add("TRAILER!!!", 0, b"")
        path.write_bytes(b"".join(self._parts))


def stripped(program: Path, folder: Path) -> bytes:
    """Without debug information, which makes a boot slow."""
    copy = folder / "stripped"
    done = subprocess.run(["strip", "-o", copy, program], capture_output=True)
    return (copy if done.returncode == 0 else program).read_bytes()


def write_initramfs(path: Path, script: str, programs: list[Path]) -> None:
    """Busybox, the programs in /bin with their libraries, the users root and user, and the steps."""
    busybox = shutil.which("busybox")
    if not busybox:
        raise Unavailable("busybox is not installed (package busybox-static)")
    archive = Archive()
    for folder in ("proc", "sys", "dev", "tmp", "root"):
        archive.add_folder(folder)
    archive.add_file("init", INIT.encode())
    archive.add_file("steps", script.encode())
    archive.add_file(
        "etc/passwd", b"root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n", 0o644
    )
    archive.add_file("etc/group", b"root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n", 0o644)
    for program in [Path(busybox), *programs]:
        archive.add_file(f"bin/{program.name}", stripped(program, path.parent))
        for library in shared_libraries(program):
            archive.add_file(str(library).lstrip("/"), library.read_bytes())
    archive.write(path)


def script_of(steps: dict[str, str]) -> str:
    """Each step in a shell of its own, with its exit code after it."""
    parts = []
    for name, body in steps.items():
        parts.append(f"echo '{STEP_MARK} {name}'\n(\n{body}\n)\necho \"{STEP_MARK}-code $?\"\n")
    return "".join(parts)


def parse_steps(output: str) -> dict[str, Step]:
    """The steps that came to their end."""
    pattern = rf"^{STEP_MARK} (\S+)\n(.*?)^{STEP_MARK}-code (\d+)$"
    return {name: Step(int(code), text) for name, text, code in re.findall(pattern, output, re.MULTILINE | re.DOTALL)}


def boot(steps: dict[str, str], programs: list[Path], memory_mib: int = 512, timeout_seconds: int = 90) -> dict[str, Step]:
    """Runs the steps in order; those missing from the answer were not reached."""
    qemu = shutil.which("qemu-system-x86_64")
    if not qemu:
        raise Unavailable("qemu-system-x86_64 is not installed (package qemu-system-x86)")
    with tempfile.TemporaryDirectory(prefix="ullage-vm-") as name:
        folder = Path(name)
        write_initramfs(folder / "initramfs", script_of(steps), programs)
        command = [qemu, "-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", str(memory_mib)]
        command += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
        command += ["-kernel", str(kernel()), "-initrd", str(folder / "initramfs")]
        command += ["-append", "console=ttyS0 quiet psi=1 panic=-1"]
        command += ["-serial", f"file:{folder}/console", "-serial", f"file:{folder}/output"]
        try:
            ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_seconds)
            trouble = ran.stderr
        except subprocess.TimeoutExpired:
            trouble = f"the VM did not end within {timeout_seconds} s"
        output = (folder / "output").read_text(errors="replace") if (folder / "output").exists() else ""
        done = parse_steps(output)
        if len(done) < len(steps):
            console = (folder / "console").read_text(errors="replace") if (folder / "console").exists() else ""
            print(f"{trouble}\n--- console\n{console}\n--- output\n{output}")
        return done
