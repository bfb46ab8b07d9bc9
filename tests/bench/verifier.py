#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How many instructions the verifier walks for each program, on this kernel and on Debian's 6.1 and 6.12 in
QEMU, by each attachment. Without an argument (make bench-verifier): all of them, into the table, the JSON and the
baseline. --check (make lint): this kernel's only, compared with the baseline.

The counts depend on the kernel and on clang. A program may grow by MARGIN; more is a failure, because programs
are refused past a million, and the next kernel may walk more."""
import os
import re
import subprocess
import sys

import bench

TOOL = bench.BUILD + "/tests/bench/verifier"
BASELINE = "tests/bench/verifier.baseline"
GUESTS = ("6.1", "6.12")
MARGIN = 1.2
LIMIT = 1000000


def kernel():
    return ".".join(re.match(r"(\d+)\.(\d+)", os.uname().release).groups())


def clang():
    text = subprocess.run([os.environ.get("CLANG", "clang"), "--version"], capture_output=True, text=True, check=False)
    return re.search(r"version (\d+)", text.stdout).group(1) if text.returncode == 0 else "?"


def parse(version, text):
    """(kernel, attachment, program) → instructions"""
    lines = re.findall(r"^(fexit|syscall) (\w+) (\d+) \d+\r?$", text, re.M)
    return {(version, attachment, program): int(count) for attachment, program, count in lines}


def here():
    result = subprocess.run([TOOL], capture_output=True, text=True, check=False)
    return parse(kernel(), result.stdout), result.stderr.strip()


def guest(version):
    """None if it can't be had, after saying so."""
    # at a line's start, whatever the firmware left there
    command = ["tests/kernels/guest", version, "echo; /tests/bench/verifier"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    counts = parse(version, result.stdout)
    if not counts:
        bench.say(f"{version}: n/a: {(result.stderr or result.stdout).strip()[-300:]}")
    return counts


def read_baseline():
    """The counts, and the clang they were made with."""
    with open(BASELINE, encoding="ascii") as file:
        text = file.read()
    counts = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            version, attachment, program, count = line.split()
            counts[version, attachment, program] = int(count)
    return counts, re.search(r"clang (\d+)", text).group(1)


def write_baseline(counts):
    with open(BASELINE, "w", encoding="ascii") as file:
        file.write("# Instructions the verifier walks: kernel, attachment, program, count. make bench-verifier renews it.\n")
        file.write(f"# Made with clang {clang()}.\n")
        for (version, attachment, program), count in sorted(counts.items()):
            file.write(f"{version} {attachment} {program} {count}\n")


def compare(counts, baseline):
    """Says what has grown too much; returns how many have."""
    grown = 0
    for key, count in sorted(counts.items()):
        if key not in baseline:
            bench.say(f"verifier: {' '.join(key)}: {count:,} instructions, not in {BASELINE}: run make bench-verifier")
            grown += 1
        elif count > baseline[key] * MARGIN or count > LIMIT:
            bench.say(
                f"verifier: {' '.join(key)}: {count:,} instructions, {baseline[key]:,} in {BASELINE} (at most "
                f"{MARGIN:.0%} of that are fine). Make it smaller, or, if it is worth it, run make bench-verifier"
            )
            grown += 1
    return grown


def check():
    counts, said = here()
    if not counts:
        bench.say(f"verifier: no program could be loaded (root is needed): {said}")
        return 1
    baseline, made_with = read_baseline()
    why = None
    if not any(version == kernel() for version, _, _ in baseline):
        why = f"{BASELINE} has no counts for Linux {kernel()}"
    elif made_with != clang():
        why = f"{BASELINE} was made with clang {made_with}, this is {clang()}"
    if why:
        bench.say(f"verifier: only the kernel's own bound is CHECKED, not the growth: {why}")
        baseline = {key: LIMIT for key in counts}
    return 1 if compare(counts, baseline) else 0


def main():
    if "--check" in sys.argv[1:]:
        return check()
    counts, said = here()
    if said:
        bench.say(said)
    for version in GUESTS if not bench.QUICK else ():
        counts.update(guest(version))
    if not counts:
        return 1
    columns = sorted({key[:2] for key in counts}, key=lambda c: ([int(n) for n in c[0].split(".")], c[1]))
    programs = sorted({key[2] for key in counts}, key=lambda p: -max(counts.get((*c, p), 0) for c in columns))
    bench.say("instructions walked by the verifier (a program may have 1,000,000)\n")
    bench.table(
        ["program", *(" ".join(column) for column in columns)],
        [[p] + [f"{counts[*c, p]:,}" if (*c, p) in counts else "" for c in columns] for p in programs],
    )
    old = read_baseline()[0] if os.path.exists(BASELINE) else {}
    for key, count in sorted(counts.items()):
        if key in old and abs(count - old[key]) * 50 > old[key]:
            bench.say(f"{' '.join(key)}: {old[key]:,} → {count:,}")
    if not bench.QUICK:
        write_baseline(counts)
        bench.say(f"\n{BASELINE} written")
    rows = [{"kernel": k, "attachment": a, "program": p, "instructions": n} for (k, a, p), n in sorted(counts.items())]
    bench.save("verifier", {"unit": "instructions", "clang": clang(), "rows": rows})
    return 1 if max(counts.values()) > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
