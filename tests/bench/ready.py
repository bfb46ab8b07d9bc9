#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How long it takes until writes are seen: from exec to the line that says so. Timings gate nothing."""
import sys
import time

import bench

ROUNDS = 3 if bench.QUICK else 20


class OnOneCpu(bench.Spillwatch):
    """What it takes where programs can't be verified side by side."""

    def __init__(self, cgroup):
        super().__init__(cgroup, "spillwatch, one CPU")
        self.command = ["taskset", "-c", "0", *self.command]


def main():
    with bench.Cgroup() as cgroup:
        states = [bench.empty(), bench.Spillwatch(cgroup), OnOneCpu(cgroup)]
        peer, problem = bench.bpftrace(cgroup)
        states += [peer] if peer else []
        if problem:
            bench.say(f"left out: bpftrace ({problem})")
        millis = {state.name: [] for state in states}
        for _ in range(ROUNDS):
            for state in states:
                start = time.perf_counter()
                with state:
                    millis[state.name].append((time.perf_counter() - start) * 1000)
    rows = [{"state": name, **bench.spread(values)} for name, values in millis.items()]
    bench.say(f"until writes are seen, ms, {ROUNDS} alternating rounds\n")
    bench.table(
        ["", "median", "least", "quartiles"],
        [[r["state"], bench.count(r["median"]), bench.count(r["least"]), f"{bench.count(r['low'])} to {bench.count(r['high'])}"] for r in rows],
    )
    bench.save("ready", {"unit": "ms", "rounds": ROUNDS, "rows": rows})
    return 1 if bench.check_losses(states) else 0


if __name__ == "__main__":
    sys.exit(main())
