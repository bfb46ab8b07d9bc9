#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Tokens a second: what a writer of nothing but tokens gets through, what becomes of them, and what each costs the daemon, with
a profile of that where there is perf(1). Ends with 1 if a
token is neither alerted nor counted, or if one is lost at the pace that must be borne; timings gate nothing.

BENCH_SECONDS=10: nothing but the rows with a pace of 50,000 or more, for so long. BENCH_BEFORE=FILE: another executable of
spillwatch, measured in turn with this one."""
import contextlib
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
SECONDS = int(os.environ.get("BENCH_SECONDS", 0))
BEFORE = os.environ.get("BENCH_BEFORE")
ROUNDS = 1 if bench.QUICK or SECONDS else 3
LARGE = ["--ring-bytes", "16777216", "--no-store"]
FAST = ["--alerts-bytes", "0"]
FILES = "64"
# name, mode, its last arguments, options (--store: a store of its own), whether nothing may be lost. `fan`, unlike `storm`, makes up for
# what it was late, at twice the pace: so many a second are what is written, if they can be
CASES = (
    ("distinct, 10,000 a second, 16 MiB ring", "storm", ("10000",), LARGE, True),
    ("distinct, full speed, 16 MiB ring", "storm", ("0",), LARGE, False),
    ("distinct, full speed, default ring", "storm", ("0",), ["--store"], False),
    ("distinct, 50,000 a second, default ring, with a store", "fan", ("50000", "1"), FAST + ["--store"], False),
    ("distinct, 100,000 a second, default ring, without one", "fan", ("100000", "1"), FAST + ["--no-store"], False),
    ("the same with a store, through 64 files", "fan", ("50000", FILES), FAST + ["--store"], False),
    ("the same without one, through 64 files", "fan", ("100000", FILES), FAST + ["--no-store"], False),
    ("3,000 in turn, full speed", "cycle", ("3000",), ["--no-store"], False),
    ("one, again and again, full speed", "repeat", ("1",), ["--no-store"], True),
)
# what is measured, the one that it is about last
PROGRAMS = ([(", before", BEFORE)] if BEFORE else []) + [("", bench.SPILLWATCH)]
if SECONDS:
    CASES = tuple(case for case in CASES if case[1] == "fan")
# tables that are bounded by intent: what falls out of them is told again with its next write, and nothing of it is lost
FORGOTTEN = (
    "leaks that were forgotten for room: their next write is alerted as a first one",
    "tokens in a place that were forgotten for room: a look into the file alerts them again",
)


def amount(case):
    """How many tokens are written."""
    return SECONDS * int(case[2][0]) or COUNT


def write(cgroup, where, case):
    """Seconds that the writer took."""
    _, mode, arguments, _, _ = case
    path = where + "/storm"
    start = time.perf_counter()
    cgroup.run([WRITER, mode, path, str(amount(case)), *arguments])
    taken = time.perf_counter() - start
    for number in range(int(FILES)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{path}.{number}" if mode == "fan" else path)
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
    """Nanoseconds of CPU time that each thread of a process has used so far; the first is the one that empties the ring."""
    used = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            used[int(thread)] = int(file.read().split()[0])
    return used


def one(cgroup, where, case, program):
    """One round: without, then with."""
    store = "--no-store" not in case[3]
    options = [option for option in case[3] if option != "--store"] + (["--store", where + "/audit.db"] if store else [])
    without = write(cgroup, where, case)
    alerts = where + "/alerts"
    bench.SPILLWATCH = program
    state = bench.Spillwatch(cgroup, options=["--alerts", alerts, *options])
    with state:
        pid = state.process.pid
        before = cpu(pid)
        start = time.perf_counter()
        taken = write(cgroup, where, case)
        told = settle(alerts) - start
        # the store takes what waits once a second
        if store:
            time.sleep(1.5)
        used = {thread: ns - before.get(thread, 0) for thread, ns in cpu(pid).items()}
    alerted, repeated = judge(alerts)
    os.unlink(alerts)
    if store:
        for name in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(where + "/audit.db" + name)
    # what an output or the store had no room for is lost to that one, by name
    late = [text for text in state.losses if "takes them too slowly" in text]
    undelivered = sum(state.losses.pop(text) for text in late)
    for text in FORGOTTEN:
        state.losses.pop(text, 0)
    # of those that the ring had no room for: alerted after all
    late_found = re.search(r"(\d+) tokens? w(?:as|ere) found late", state.said)
    undelivered -= int(late_found.group(1)) if late_found else 0
    return {
        "without": amount(case) / without,
        "with": amount(case) / taken,
        "alerts_s": alerted / told,
        "cpu_us": sum(used.values()) / 1000 / max(alerted, 1),
        "loop_us": used[pid] / 1000 / max(alerted, 1),
        "alerted": alerted,
        "repeated": repeated,
        "unstored": state.losses.pop("writes of tokens that the store could not take", 0),
        "lost": undelivered
        + state.losses.pop("samples dropped because the ring buffer was full", 0)
        + state.losses.pop("samples of writers that had more than their share of a ring buffer that was half full", 0)
        + state.losses.pop("writes that repeated what was alerted, by the last count, for which no alert is kept any more", 0),
        "other_losses": state.losses,
    }


def profile(cgroup, where):
    """Where the daemon's time goes while it has all it can do: its threads, and the functions of each, the most first."""
    if not shutil.which("perf"):
        return ["perf is not installed: no profile"]
    data = where + "/perf.data"
    bench.SPILLWATCH = PROGRAMS[-1][1]
    state = bench.Spillwatch(cgroup, options=["--alerts", where + "/alerts", "--store", where + "/audit.db", *FAST, *LARGE[:2]])
    with state:
        perf = subprocess.Popen(
            ["perf", "record", "-q", "-e", "cpu-clock", "-o", data, "-F", "1999", "-p", str(state.process.pid)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.5)
        write(cgroup, where, ("", "storm", ("0",), (), False))
        settle(where + "/alerts")
        perf.send_signal(signal.SIGINT)
        perf.wait()
    report = subprocess.run(
        ["perf", "report", "-i", data, "--no-children", "--sort", "pid,dso,symbol"], capture_output=True, text=True, check=False
    ).stdout
    threads = {}
    for share, thread, where_it_is, symbol in re.findall(r"^ +([0-9.]+)% +(\d+):\S+ +(\S+) +\[.\] (\S+)", report, re.M):
        threads.setdefault(int(thread), []).append((float(share), f"{where_it_is} {symbol}"))
    lines = []
    for thread in sorted(threads):
        # without symbols of its library a function has a line for each of its addresses
        known = [entry for entry in threads[thread] if " 0x" not in entry[1]]
        rest = sum(share for share, name in threads[thread] if " 0x" in name)
        lines.append(f"{sum(share for share, _ in threads[thread]):5.1f}%  {'the loop' if thread == state.process.pid else 'a thread'}")
        lines += [f"{share:13.1f}%  {name}" for share, name in ([(rest, "functions without a name")] if rest else []) + known[:12]]
    return lines or ["perf has nothing to report"]


def rows_of(results):
    """What a table has of each case, and what is wrong with it."""
    keys = ("without", "with", "alerts_s", "cpu_us", "loop_us", "alerted", "repeated", "lost", "unstored")
    rows, problems = [], []
    for case in CASES:
        for label, _ in PROGRAMS:
            name, of = case[0] + label, results[case[0] + label]
            rows.append({"case": name, **{key: bench.spread([result[key] for result in of]) for key in keys}})
            for result in of:
                accounted = result["alerted"] + result["repeated"] + result["lost"]
                if accounted != amount(case) or result["other_losses"]:
                    problems.append(f"{name}: {amount(case)} written, {accounted} accounted for, {result['other_losses']}")
                if case[4] and result["lost"]:
                    problems.append(f"{name}: {result['lost']} lost")
    return keys, rows, problems


def main():
    with bench.directory() as where, bench.Cgroup() as cgroup:
        results = {case[0] + label: [] for case in CASES for label, _ in PROGRAMS}
        for _ in range(ROUNDS):
            for case in CASES:
                for label, program in PROGRAMS:
                    results[case[0] + label].append(one(cgroup, where, case, program))
        top = profile(cgroup, where)
    keys, rows, problems = rows_of(results)
    how_many = f"{SECONDS} seconds of tokens" if SECONDS else f"{COUNT:,} tokens"
    bench.say(f"{how_many}, a line and a write each, medians of {ROUNDS} rounds; 'the loop' is the thread that empties the ring\n")
    heads = ["tokens/s without", "tokens/s with", "alerts/s", "CPU µs an alert", "the loop's"]
    bench.table(
        ["", *heads, "alerted", "repeats counted", "lost, counted", "not stored"],
        [[row["case"]] + [bench.count(row[key]["median"]) for key in keys] for row in rows],
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
