#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Tokens a second: what a writer of nothing but tokens gets through, what becomes of them, and what each costs the daemon, with
a profile of that where there is perf(1). Ends with 1 if a
token is neither alerted nor counted, or if one is lost at the pace that must be borne; timings gate nothing."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import bench

WRITER = bench.BUILD + "/tests/live/writers/writer"
COUNT = 5000 if bench.QUICK else 30000
ROUNDS = 1 if bench.QUICK else 3
LARGE = ["--ring-bytes", "16777216"]
FAST = ["--alerts-bytes", "0"]
TICK = os.sysconf("SC_CLK_TCK")
# name, mode, its last argument, options, whether nothing may be lost
CASES = (
    ("distinct, 10,000 a second, 16 MiB ring", "storm", "10000", LARGE, True),
    ("distinct, full speed, 16 MiB ring", "storm", "0", LARGE, False),
    ("distinct, full speed, default ring", "storm", "0", [], False),
    ("distinct, 50,000 a second, default ring, with a store", "storm", "50000", FAST + ["--store", "STORE"], False),
    ("distinct, 100,000 a second, default ring, without one", "storm", "100000", FAST + ["--no-store"], False),
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


def cpu(pid):
    """Seconds of CPU time that a process has used so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def one(cgroup, where, case):
    """One round: without, then with."""
    _, mode, argument, options, _ = case
    without = write(cgroup, where, mode, argument)
    alerts = where + "/alerts"
    options = [where + "/audit.db" if option == "STORE" else option for option in options]
    state = bench.Spillwatch(cgroup, options=["--alerts", alerts, *options])
    with state:
        used = cpu(state.process.pid)
        start = time.perf_counter()
        taken = write(cgroup, where, mode, argument)
        told = settle(alerts) - start
        used = cpu(state.process.pid) - used
    alerted, repeated = judge(alerts)
    os.unlink(alerts)
    # what an output or the store had no room for is lost to that one, by name
    late = [text for text in state.losses if "takes them too slowly" in text]
    undelivered = sum(state.losses.pop(text) for text in late)
    state.losses.pop("writes of tokens that the store could not take", 0)
    return {
        "without": COUNT / without,
        "with": COUNT / taken,
        "alerts_s": alerted / told,
        "cpu_us": used * 1e6 / max(alerted, 1),
        "alerted": alerted,
        "repeated": repeated,
        "lost": undelivered
        + state.losses.pop("samples dropped because the ring buffer was full", 0)
        + state.losses.pop("samples of writers that had more than their share of a ring buffer that was half full", 0)
        + state.losses.pop("writes that repeated what was alerted, by the last count, for which no alert is kept any more", 0),
        "other_losses": state.losses,
    }


def profile(cgroup, where):
    """Where the daemon's time goes while it has all it can do: its functions, the most first."""
    if not shutil.which("perf"):
        return ["perf is not installed: no profile"]
    data = where + "/perf.data"
    state = bench.Spillwatch(cgroup, options=["--alerts", where + "/alerts", "--store", where + "/audit.db", *FAST, *LARGE])
    with state:
        perf = subprocess.Popen(
            ["perf", "record", "-q", "-o", data, "-F", "999", "-p", str(state.process.pid)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.5)
        write(cgroup, where, "storm", "0")
        settle(where + "/alerts")
        perf.send_signal(signal.SIGINT)
        perf.wait()
    report = subprocess.run(
        ["perf", "report", "-i", data, "--no-children", "--sort", "dso,symbol"], capture_output=True, text=True, check=False
    ).stdout
    return re.findall(r"^ +\d+\.\d+% .*?(?= +-|$)", report, re.M)[:15] or ["perf has nothing to report"]


def main():
    rows, problems = [], []
    with bench.directory() as where, bench.Cgroup() as cgroup:
        results = {case[0]: [] for case in CASES}
        for _ in range(ROUNDS):
            for case in CASES:
                results[case[0]].append(one(cgroup, where, case))
        top = profile(cgroup, where)
    for name, _, _, _, lossless in CASES:
        of = results[name]
        row = {"case": name, "without": bench.spread([r["without"] for r in of]), "with": bench.spread([r["with"] for r in of])}
        for key in ("alerts_s", "cpu_us", "alerted", "repeated", "lost"):
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
        ["", "tokens/s without", "tokens/s with", "alerts/s", "CPU µs an alert", "alerted", "repeats counted", "lost, counted"],
        [
            [row["case"]] + [f"{row[k]['median']:,.0f}" for k in ("without", "with", "alerts_s", "cpu_us", "alerted", "repeated", "lost")]
            for row in rows
        ],
    )
    bench.say("\nthe daemon's functions, at full speed with a 16 MiB ring and a store")
    for line in top:
        bench.say(line.rstrip())
    for problem in problems:
        bench.say("FAILED: " + problem)
    bench.save("storm", {"unit": "tokens a second", "tokens": COUNT, "rounds": ROUNDS, "problems": problems, "rows": rows, "profile": top})
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
