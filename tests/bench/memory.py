#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Memory over a soak of BENCH_SOAK seconds (600) under a load of new tokens and innocent writes, and CPU time
while nothing happens. Ends with 1 if the daemon uses CPU time while idle, if its memory goes on growing, or if it is
over its bound."""
import os
import re
import subprocess
import sys
import time

import bench

SOAK = int(os.environ.get("BENCH_SOAK", 8 if bench.QUICK else 600))
IDLE = 3 if bench.QUICK else 10
# tokens a second, all different, so that every table fills up
RATE = 500
LIVE_WRITER = bench.BUILD + "/tests/live/writers/writer"
# what it may have at most; and how much more at the end than half-way, when tables are full and the heap has found its size
RSS_BOUND_KIB = 10 << 10
MAPS_BOUND_KIB = 16 << 10
GROWTH_KIB = 1 << 10


def rss_kib(pid):
    """What is resident, but for the ring, which is a BPF map: it is mapped twice in a row, and counted with the maps."""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        parts = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", file.read(), flags=re.M)
    return sum(int(re.search(r"^Rss:\s*(\d+)", p, re.M).group(1)) for p in parts if "Rss:" in p and "bpf-map" not in p)


def maps_kib(pid):
    """Kernel memory of all BPF maps that it holds."""
    total, seen = 0, set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with open(f"/proc/{pid}/fdinfo/{fd}", encoding="utf-8") as file:
            text = file.read()
        identity = re.search(r"^map_id:\s*(\d+)", text, re.M)
        if identity and identity.group(1) not in seen:
            seen.add(identity.group(1))
            total += int(re.search(r"^memlock:\s*(\d+)", text, re.M).group(1))
    return total // 1024


def ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def soak(pid, cgroup, where):
    """Samples of memory, while a writer of tokens and one of innocent text run."""
    storm = [LIVE_WRITER, "storm", where + "/tokens", str(RATE * SOAK), str(RATE)]
    load = [
        subprocess.Popen(storm, preexec_fn=cgroup.join),
        # a fifth of a CPU's worth at most: 200 ms of writes in each second
        subprocess.Popen(
            f'while "{bench.WRITER}" "{where}" 200 file:text:4096 >/dev/null; do sleep 0.8; done',
            shell=True,
            preexec_fn=cgroup.join,
        ),
    ]
    samples = []
    start = time.monotonic()
    try:
        while (now := time.monotonic() - start) < SOAK:
            samples.append({"s": round(now, 1), "rss_kib": rss_kib(pid), "maps_kib": maps_kib(pid), "ticks": ticks(pid)})
            time.sleep(min(5, SOAK / 20))
    finally:
        for process in load:
            process.terminate()
            process.wait()
        # the innocent writer's last run is a process of its own
        while open(cgroup.path + "/cgroup.procs", encoding="ascii").read():
            time.sleep(0.05)
    return samples


def main():
    with bench.directory() as where, bench.Cgroup() as cgroup:
        with bench.Spillwatch(cgroup, options=["--alerts", "/dev/null"]) as state:
            pid = state.process.pid
            time.sleep(0.5)
            before = ticks(pid)
            time.sleep(IDLE)
            idle = ticks(pid) - before
            at_start = {"rss_kib": rss_kib(pid), "maps_kib": maps_kib(pid)}
            samples = soak(pid, cgroup, where)
    middle, last = samples[len(samples) // 2], samples[-1]
    growth = last["rss_kib"] + last["maps_kib"] - middle["rss_kib"] - middle["maps_kib"]
    problems = []
    if idle:
        problems.append(f"{idle} ticks of CPU time in {IDLE} idle seconds")
    if last["rss_kib"] > RSS_BOUND_KIB or last["maps_kib"] > MAPS_BOUND_KIB:
        problems.append("over the bound")
    if growth > GROWTH_KIB and not bench.QUICK:
        problems.append(f"grew by {growth:,} KiB in the second half")
    per_second = (last["ticks"] - samples[0]["ticks"]) / os.sysconf("SC_CLK_TCK") / max(last["s"], 1)
    bench.say(f"memory over {SOAK} s of {RATE} new tokens a second, {state.alerts:,} alerts, {state.writes:,} writes\n")
    bench.table(
        ["", "at the start", "half-way", "at the end", "bound"],
        [
            ["resident without the ring, KiB"] + [f"{v:,}" for v in (at_start["rss_kib"], middle["rss_kib"], last["rss_kib"], RSS_BOUND_KIB)],
            ["BPF maps, KiB"] + [f"{v:,}" for v in (at_start["maps_kib"], middle["maps_kib"], last["maps_kib"], MAPS_BOUND_KIB)],
        ],
    )
    bench.say(f"\nidle: {idle} ticks of CPU time in {IDLE} s; under the load: {per_second:.1%} of one CPU")
    for problem in problems:
        bench.say("FAILED: " + problem)
    lost = bench.check_losses([state])
    bench.save(
        "memory",
        {
            "unit": "KiB",
            "soak_s": SOAK,
            "tokens_a_second": RATE,
            "idle_ticks": idle,
            "idle_s": IDLE,
            "cpu_share": per_second,
            "start": at_start,
            "losses": state.losses,
            "problems": problems,
            "samples": samples,
        },
    )
    return 1 if problems or lost else 0


if __name__ == "__main__":
    sys.exit(main())
