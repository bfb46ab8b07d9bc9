#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Search throughput: ours against others, over the same corpora in memory, one thread. What looks for the
whole pattern must find what was planted, or this ends with 1; timings gate nothing."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

import bench

TOOL = bench.BUILD + "/tests/bench/search"
PATTERN = "dt0[a-zA-Z][0-9]{2}\\.([A-Z0-9]{24}|[A-Z0-9]{8})\\.[A-Z0-9]{64}"
PLANTED = 10
ROUNDS = 2 if bench.QUICK else 7
BYTES = (8 if bench.QUICK else 128) << 20
# those that look for the beginning of a token only
CANDIDATES = ("memcpy", "memmem", "grep -F dt0")
PROGRAMS = {
    "grep -F dt0": ["grep", "-a", "-c", "-F", "dt0"],
    "grep -P": ["grep", "-a", "-c", "-P", PATTERN],
    "ripgrep": ["rg", "-a", "-c", "--no-unicode", "--no-config", "-j", "1", PATTERN],
}


def gather(path, top, suffixes):
    """Files below a folder, one after the other and again from the first, to BYTES."""
    files = sorted(
        os.path.join(folder, name)
        for folder, _, names in os.walk(top)
        for name in names
        if name.endswith(suffixes) and not os.path.islink(os.path.join(folder, name))
    )
    left = BYTES
    with open(path, "wb") as corpus:
        while left and files:
            for name in files:
                with open(name, "rb") as file:
                    part = file.read(left)
                corpus.write(part)
                left -= len(part)
                if not left:
                    break


def make(name, path):
    if name == "source":
        gather(path, "/usr/include", (".h", ".hpp"))
    elif name == "binary":
        gather(path, "/usr/lib", (".so", ".a", ".o"))
    else:
        subprocess.run([TOOL, "make", {"logs": "text"}.get(name, name), path, str(BYTES)], check=True)
    subprocess.run([TOOL, "plant", path, str(PLANTED)], check=True)


def once(path):
    """contender → (seconds, found)"""
    result = {}
    lines = subprocess.run([TOOL, "run", path], check=True, capture_output=True, text=True).stdout.splitlines()
    for line in lines:
        name, ns, found = line.split()
        result[name] = (float(ns) / 1e9, int(found))
    for name, command in PROGRAMS.items():
        if not shutil.which(command[0]):
            continue
        start = time.perf_counter()
        found = subprocess.run(
            command + [path], env=dict(os.environ, LC_ALL="C"), capture_output=True, text=True, check=False
        ).stdout
        result[name] = (time.perf_counter() - start, int(found.strip() or 0))
    return result


def main():
    rows, wrong = [], []
    corpora = ["logs", "source", "binary", "base32"]
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="spillwatch-bench.", dir=shared) as where:
        path = where + "/corpus"
        for corpus in corpora:
            make(corpus, path)
            figures = {}
            for _ in range(ROUNDS):
                for name, (seconds, found) in once(path).items():
                    figures.setdefault(name, []).append(BYTES / seconds / 1e9)
                    if name not in CANDIDATES and found != PLANTED:
                        wrong.append(f"{name} found {found} of {PLANTED} in {corpus}")
            rows.extend({"corpus": corpus, "contender": n, "gb_s": bench.spread(f)} for n, f in figures.items())
    by = {(row["corpus"], row["contender"]): row["gb_s"] for row in rows}
    names = list(dict.fromkeys(row["contender"] for row in rows))
    bench.say(f"GB/s over {bench.size_name(BYTES)}, one thread: median ± half the spread of the middle half\n")
    bench.table(
        ["contender", *corpora],
        [
            [n] + [f"{by[c, n]['median']:.2f} ±{(by[c, n]['high'] - by[c, n]['low']) / 2:.2f}" for c in corpora]
            for n in names
        ],
    )
    bench.say(f"\n{', '.join(CANDIDATES[1:])}: candidates only. grep and ripgrep: with the start of a process.")
    missing = [name for name, command in PROGRAMS.items() if not shutil.which(command[0])]
    missing += [] if "hyperscan" in names else ["hyperscan (libhyperscan-dev)"]
    for name in missing:
        bench.say(f"{name}: n/a: not installed")
    for text in sorted(set(wrong)):
        bench.say("WRONG: " + text)
    bench.save("search", {"unit": "GB/s", "bytes": BYTES, "rounds": ROUNDS, "missing": missing, "rows": rows})
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
