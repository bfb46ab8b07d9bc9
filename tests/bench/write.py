#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What one write costs its caller: unmonitored, with an empty program on the same hook, with
spillwatch, with bpftrace. Ends with 1 if spillwatch lost anything; timings gate nothing."""
import os
import sys

import bench

SIZES = (1, 64, 512, 4096, 65536, 1 << 20)
DESTINATIONS = ("null", "file", "log", "pipe", "socket")
CONTENTS = ("text", "binary", "base64", "capitals", "near")
# made to be as dear as can be, on a file only
ADVERSARIAL = ("base32", "hex", "dots", "prefix", "early")
# what spillwatch may cost on a file, against the empty program
TARGETS = {64: 1.15, 4096: 1.3, 65536: 1.8, 1 << 20: 1.3}
# many short rounds: others on the machine disturb some, and what is compared lies close together in time
ROUNDS = int(os.environ.get("BENCH_ROUNDS", 2 if bench.QUICK else 25))
MILLISECONDS = os.environ.get("BENCH_MS", "2" if bench.QUICK else "5")


def contents(destination):
    if destination == "log":
        # the file's beginning to its end differs from one place of it only in where a write lies
        return ("text", "capitals")
    return CONTENTS + (ADVERSARIAL if destination == "file" else ())


def cases():
    yield "getppid:text:1"
    for destination in DESTINATIONS:
        for content in contents(destination):
            for size in SIZES:
                yield f"{destination}:{content}:{size}"


def measure(cgroup, where):
    """One pass of the writer: case → ns a call."""
    environment = dict(os.environ, BENCH_CPU=str(max(os.sched_getaffinity(0))))
    result = cgroup.run(
        [bench.WRITER, where, MILLISECONDS, *cases()], env=environment, capture_output=True, text=True
    )
    return {line.split()[0]: float(line.split()[1]) for line in result.stdout.splitlines()}


def rounds(states, cgroup, where):
    """state → case → ns of each round. The states alternate, and each round begins with another one."""
    figures = {state.name: {case: [] for case in cases()} for state in states}
    for number in range(ROUNDS):
        for state in states[number % len(states) :] + states[: number % len(states)]:
            with state:
                for case, ns in measure(cgroup, where).items():
                    figures[state.name][case].append(ns)
        bench.say(f"round {number + 1} of {ROUNDS}")
    return figures


def rows(figures):
    """A row for each case; each state's figure against the empty program's of the same round, and its least against the
    empty program's least: what no other work on the machine has disturbed."""
    for case in cases():
        destination, content, size = case.split(":")
        row = {"destination": destination, "content": content, "bytes": int(size), "ns": {}, "ratio": {}, "ratio_of_least": {}}
        for state, of in figures.items():
            row["ns"][state] = bench.spread(of[case])
            row["ratio"][state] = bench.spread([a / b for a, b in zip(of[case], figures["empty"][case])])
            row["ratio_of_least"][state] = min(of[case]) / min(figures["empty"][case])
        yield row


def cell(row, state):
    if state not in row["ns"]:
        return "n/a"
    ns = row["ns"][state]
    text = f"{bench.count(ns['median'])} ±{bench.count((ns['high'] - ns['low']) / 2)}"
    if state not in ("unmonitored", "empty"):
        text += f"  {row['ratio'][state]['median']:.2f}x {row['ratio_of_least'][state]:.2f}x"
    return text


def show(title, shown, states):
    bench.say(f"\n{title}\n")
    lines = []
    for row in shown:
        target = TARGETS.get(row["bytes"]) if row["destination"] == "file" else None
        met = ""
        if target:
            met = f"{'met' if row['ratio']['spillwatch']['median'] <= target else 'MISSED'} (≤{target}x)"
        if row["destination"] == "getppid":
            names = ["getppid", "", ""]
        else:
            names = [row["destination"], row["content"], bench.size_name(row["bytes"])]
        lines.append(names + [cell(row, state) for state in states] + [met])
    bench.table(["destination", "content", "size", *states, "target"], lines)


def main():
    with bench.directory() as where, bench.Cgroup() as cgroup:
        states = [
            bench.Unmonitored(),
            bench.empty(),
            bench.Spillwatch(cgroup),
            bench.Spillwatch(cgroup, "spillwatch, streams too", ["--watch", "all"]),
            bench.Spillwatch(cgroup, "spillwatch, wide", ["--formats", "wide"], may_lose=True),
            bench.Spillwatch(cgroup, "spillwatch, decode", ["--formats", "wide", "--decode"], may_lose=True),
        ]
        missing = {}
        state, why = bench.bpftrace(cgroup)
        if state:
            states.append(state)
        else:
            missing["bpftrace"] = why
        others = bench.others()
        if others:
            bench.say(f"NOTE: {others} tracing programs of others are loaded; they are in all figures, 'unmonitored' too")
        figures = rounds(states, cgroup, where)
    all_rows = list(rows(figures))
    names = [state.name for state in states] + list(missing)
    note = (
        "ns a call: median of the rounds ± half the spread of the middle half; against the empty program: "
        "median of the rounds' ratios, and ratio of the least of all rounds"
    )
    show(note, [row for row in all_rows if row["content"] == "text"], names)
    show("The same, other contents:", [row for row in all_rows if row["content"] != "text"], names)
    for name, why in missing.items():
        bench.say(f"{name}: n/a: {why}")
    lost = bench.check_losses(states)
    bench.save(
        "write",
        {
            "attachment": "syscall",
            "scope": "run --cgroup",
            "unit": "ns a call",
            "rounds": ROUNDS,
            "targets": TARGETS,
            "missing": missing,
            "programs_of_others": others,
            "losses": {state.name: state.losses for state in states if hasattr(state, "losses")},
            "rows": all_rows,
        },
    )
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
