#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Where the instructions of a write go: every machine instruction that spillwatch's programs execute for a write, by
the source file that it comes from. In QEMU, which is made to log each one (singlestep, exec), for both attachments.
Helpers of the kernel and trampolines are not in it. Ends with 1 if it could not be measured."""
import bisect
import collections
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

import bench

KERNEL = os.environ.get("BENCH_KERNEL", "6.12")
CALLS = 40
CASES = ["getppid:text:1", "log:text:64", "file:text:512", "file:text:4096", "file:text:65536"]
CASES += ["file:capitals:4096", "file:near:4096"]
# where the kernel puts BPF programs, if it does not randomise that
RANGE = "0xffffffffa0000000..0xfffffffffeffffff"
STEPS = {
    "syscall.bpf.c": "the call",
    "vfs.bpf.c": "the call",
    "syscall_event.bpf.h": "the call",
    "write_call.bpf.h": "the call",
    "kernel.bpf.h": "the call",
    "scope.bpf.h": "whose",
    "file.bpf.h": "which file",
    "cache.bpf.h": "the page",
    "in_place_search.bpf.h": "the search",
    "token_search.h": "tests of words",
    "count.bpf.h": "counting",
}
# what is inlined everywhere belongs to the step that asked for it
ANYWHERE = {"direct.bpf.h", "vmlinux.h", "bpf_helper_defs.h", "maps.bpf.h", "inspect.bpf.h", "types.h"}

SCRIPT = """
mkdir /sys/fs/cgroup/bench
for attachment in fexit syscall; do
	rm -f /tmp/said
	spillwatch run --cgroup /sys/fs/cgroup/bench --attach $attachment --no-store 2>/tmp/said & daemon=$!
	while ! grep -qs watching /tmp/said && kill -0 $daemon; do sleep 0.1; done
	printf '\\nMAP %s\\n' $attachment
	/tests/bench/profile
	BENCH_CALLS={calls} sh -c 'echo $$ >/sys/fs/cgroup/bench/cgroup.procs; exec "$@"' sh /tests/bench/writer /mnt 1 {cases}
	kill $daemon
	wait $daemon
done
"""


class Monitor:
    """QEMU's own command line."""

    def __init__(self, path):
        for _ in range(300):
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(path)
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("QEMU's monitor does not answer")

    def command(self, line):
        self.socket.sendall((line + "\n").encode())
        time.sleep(0.2)
        self.socket.recv(1 << 16)


class Map:
    """Address → source file, of the programs that are loaded."""

    def __init__(self):
        self.functions, self.lines = [], []

    def add(self, line):
        words = line.split()
        if words[0] == "PROGRAM":
            self.functions.append((int(words[1], 16), int(words[2])))
        else:
            self.lines.append((int(words[1], 16), words[2]))

    def sort(self):
        self.functions.sort()
        self.lines.sort()

    def file(self, address):
        at = bisect.bisect_right(self.functions, (address, 1 << 62)) - 1
        if at < 0 or address >= self.functions[at][0] + self.functions[at][1]:
            return None  # a trampoline; a module, which is the file system
        line = bisect.bisect_right(self.lines, (address, "\x7f")) - 1
        if line < 0 or self.lines[line][0] < self.functions[at][0]:
            line += 1  # before a function's first line
        return self.lines[line][1]


def count(log, start, where):
    """step → instructions, of what the log has from `start` on."""
    steps, last = collections.Counter(), None
    with open(log, encoding="utf-8", errors="replace") as file:
        file.seek(start)
        for line in file:
            trace = re.match(r"Trace \d+: 0x\w+ \[\w+/(\w+)/", line)
            if not trace:
                continue
            name = where.file(int(trace.group(1), 16))
            if name is None:
                continue
            if name not in ANYWHERE or last is None:
                last = name
            steps[STEPS.get(last, "suspects")] += 1
    return steps


def measure():
    """(attachment, case) → step → instructions a call."""
    figures = {}
    with tempfile.TemporaryDirectory(prefix="spillwatch-bench.") as where:
        log, monitor = where + "/log", where + "/monitor"
        machine = f"-accel tcg,thread=single -cpu max,-erms,-fsrm -smp 1 -monitor unix:{monitor},server,nowait"
        environment = dict(
            os.environ,
            GUEST_MACHINE=f"{machine} -dfilter {RANGE} -D {log}",
            GUEST_KERNEL_ARGUMENTS="nokaslr",
            SECONDS_MAX="900",
        )
        command = ["tests/kernels/guest", KERNEL, SCRIPT.format(cases=" ".join(CASES), calls=CALLS)]
        guest = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, errors="replace")
        qemu, attachment, places, start = None, None, None, 0
        for line in guest.stdout:
            word = re.search(r"\b(MAP|PROGRAM|LINE|READY|DONE) (\S+)(.*)", line)
            if not word:
                continue
            if word.group(1) == "MAP":
                attachment, places = word.group(2), Map()
            elif word.group(1) in ("PROGRAM", "LINE"):
                places.add(word.group(0))
            elif word.group(1) == "READY":
                qemu = qemu or Monitor(monitor)
                places.sort()
                start = os.path.getsize(log) if os.path.exists(log) else 0
                qemu.command("singlestep on")
                qemu.command("log exec,nochain")
            else:
                qemu.command("log none")
                qemu.command("singlestep off")
                qemu.command("stop")  # or the guest would run ahead while this is counted
                steps = count(log, start, places)
                qemu.command("cont")
                figures[attachment, word.group(2)] = {step: n / CALLS for step, n in steps.items()}
        guest.wait()
    return figures


def main():
    if bench.QUICK:
        bench.say("left out of a smoke test: it takes some minutes")
        return 0
    figures = measure()
    order = list(dict.fromkeys(STEPS.values())) + ["suspects"]
    rows = []
    for attachment in ("fexit", "syscall"):
        lines = []
        for case in CASES:
            steps = figures.get((attachment, case))
            if steps is None:
                continue
            rows.append({"attachment": attachment, "case": case, "instructions": steps})
            lines.append([case] + [bench.count(steps.get(step, 0)) for step in order] + [bench.count(sum(steps.values()))])
        bench.say(f"\n{attachment}: machine instructions of the programs for one call, Linux {KERNEL} in QEMU\n")
        bench.table(["", *order, "all"], lines)
    if len(rows) != 2 * len(CASES):
        bench.say(f"FAILED: {2 * len(CASES) - len(rows)} cases were not measured")
        return 1
    bench.save("profile", {"unit": "machine instructions a call", "kernel": KERNEL, "calls": CALLS, "rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
