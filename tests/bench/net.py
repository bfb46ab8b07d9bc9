#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a second look costs where bytes leave for the disk: sequential writing with fsync, by write(2) and through a
mapping, with and without --net, in alternating rounds; then what the programs take for a page, by the kernel's own count.
Timings gate nothing; what was lost does."""
import json
import mmap
import os
import shutil
import subprocess
import sys
import time

import bench

ROUNDS = 2 if bench.QUICK else 11
MEBIBYTES = 32 if bench.QUICK else 256
CHUNK = 4 << 20
STATISTICS = "/proc/sys/kernel/bpf_stats_enabled"
PROGRAMS = ("recheck_bio", "recheck_dirty")


def text():
    line = b"2026-01-01T00:00:00Z host service[1234]: request took 12 ms, 200 OK\n"
    return (line * (CHUNK // len(line) + 1))[:CHUNK]


def by_write(path, data):
    with open(path, "wb", buffering=0) as file:
        for _ in range(MEBIBYTES * (1 << 20) // CHUNK):
            file.write(data)
            os.fsync(file.fileno())


def by_mapping(path, data):
    with open(path, "w+b", buffering=0) as file:
        file.truncate(MEBIBYTES << 20)
        for at in range(0, MEBIBYTES << 20, CHUNK):
            with mmap.mmap(file.fileno(), CHUNK, offset=at) as window:
                window[:] = data
                window.flush()


WAYS = {"write": by_write, "mapping": by_mapping}


def child(way, path):
    """What the measured process does: MiB/s on standard output."""
    data = text()
    start = time.perf_counter()
    WAYS[way](path, data)
    print(MEBIBYTES / (time.perf_counter() - start))


def once(cgroup, way, directory):
    path = os.path.join(directory, way)
    result = cgroup.run([sys.executable, __file__, way, path], capture_output=True, text=True)
    os.unlink(path)
    return float(result.stdout)


def programs():
    """name → (runs, ns) of the second look's programs."""
    tool = shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    shown = json.loads(subprocess.run([tool, "-j", "prog", "show"], capture_output=True, text=True, check=True).stdout)
    return {p["name"]: (p.get("run_cnt", 0), p.get("run_time_ns", 0)) for p in shown if p.get("name") in PROGRAMS}


def per_page(cgroup, directory):
    """way → program → ns a page."""
    pages = MEBIBYTES * 256
    found = {}
    with open(STATISTICS, encoding="ascii") as file:
        before = file.read()
    try:
        with open(STATISTICS, "w", encoding="ascii") as file:
            file.write("1")
        for way in WAYS:
            with bench.Spillwatch(cgroup, options=("--no-store",)):
                once(cgroup, way, directory)
                found[way] = {name: ns / pages for name, (_, ns) in programs().items()}
    finally:
        with open(STATISTICS, "w", encoding="ascii") as file:
            file.write(before)
    return found


def main():
    if len(sys.argv) == 3:
        return child(sys.argv[1], sys.argv[2])
    rows = []
    with bench.Cgroup() as cgroup, bench.directory() as directory:
        states = [
            bench.empty(),
            bench.Spillwatch(cgroup, "spillwatch --net off", ("--no-store", "--net", "off")),
            bench.Spillwatch(cgroup, "spillwatch", ("--no-store",)),
        ]
        speed = {(way, state.name): [] for way in WAYS for state in states}
        for _ in range(ROUNDS):
            for state in states:
                with state:
                    for way in WAYS:
                        speed[way, state.name].append(once(cgroup, way, directory))
        took = per_page(cgroup, directory)
    for (way, state), values in speed.items():
        ratios = [value / first for value, first in zip(values, speed[way, "empty"])]
        rows.append({"way": way, "state": state, **bench.spread(values), "ratio": bench.spread(ratios)["median"]})
    bench.say(f"{MEBIBYTES} MiB of text to a file, fsync every 4 MiB, {ROUNDS} alternating rounds, MiB/s\n")
    bench.table(
        ["", "median", "quartiles", "against the empty program"],
        [[f"{r['way']}, {r['state']}", bench.count(r["median"]), f"{bench.count(r['low'])} to {bench.count(r['high'])}", f"{r['ratio']:.2f}x"] for r in rows],
    )
    bench.say("\nns a page in the second look's programs (kernel.bpf_stats_enabled)\n")
    bench.table(["", *PROGRAMS], [[way, *(bench.count(took[way].get(name, 0)) for name in PROGRAMS)] for way in WAYS])
    bench.save("net", {"unit": "MiB/s", "rounds": ROUNDS, "rows": rows, "ns_per_page": took})
    return 1 if bench.check_losses(states) else 0


if __name__ == "__main__":
    sys.exit(main())
