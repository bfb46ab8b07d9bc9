#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Tokens a second: what a writer of nothing but tokens gets through, and what becomes of them. Ends with 1 if a
token is neither alerted nor counted, or if one is lost at the pace that must be borne; timings gate nothing."""
import json
import os
import sys
import time

import bench

WRITER = bench.BUILD + "/tests/live/writers/writer"
COUNT = 5000 if bench.QUICK else 30000
ROUNDS = 1 if bench.QUICK else 3
LARGE = ["--ring-bytes", "16777216"]
# name, mode, its last argument, options, whether nothing may be lost
CASES = (
    ("distinct, 10,000 a second, 16 MiB ring", "storm", "10000", LARGE, True),
    ("distinct, full speed, 16 MiB ring", "storm", "0", LARGE, False),
    ("distinct, full speed, default ring", "storm", "0", [], False),
    ("3,000 in turn, full speed", "cycle", "3000", [], False),
    ("one, again and again, full speed", "repeat", "1", [], True),
)


def write(cgroup, where, mode, argument):
    """Seconds that the writer took."""
    path = where + "/storm"
    start = time.perf_counter()
    cgroup.run([WRITER, mode, path, str(COUNT), argument])
    taken = time.perf_counter() - start
    os.unlink(path)
    return taken


def settle(path):
    """Waits until nothing is added to an alert file any more; returns when the last was, by the clock of `write`.
    (At its end, the daemon gives itself a bounded time for what is still in the ring.)"""
    size, last = -1, time.perf_counter()
    while time.perf_counter() - last < 0.7:
        now = os.stat(path).st_size
        if now != size:
            size, last = now, time.perf_counter()
        time.sleep(0.02)
    return last


def judge(path):
    """Tokens alerted and repeats told by an alert file: a repeats' count grows, the last one stands."""
    first, repeats = 0, {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            alert = json.loads(line)
            if alert["event"]["action"] == "token-written":
                first += 1
            elif alert["event"]["action"] == "token-repeated":
                repeats[alert["token"]["identifier"]] = alert["write"]["repeats"]
    return first, sum(repeats.values())


def one(cgroup, where, case):
    """One round: without, then with."""
    _, mode, argument, options, _ = case
    without = write(cgroup, where, mode, argument)
    alerts = where + "/alerts"
    state = bench.Spillwatch(cgroup, options=["--alerts", alerts, *options])
    with state:
        start = time.perf_counter()
        taken = write(cgroup, where, mode, argument)
        told = settle(alerts) - start
    alerted, repeated = judge(alerts)
    os.unlink(alerts)
    return {
        "without": COUNT / without,
        "with": COUNT / taken,
        "alerts_s": alerted / told,
        "alerted": alerted,
        "repeated": repeated,
        "lost": state.losses.pop("samples dropped because the ring buffer was full", 0)
        + state.losses.pop("samples of writers that had more than their share of a ring buffer that was half full", 0)
        + state.losses.pop("writes that repeated what was alerted, by the last count, for which no alert is kept any more", 0),
        "other_losses": state.losses,
    }


def main():
    rows, problems = [], []
    with bench.directory() as where, bench.Cgroup() as cgroup:
        results = {case[0]: [] for case in CASES}
        for _ in range(ROUNDS):
            for case in CASES:
                results[case[0]].append(one(cgroup, where, case))
    for name, _, _, _, lossless in CASES:
        of = results[name]
        row = {"case": name, "without": bench.spread([r["without"] for r in of]), "with": bench.spread([r["with"] for r in of])}
        for key in ("alerts_s", "alerted", "repeated", "lost"):
            row[key] = bench.spread([r[key] for r in of])
        rows.append(row)
        for result in of:
            accounted = result["alerted"] + result["repeated"] + result["lost"]
            if accounted != COUNT or result["other_losses"]:
                problems.append(f"{name}: {COUNT} written, {accounted} accounted for, {result['other_losses']}")
            if lossless and result["lost"]:
                problems.append(f"{name}: {result['lost']} lost")
    bench.say(f"{COUNT:,} tokens, a line and a write each, medians of {ROUNDS} rounds\n")
    bench.table(
        ["", "tokens/s without", "tokens/s with", "alerts/s", "alerted", "repeats counted", "lost, counted"],
        [
            [row["case"]] + [f"{row[k]['median']:,.0f}" for k in ("without", "with", "alerts_s", "alerted", "repeated", "lost")]
            for row in rows
        ],
    )
    for problem in problems:
        bench.say("FAILED: " + problem)
    bench.save("storm", {"unit": "tokens a second", "tokens": COUNT, "rounds": ROUNDS, "problems": problems, "rows": rows})
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
