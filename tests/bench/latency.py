#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""From a write's return to its alert: tokens at a slow pace, as a histogram. Ends with 1 if an alert is missing or
something was lost; timings gate nothing."""
import statistics
import sys

import bench

TOOL = bench.BUILD + "/tests/bench/latency"
COUNT = 200 if bench.QUICK else 2000
PAUSE_US = 2000
# upper ends in microseconds
BUCKETS = (10, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000, 2000, 5000, 10000)


def parse(text):
    return {line.split()[0]: int(line.split()[1]) for line in text.splitlines()}


def main():
    with bench.directory() as where, bench.Cgroup() as cgroup:
        state = bench.Spillwatch(cgroup, options=["--alerts", where + "/alerts"])
        with state:
            command = [TOOL, where + "/tokens", str(COUNT), str(PAUSE_US), where + "/alerts"]
            written = parse(cgroup.run(command, capture_output=True, text=True).stdout)
    missing = [identifier for identifier, ns in written.items() if ns == -1]
    # an alert can be there before its writer has looked at the clock
    micros = sorted(max(ns, 0) / 1000 for ns in written.values() if ns != -1)
    histogram, low = [], None
    for bucket in BUCKETS:
        histogram.append({"up_to_us": bucket, "alerts": sum(1 for v in micros if (low is None or v > low) and v <= bucket)})
        low = bucket
    histogram.append({"up_to_us": None, "alerts": sum(1 for v in micros if v > low)})
    bench.say(f"from a write's return to its alert's line, {len(micros)} tokens, one every {PAUSE_US / 1000:g} ms\n")
    bench.table(
        ["up to", "alerts", "share"],
        [
            [f"{h['up_to_us']:,} µs" if h["up_to_us"] else "more", h["alerts"], "#" * round(50 * h["alerts"] / len(micros))]
            for h in histogram
        ],
    )
    cut = statistics.quantiles(micros, n=1000, method="inclusive")
    figures = {"median": cut[499], "p90": cut[899], "p99": cut[989], "p999": cut[998], "max": micros[-1]}
    bench.say("\n" + ", ".join(f"{name} {bench.count(value)} µs" for name, value in figures.items()))
    lost = bench.check_losses([state])
    if missing:
        bench.say(f"MISSING: {len(missing)} of {len(written)} tokens have no alert")
    bench.save("latency", {"unit": "µs", "tokens": len(written), "missing": len(missing), **figures, "histogram": histogram})
    return 1 if lost or missing else 0


if __name__ == "__main__":
    sys.exit(main())
