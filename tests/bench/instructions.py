#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What one write costs its caller by each attachment, in instructions instead of time: in QEMU, whose clock is made to
count them (-icount: one nanosecond of the guest is one instruction), on a kernel that allows fexit. The same in every
run, whatever else the machine does; but no figure for how fast it is. Ends with 1 if it could not be measured."""
import os
import re
import subprocess
import sys

import bench

KERNEL = os.environ.get("BENCH_KERNEL", "6.12")
SIZES = (1, 64, 512, 4096, 65536, 1 << 20)
CASES = ["getppid:text:1", "null:text:64"]
CASES += [f"file:{content}:{size}" for content in ("text", "capitals", "near") for size in SIZES]
CASES += [f"log:text:{size}" for size in SIZES[:4]]
STATES = ("unmonitored", "empty", "spillwatch")
# without the instructions that copy a whole buffer at once, which QEMU counts byte by byte
MACHINE = "-accel tcg,thread=single -icount shift=0,sleep=off -cpu max,-erms,-fsrm -smp 1"

SCRIPT = """
measure() {{ echo "STATE $1 $2"; sh -c 'echo $$ >/sys/fs/cgroup/bench/cgroup.procs; exec "$@"' sh \\
	/tests/bench/writer /mnt 2 {cases}; }}
mkdir /sys/fs/cgroup/bench
mkfifo /tmp/fifo
for attachment in fexit syscall; do
	measure $attachment unmonitored
	/tests/bench/empty /tests/bench/empty.bpf.o $attachment </tmp/fifo >/tmp/ready & empty=$!
	exec 3>/tmp/fifo
	while [ ! -s /tmp/ready ]; do sleep 0.01; done
	measure $attachment empty
	exec 3>&-
	wait $empty
	rm /tmp/ready
	rm -f /tmp/said
	spillwatch run --cgroup /sys/fs/cgroup/bench --attach $attachment 2>/tmp/said & daemon=$!
	while ! grep -qs watching /tmp/said && kill -0 $daemon; do sleep 0.01; done
	measure $attachment spillwatch
	kill $daemon
	wait $daemon
	sed 's/^/SAID /' /tmp/said
done
"""


def measure():
    """(attachment, state) → case → instructions a call; and what spillwatch said."""
    environment = dict(os.environ, GUEST_MACHINE=MACHINE, SECONDS_MAX="900")
    command = ["tests/kernels/guest", KERNEL, SCRIPT.format(cases=" ".join(CASES))]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    figures, into = {}, None
    for line in result.stdout.splitlines():
        state = re.search(r"STATE (\w+) (\w+)", line)
        case = re.search(r"(\w+:\w+:\d+) ([\d.]+) ", line)
        if state:
            into = figures.setdefault(state.groups(), {})
        elif case and into is not None:
            into[case.group(1)] = float(case.group(2))
    said = re.findall(r"SAID (.*)", result.stdout)
    if not figures:
        bench.say((result.stderr or result.stdout).strip()[-500:])
    return figures, said


def main():
    if bench.QUICK:
        bench.say("left out of a smoke test: it takes some minutes")
        return 0
    figures, said = measure()
    rows = []
    for attachment in ("fexit", "syscall"):
        of = {state: figures.get((attachment, state), {}) for state in STATES}
        for case in CASES:
            if not all(case in of[state] for state in STATES):
                continue
            destination, content, size = case.split(":")
            counts = {state: of[state][case] for state in STATES}
            rows.append(
                {
                    "attachment": attachment,
                    "destination": destination,
                    "content": content,
                    "bytes": int(size),
                    "instructions": counts,
                    "ratio": {state: counts[state] / counts["empty"] for state in STATES},
                }
            )
    bench.say(f"instructions a call, Linux {KERNEL} in QEMU; added: by spillwatch over the empty program\n")
    lines = []
    for row in rows:
        size = "" if row["destination"] == "getppid" else f"{row['content']}, {bench.size_name(row['bytes'])}"
        counts = row["instructions"]
        lines.append(
            [f"{row['attachment']}: {row['destination']}", size]
            + [f"{counts[state]:,.0f}" for state in STATES]
            + [f"{counts['spillwatch'] - counts['empty']:+,.0f}", f"{row['ratio']['spillwatch']:.2f}x"]
        )
    bench.table(["", "", *STATES, "added", "against empty"], lines)
    lost = [line for line in said if "LOST" in line]
    for line in lost:
        bench.say(line)
    if len(rows) != 2 * len(CASES):
        bench.say(f"FAILED: {2 * len(CASES) - len(rows)} cases were not measured: {' '.join(said)}")
        return 1
    bench.save("instructions", {"unit": "instructions a call", "kernel": KERNEL, "machine_options": MACHINE, "rows": rows})
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
