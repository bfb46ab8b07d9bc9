#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`mask` against sed with the same pattern, over the same texts in memory, in turn. What they mask of tokens as they are
must be the same, or this ends with 1; timings gate nothing."""
import hashlib
import json
import os
import sys
import tempfile
import time

import bench
import search

PATTERN = "(dt0[a-zA-Z][0-9]{2}\\.[a-zA-Z0-9-]{8,128}\\.)[A-Z0-9]{64}"
CONTENDERS = {
    "mask": [bench.SPILLWATCH, "mask"],
    "mask --no-decode": [bench.SPILLWATCH, "mask", "--no-decode"],
    "sed": ["sed", "-E", f"s/{PATTERN}/\\1<masked>/g"],
}


def make(name, path):
    if name != "json":
        search.make(name, path)
        return
    with open(path, "w", encoding="utf-8") as corpus:
        for i in range(search.BYTES // 150):
            digest = hashlib.sha256(str(i).encode()).hexdigest()
            record = {"time": i, "id": digest, "msg": f'GET /a?q={digest[:9]}%20b "ok"\n', "path": f"C:\\dir\\{i}"}
            corpus.write(json.dumps(record) + "\n")
    os.truncate(path, search.BYTES)


def once(command, path, output):
    """CPU seconds, and what came out."""
    with open(path, "rb") as source, open(output, "wb") as to:
        start = time.perf_counter()
        pid = os.posix_spawnp(
            command[0],
            command,
            dict(os.environ, LC_ALL="C"),
            file_actions=[(os.POSIX_SPAWN_DUP2, source.fileno(), 0), (os.POSIX_SPAWN_DUP2, to.fileno(), 1)],
        )
        _, status, usage = os.wait4(pid, 0)
        wall = time.perf_counter() - start
    if status:
        bench.die(f"{command[0]} ends with {os.waitstatus_to_exitcode(status)}")
    with open(output, "rb") as result:
        return usage.ru_utime + usage.ru_stime, wall, hashlib.file_digest(result, "sha256").hexdigest()


def main():
    rows, wrong = [], []
    corpora = ["source", "json", "logs"]
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="spillwatch-bench.", dir=shared) as where:
        for corpus in corpora:
            path = where + "/corpus"
            make(corpus, path)
            figures = {}
            for _ in range(search.ROUNDS):
                digests = {}
                for name, command in CONTENDERS.items():
                    cpu, wall, digests[name] = once(command, path, where + "/output")
                    figures.setdefault(name, []).append((search.BYTES / cpu / 1e9, search.BYTES / wall / 1e9))
                if digests["sed"] != digests["mask --no-decode"]:
                    wrong.append(f"sed and mask --no-decode differ in {corpus}")
            for name, values in figures.items():
                cpu, wall = zip(*values)
                rows.append({"corpus": corpus, "contender": name, "gb_s": bench.spread(cpu), "wall_gb_s": bench.spread(wall)})
    by = {(row["corpus"], row["contender"]): row["gb_s"]["median"] for row in rows}
    bench.say(f"GB for a second of CPU time, {bench.size_name(search.BYTES)}, with the start of a process: medians\n")
    bench.table(["", *corpora], [[n] + [f"{by[c, n]:.2f}" for c in corpora] for n in CONTENDERS])
    for text in sorted(set(wrong)):
        bench.say("WRONG: " + text)
    bench.save("mask", {"unit": "GB/s", "bytes": search.BYTES, "rounds": search.ROUNDS, "rows": rows})
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
