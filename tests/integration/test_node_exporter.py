# SPDX-License-Identifier: Apache-2.0
"""What the collectors of the host say, beside what the distribution's own node_exporter says: the same names, labels,
kinds, meanings and values, on this machine and over folders that look like another one."""

import contextlib
import math
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from peers import DIRECT, ENVIRONMENT, free_port, peer

COLLECTORS = [
    "arp",
    "conntrack",
    "cpu",
    "cpufreq",
    "diskstats",
    "entropy",
    "filefd",
    "filesystem",
    "hwmon",
    "loadavg",
    "meminfo",
    "netclass",
    "netdev",
    "netstat",
    "os",
    "pressure",
    "schedstat",
    "selinux",
    "sockstat",
    "softnet",
    "stat",
    "thermal_zone",
    "time",
    "timex",
    "udp_queues",
    "uname",
    "vmstat",
]
# What they leave out by themselves differs by version and distribution; this is what we leave out.
LEFT_OUT = (
    r"--collector.diskstats.device-exclude=^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$",
    "--collector.filesystem.mount-points-exclude="
    "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
)
THEIRS_ONLY = re.compile(r"node_(scrape|exporter|cpu_(core|package)_throttles)|(go|process|promhttp)_")
OURS_ONLY = {"node_pressure_irq_stalled_seconds_total"}  # newer than the distribution's
# Their texts for these families repeat the name.
SAYS_NOTHING = re.compile(r"Memory information field |/proc/vmstat information field |Statistic ")
CONSTANT = re.compile(
    r"_info$|_bytes_limit$|node_(boot_time|uname|os_|filefd_maximum|entropy_pool)|node_memory_(MemTotal|SwapTotal)"
    r"|node_network_(?!receive|transmit_(?!queue))|node_filesystem_(size|readonly|device_error|files$)"
    r"|node_nf_conntrack_entries_limit|node_time_zone|node_hwmon_chip_names"
)


@dataclass
class Family:
    """A metric: its kind, its meaning, and a value for each set of labels."""

    kind: str = "untyped"
    help: str = ""
    values: dict[frozenset, float] = field(default_factory=dict)


def parse(text: str) -> dict[str, Family]:
    """The exposition format, as far as these two write it. A label without a value is none."""
    families: dict[str, Family] = {}
    for line in text.splitlines():
        if found := re.match(r"# (HELP|TYPE) (\S+) ?(.*)", line):
            family = families.setdefault(found[2], Family())
            setattr(family, "help" if found[1] == "HELP" else "kind", found[3].strip())
        elif found := re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$", line):
            labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found[2] or "")
            key = frozenset((name, value) for name, value in labels if value)
            families.setdefault(found[1], Family()).values[key] = float(found[3])
    return {name: family for name, family in families.items() if family.values}


@contextlib.contextmanager
def node_exporter(folder: Path, *options: str, collectors: list[str] | None = COLLECTORS) -> Iterator[str]:
    """Their program on a port of the loopback, with the collectors that we have, or with its own; where its metrics are."""
    address = f"127.0.0.1:{free_port()}"
    enabled = ["--collector.disable-defaults", *(f"--collector.{name}" for name in collectors)] if collectors else []
    program = peer("prometheus-node-exporter")
    command = [program, f"--web.listen-address={address}", *enabled, *LEFT_OUT, *options]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=ENVIRONMENT)
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), DIRECT.open(f"http://{address}/", timeout=5):
                break
            assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield f"http://{address}/metrics"
    finally:
        process.terminate()
        process.wait(timeout=30)


def theirs(url: str) -> dict[str, Family]:
    """One scrape of theirs, without what is of the program itself."""
    with DIRECT.open(url, timeout=30) as answer:
        families = parse(answer.read().decode())
    return {name: family for name, family in families.items() if not THEIRS_ONLY.match(name)}


def ours(programs: Path, *arguments) -> dict[str, Family]:
    """One reading of ours."""
    command = [str(programs / "host_metrics"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "# duplicates 0 refused 0" in done.stdout
    return parse(done.stdout)


def same_shape(mine: dict[str, Family], peers: dict[str, Family]) -> list[str]:
    """Where names, labels, kinds or meanings differ."""
    problems = [f"{name}: we have no such metric" for name in peers if name not in mine]
    problems += [f"{name}: they have no such metric" for name in mine if name not in peers and name not in OURS_ONLY]
    for name in sorted(mine.keys() & peers.keys()):
        one, other = mine[name], peers[name]
        if other.kind not in (one.kind, "untyped"):
            problems.append(f"{name}: {one.kind}, theirs {other.kind}")
        if one.help != other.help and not SAYS_NOTHING.match(other.help):
            problems.append(f"{name}: {one.help!r}, theirs {other.help!r}")
        if one.values.keys() != other.values.keys():
            labels = [sorted(key) for key in one.values.keys() ^ other.values.keys()]
            problems.append(f"{name}: only one of us has {labels}")
    return problems


def is_between(name: str, kind: str, before: float, value: float, after: float) -> bool:
    """Whether a value that was read between two others of ours can be of the same thing."""
    if math.isnan(value):
        return math.isnan(before)
    if CONSTANT.search(name):
        return math.isclose(before, value, rel_tol=1e-12) or math.isclose(after, value, rel_tol=1e-12)
    # Counters only rise, but for those of processors, which may go back by some ticks.
    slack = 1 if kind == "counter" else 0.25 * max(abs(before), abs(after)) + (2**26 if "bytes" in name else 0.5)
    if name.startswith(("node_procs", "node_load", "node_sockstat", "node_filefd", "node_netstat_Tcp_CurrEstab")):
        slack += 500  # other tests run beside this one
    return min(before, after) - slack <= value <= max(before, after) + slack


def test_collectors_say_what_node_exporter_says(programs, tmp_path):
    """On this machine: what theirs gives lies between two readings of ours."""
    with node_exporter(tmp_path) as url:
        before, between, after = ours(programs), theirs(url), ours(programs)
    problems = same_shape(before, between)
    assert problems == [], "\n".join(problems)
    assert len(between) > 150
    wrong = []
    for name, family in between.items():
        for key, value in family.values.items():
            first, last = before[name].values[key], after[name].values[key]
            if not is_between(name, before[name].kind, first, value, last):
                wrong.append(f"{name}{sorted(key)}: {first}, theirs {value}, then {last}")
    assert wrong == [], "\n".join(wrong)


# Of what theirs reads by itself, what we do not: hardware of few machines, and the folder of *.prom files, which is the daemon's.
LEFT_TO_THEM = re.compile(
    r"node_(edac|infiniband|fibrechannel|ipvs|md|nfs|nfsd|btrfs|bcache|bonding|zfs|xfs|rapl|power_supply|tape|nvme|dmi|textfile)_"
)


def test_nothing_that_node_exporter_gives_by_itself_is_missing(programs, tmp_path):
    """Which collectors there are to be compared is not for us to choose."""
    with node_exporter(tmp_path, collectors=None) as url:
        peers = theirs(url)
    mine = ours(programs)
    assert [name for name in peers if name not in mine and not LEFT_TO_THEM.match(name)] == []


FILES = {
    "proc/stat": "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 100 2 30 4000 50 6 7 8 9 10\ncpu1 1 2 3 4 5 6 7 8 9 10\n"
    "intr 12345 0 9\nctxt 678\nbtime 1700000000\nprocesses 90\nprocs_running 2\nprocs_blocked 1\n"
    "softirq 5 1 2 3 4 5 6 7 8 9 10\n",
    "proc/loadavg": "0.52 0.58 0.59 2/389 12345\n",
    "proc/meminfo": "MemTotal:       24684084 kB\nMemFree:  12 kB\nActive(anon):       1580 kB\nHugePages_Total:       3\n"
    "HugePages_Free:        0\nHugepagesize:       2048 kB\nDirectMap1G:    25165824 kB\nNewInLinux9:  7 kB\n",
    "proc/vmstat": "nr_free_pages 5651552\npgpgin 1\npgpgout 2\npswpin 3\npswpout 4\npgfault 5\npgmajfault 6\noom_kill 7\n",
    "proc/pressure/cpu": "some avg10=0.99 avg60=0.38 avg300=0.13 total=3623677\nfull avg10=0 avg60=0 avg300=0 total=0\n",
    "proc/pressure/io": "some avg10=0.99 avg60=0.38 avg300=0.13 total=5\nfull avg10=0.99 avg60=0.38 avg300=0.13 total=4\n",
    "proc/pressure/memory": "some avg10=0.99 avg60=0.38 avg300=0.13 total=7\nfull avg10=0 avg60=0 avg300=0 total=6\n",
    "proc/schedstat": "version 15\ntimestamp 15819019232\ncpu0 498494191 0 3533438552 2553969831 3853684107 2465731542 "
    "2045936778163039 343796328169361 4767485306\ndomain0 00000000,00000003 212499247 210112015\n",
    "proc/diskstats": "   7  0 loop0 0 0 0 0 0 0 0 0 0 0 0\n   8  0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"
    "   8  1 sda1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n 259  0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"
    " 259  1 nvme0n1p1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n 253  0 dm-0 1 2 3 4 5 6 7 8 9 10 11\n"
    "   8 16 sdaa1 1 2 3 4 5 6 7 8 9 10 11\n",
    "proc/net/dev": "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
    "    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
    "proc/net/arp": "IP address       HW type     Flags       HW address            Mask     Device\n"
    "192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0\n"
    "192.0.2.2        0x1         0x2         02:fc:00:00:00:06     *        eth0\n",
    "proc/net/netstat": "TcpExt: SyncookiesSent TWRecycled ListenOverflows ListenDrops TCPSynRetrans\nTcpExt: 1 2 3 4 5\n"
    "IpExt: InNoRoutes InOctets OutOctets\nIpExt: 6 7 8\n",
    "proc/net/snmp": "Ip: Forwarding DefaultTTL\nIp: 2 64\nIcmpMsg: InType3\nIcmpMsg: 104\n"
    "Tcp: MaxConn ActiveOpens CurrEstab InErrs\nTcp: -1 12 9 10\nUdpLite: InDatagrams InErrors\nUdpLite: 11 12\n",
    "proc/net/snmp6": "Ip6InReceives                   \t1\nIp6InOctets                     \t128\n"
    "Icmp6InErrors                   \t4\nUdpLite6InErrors                \t3\n",
    "proc/net/sockstat": "sockets: used 229\nTCP: inuse 4 orphan 0 tw 4 alloc 17 mem 1\nUDP: inuse 0 mem 2\nUDPLITE: inuse 0\n"
    "RAW: inuse 0\nFRAG: inuse 0 memory 5\n",
    "proc/net/sockstat6": "TCP6: inuse 17\nUDP6: inuse 9\nUDPLITE6: inuse 0\nRAW6: inuse 1\nFRAG6: inuse 0 memory 0\n",
    "proc/net/softnet_stat": "000033b6 0000000f 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n",
    "proc/sys/net/netfilter/nf_conntrack_count": "123\n",
    "proc/sys/net/netfilter/nf_conntrack_max": "65536\n",
    "proc/net/stat/nf_conntrack": "entries  searched found new invalid ignore delete delete_list insert insert_failed drop early_drop "
    "icmp_error  expect_new expect_create expect_delete search_restart\n"
    "00000021  00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008 00000009 0000000a 0000000b 0000000c  "
    "0000000d 0000000e 0000000f 00000010\n",
    "proc/sys/fs/file-nr": "1024\t0\t1631329\n",
    "proc/sys/kernel/random/entropy_avail": "250\n",
    "proc/sys/kernel/random/poolsize": "256\n",
    "proc/1/mounts": "/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/sdb1 /mnt/with\\040blank xfs ro,noatime 0 0\n"
    "tmpfs /dev/shm tmpfs rw 0 0\noverlay /var/lib/docker/overlay2/1/merged overlay rw 0 0\nserver:/home /gone nfs4 rw 0 0\n",
    "etc/os-release": 'PRETTY_NAME="Ubuntu 22.04.1 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nVERSION="22.04.1 LTS (Jammy)"\n'
    "VERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian\n",
    "proc/net/udp": "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
    "    0: 0A000005:0016 00000000:0000 0A 00000015:00000000 00:00000000 00000000     0        0 2740 1 ffff88003d3af3c0 0\n"
    "    1: 00000000:0016 00000000:0000 0A 00000001:00000A01 00:00000000 00000000     0        0 2740 1 ffff88003d3af3c0 0\n",
    "run/udev/data/b8:0": "S:disk/by-id/ata-x\nE:ID_ATA=1\nE:ID_MODEL=SSD 9\nE:ID_SERIAL_SHORT=S1\nE:ID_PATH=pci-1\nE:ID_WWN=0x5\n"
    "E:ID_REVISION=2\nE:ID_ATA_WRITE_CACHE=1\nE:ID_ATA_WRITE_CACHE_ENABLED=0\nE:ID_ATA_ROTATION_RATE_RPM=7200\n",
    "run/udev/data/b253:0": "E:DM_NAME=vg-root\nE:DM_UUID=LVM-1\nE:DM_VG_NAME=vg\nE:DM_LV_NAME=root\nE:DM_LV_LAYER=l\n"
    "E:ID_FS_TYPE=ext4\nE:ID_FS_USAGE=filesystem\nE:ID_FS_UUID=u-1\nE:ID_FS_VERSION=1.0\n",
    "sys/class/net/eth0/address": "01:01:01:01:01:01\n",
    "sys/class/net/eth0/broadcast": "ff:ff:ff:ff:ff:ff\n",
    "sys/class/net/eth0/operstate": "up\n",
    "sys/class/net/eth0/duplex": "full\n",
    "sys/class/net/eth0/ifalias": "\n",
    "sys/class/net/eth0/carrier": "1\n",
    "sys/class/net/eth0/dev_id": "0x20\n",
    "sys/class/net/eth0/flags": "0x1303\n",
    "sys/class/net/eth0/speed": "1000\n",
    "sys/class/net/eth0/mtu": "1500\n",
    "sys/class/net/eth0/type": "1\n",
    "sys/class/net/eth0/tx_queue_len": "1000\n",
    "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet \n",
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_cur_freq": "1699981\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "3700000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_min_freq": "800000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1699981\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq": "3700000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq": "800000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_available_governors": "performance powersave\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_driver": "intel_pstate\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_setspeed": "<unsupported>\n",
    "sys/devices/system/cpu/cpu0/cpufreq/affected_cpus": "0\n",
    "sys/devices/system/cpu/cpu0/cpufreq/related_cpus": "0\n",
    "sys/class/thermal/thermal_zone0/type": "x86_pkg_temp\n",
    "sys/class/thermal/thermal_zone0/temp": "49925\n",
    "sys/class/thermal/thermal_zone0/policy": "step_wise\n",
    "sys/class/thermal/thermal_zone1/type": "acpitz\n",
    "sys/class/thermal/thermal_zone1/temp": "-44000\n",
    "sys/class/thermal/thermal_zone1/policy": "step_wise\n",
    "sys/class/thermal/cooling_device0/type": "Processor\n",
    "sys/class/thermal/cooling_device0/cur_state": "1\n",
    "sys/class/thermal/cooling_device0/max_state": "3\n",
}
CHIPS = {
    "devices/platform/coretemp.0/hwmon/hwmon0": {
        "name": "coretemp", "temp1_input": "55000", "temp1_label": "Package id 0", "temp1_max": "84000", "temp1_crit": "100000",
        "temp1_crit_alarm": "0", "temp1_crit_hyst": "95000", "temp1_alarm": "1", "temp1_type": "3", "temp1_fault": "0",
        "temp1_beep": "1",
    },
    "devices/pci0000:00/0000:00:18.3/hwmon/hwmon1": {"name": "k10temp", "temp1_input": "38850", "temp2_input": "-5000"},
    "devices/virtual/hwmon/hwmon2": {
        "name": "Acpi-tz", "power1_average": "15000000", "power1_average_interval": "1000", "power1_accuracy": "5",
        "power1_alarm": "0", "power1_label": "PPT", "in0_input": "3300", "energy1_input": "123456789",
    },
    "devices/platform/Odd-Chip.2/hwmon/hwmon3": {
        "name": "it8728", "fan1_input": "1200", "fan1_min": "300", "fan1_alarm": "1", "fan1_beep": "0", "fan1_div": "2",
        "fan1_pulses": "2", "fan1_target": "1500", "fan1_label": "CPU Fan", "fan1_fault": "0", "in1_input": "1056",
        "in1_max": "3060", "in1_alarm": "0", "curr1_input": "2500", "curr1_max": "9000", "humidity1_input": "45000",
        "pwm1": "128", "pwm1_enable": "2", "pwm1_auto_point1_temp": "30000", "update_interval": "1500",
        "intrusion0_alarm": "1",
    },
}  # fmt: skip


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder that looks like a machine with sensors, a packet filter and scheduler statistics."""
    root = tmp_path / "machine"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "mnt/with blank").mkdir(parents=True)
    (root / "sys/class/hwmon").mkdir(parents=True)
    for number, (place, files) in enumerate(CHIPS.items()):
        chip = root / "sys" / place
        chip.mkdir(parents=True)
        for name, text in files.items():
            (chip / name).write_text(text + "\n")
        if "virtual" not in place:
            (chip / "device").symlink_to("../..")
        (root / f"sys/class/hwmon/hwmon{number}").symlink_to(f"../../{place}")
    return root


def test_collectors_read_a_folder_as_node_exporter_reads_it(programs, tmp_path, machine):
    """Over files that do not change, all values are the same."""
    paths = (
        f"--path.procfs={machine}/proc",
        f"--path.sysfs={machine}/sys",
        f"--path.rootfs={machine}",
        f"--path.udev.data={machine}/run/udev/data",
    )
    live_only = re.compile(r"node_(time_seconds|time_zone|timex|uname|selinux)")
    with node_exporter(tmp_path, *paths, "--no-collector.netdev.netlink") as url:
        peers = {name: family for name, family in theirs(url).items() if not live_only.match(name)}
    mine = {name: family for name, family in ours(programs, machine).items() if not live_only.match(name)}
    problems = same_shape(mine, peers)
    assert problems == [], "\n".join(problems)
    for name in (
        "node_hwmon_temp_celsius",
        "node_schedstat_timeslices_total",
        "node_nf_conntrack_stat_found",
        "node_disk_device_mapper_info",
    ):
        assert name in peers  # they have read the folder, not this machine
    wrong = [
        f"{name}{sorted(key)}: {mine[name].values[key]}, theirs {value}"
        for name, family in peers.items()
        for key, value in family.values.items()
        # Space of the file system that the folder lies in is taken and given back meanwhile.
        if not math.isclose(mine[name].values[key], value, rel_tol=0.1 if "filesystem" in name else 1e-12)
    ]
    assert wrong == [], "\n".join(wrong)
