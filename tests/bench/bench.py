# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the benchmarks share: states of the machine to compare, rounds that alternate between them,
figures with their spread, and the output as a table and as JSON.

A state is entered with `with`; leaving it stops what was started, whatever happened inside. Nothing
is left behind: the cgroup and the directory are removed at the end.
"""
import contextlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

BUILD = "build"
OUTPUT = BUILD + "/bench"
SPILLWATCH = BUILD + "/spillwatch"
WRITER = BUILD + "/tests/bench/writer"
# a benchmark that is told to end tidies up like one that fails
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
QUICK = bool(os.environ.get("BENCH_QUICK"))


def say(text=""):
    print(text, flush=True)


def die(text):
    sys.exit("bench: " + text)


# --- figures ---------------------------------------------------------------------------------------


def spread(values):
    """Median and quartiles (the extremes where there are too few for quartiles)."""
    values = sorted(values)
    if len(values) < 4:
        low, high = values[0], values[-1]
    else:
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": statistics.median(values), "least": min(values), "low": low, "high": high, "rounds": len(values)}


def size_name(size):
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} B"


def count(value):
    """A figure as people read it: 1,234 or 12.3."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(header, rows):
    """A Markdown table, aligned for the terminal as well; numbers to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [header] + rows) for i in range(len(header))]
    for number, row in enumerate([header, None] + rows):
        if row is None:
            say("|" + "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(widths)) + "|")
            continue
        cells = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))]
        say("| " + " | ".join(cells) + " |")


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*:\s*(.*)", file.read())
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(re.search(r"MemTotal:\s*(\d+)", file.read()).group(1)) // 1024
    version = subprocess.run([SPILLWATCH, "version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    return {
        "cpu": model.group(1) if model else "unknown",
        "cores": os.cpu_count(),
        "memory_mib": memory,
        "kernel": os.uname().release,
        "load_average": round(os.getloadavg()[0], 2),
        "version": version,
    }


def save(name, result):
    """Writes build/bench/NAME.json and draws NAME.svg from it."""
    os.makedirs(OUTPUT, exist_ok=True)
    result = {"benchmark": name, "command": f"make bench-{name}", "quick": QUICK, "machine": machine(), **result}
    path = f"{OUTPUT}/{name}.json"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    plot = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plot.py")
    subprocess.run([sys.executable, plot, path, f"{OUTPUT}/{name}.svg"], check=True)
    say(f"\n{path} and {OUTPUT}/{name}.svg ({machine()['cpu']}, {os.cpu_count()} cores, Linux {os.uname().release})\n")


# --- where it happens ------------------------------------------------------------------------------


@contextlib.contextmanager
def directory():
    """A directory on a disk's file system: BENCH_DIR, or where temporary files are unless that is memory."""
    for parent in filter(None, (os.environ.get("BENCH_DIR"), tempfile.gettempdir(), "/var/tmp", BUILD)):
        kind = subprocess.run(["stat", "-f", "-c", "%T", parent], capture_output=True, text=True, check=False)
        if os.environ.get("BENCH_DIR") or kind.stdout.strip() not in ("tmpfs", "ramfs", ""):
            break
    path = tempfile.mkdtemp(prefix="spillwatch-bench.", dir=parent)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def cgroup_root():
    with open("/proc/mounts", encoding="utf-8") as file:
        for line in file:
            _, where, kind = line.split()[:3]
            if kind == "cgroup2":
                return where
    die("no cgroup v2 hierarchy is mounted, and spillwatch is watching nothing but one here")
    return None


class Cgroup:
    """A cgroup of the benchmark's own, so that spillwatch watches nothing but the benchmark."""

    def __init__(self):
        self.path = os.path.join(cgroup_root(), f"spillwatch-bench-{os.getpid()}")
        try:
            os.mkdir(self.path)
        except OSError as error:
            die(f"can't make the cgroup {self.path}: {error} (the benchmarks need root)")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # empty, unless the benchmark was told to end in the middle
        with open(self.path + "/cgroup.kill", "w", encoding="ascii") as file:
            file.write("1")
        for _ in range(100):
            try:
                return os.rmdir(self.path)
            except OSError:
                time.sleep(0.05)
        return os.rmdir(self.path)

    def id(self):
        return os.stat(self.path).st_ino

    def join(self):
        """For preexec_fn: the child moves itself."""
        with open(self.path + "/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(os.getpid()))

    def run(self, command, **options):
        return subprocess.run(command, preexec_fn=self.join, check=True, **options)


# --- states ----------------------------------------------------------------------------------------


class Unmonitored:
    def __init__(self, name="unmonitored"):
        self.name = name
        self.problem = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Background(Unmonitored):
    """A process that is ready once a line of its output holds `ready`."""

    def __init__(self, name, command, ready, stop=signal.SIGTERM):
        super().__init__(name)
        self.command, self.ready, self.stop = command, ready, stop
        self.process, self.said = None, ""

    def __enter__(self):
        # the end of a child that reads its standard input is the end of that
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said = ""
        # one that never gets ready is ended, which ends the reading
        alarm = threading.Timer(30, self.process.kill)
        alarm.start()
        for line in self.process.stdout:
            self.said += line
            if self.ready in line:
                alarm.cancel()
                return self
        alarm.cancel()
        self.process.wait()
        raise RuntimeError(f"{self.name} did not start: {self.said.strip()}")

    def __exit__(self, *_):
        self.process.stdin.close()
        if self.stop:
            self.process.send_signal(self.stop)
        alarm = threading.Timer(5, self.process.kill)
        alarm.start()
        self.said += self.process.stdout.read()
        self.process.wait()
        alarm.cancel()
        self.process.stdout.close()


def empty(attachment="syscall"):
    command = [BUILD + "/tests/bench/empty", BUILD + "/tests/bench/empty.bpf.o", attachment]
    return Background("empty", command, "ready", stop=None)


class Spillwatch(Background):
    """spillwatch on one cgroup. What it says of losses is kept: they are not a matter of timing."""

    def __init__(self, cgroup, name="spillwatch", options=(), may_lose=False):
        """may_lose: the contents ask for more than can be looked at; what is lost is said, and no failure."""
        command = [SPILLWATCH, "run", "--cgroup", cgroup.path, *options]
        super().__init__(name, command, "watching")
        self.losses = {}
        self.may_lose = may_lose
        self.alerts = self.writes = 0

    def __exit__(self, *rest):
        super().__exit__(*rest)
        for value, text in re.findall(r"(?:LOST|incomplete): (\d+) (.*)", self.said):
            self.losses[text] = self.losses.get(text, 0) + int(value)
        summary = re.search(r"(\d+) writes? \(.*\) inspected, (\d+) alert", self.said)
        if summary:
            self.writes += int(summary.group(1))
            self.alerts += int(summary.group(2))


BPFTRACE = """
// The same question with bpftrace's own means: is there a word of 8 in [A-Z0-9.] in every 56 bytes? Its loops
// must end within what the verifier walks: the first %(bytes)d bytes of a write are looked at, suspects are counted.
tracepoint:syscalls:sys_enter_write, tracepoint:syscalls:sys_enter_pwrite64 /cgroup == %(cgroup)d/ {
	$i = 0;
	while ($i < %(steps)d) {
		if ($i * 56 + 8 > args->count) { break; }
		$w = *(uint64 *)uptr((uint64)args->buf + $i * 56);
		if ((($w | ($w - 0x2e2e2e2e2e2e2e2e) | ($w + 0x2525252525252525)) & 0x8080808080808080) == 0) {
			@suspects = count();
		}
		$i++;
	}
}
BEGIN { printf("ready\\n"); }
"""


def bpftrace(cgroup):
    """bpftrace, in a mount namespace of its own where tracefs is, or None and why it can't be used."""
    if not shutil.which("bpftrace"):
        return None, "bpftrace is not installed"
    steps = 73
    script = BPFTRACE % {"cgroup": cgroup.id(), "steps": steps, "bytes": steps * 56}
    inside = "mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing && exec bpftrace -B none -e \"$1\""
    state = Background("bpftrace, 4 KiB", ["unshare", "--mount", "sh", "-c", inside, "sh", script], "ready", stop=signal.SIGINT)
    try:
        with state:
            pass
    except RuntimeError as error:
        return None, str(error).splitlines()[-1][:200]
    return state, None


def others():
    """Tracing programs that somebody else has loaded: they are in every state's figures, `unmonitored` too."""
    tool = shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not tool:
        return None
    text = subprocess.run([tool, "prog", "show"], capture_output=True, text=True, check=False).stdout
    return len(re.findall(r"^\d+: (?:tracing|raw_tracepoint|tracepoint|kprobe|perf_event) ", text, re.M))


def check_losses(states):
    """Prints what was lost; returns whether anything was."""
    lost = False
    for state in states:
        for text, value in getattr(state, "losses", {}).items():
            say(f"LOST while {state.name} watched: {value} {text}")
            lost = lost or not getattr(state, "may_lose", False)
    return lost
