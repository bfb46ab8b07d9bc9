#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What people's programs feel: wall and CPU time with spillwatch and without, in turn. The CPU time with it is the
program's and the daemon's. Ends with 1 if spillwatch lost anything; timings gate nothing."""
import os
import shutil
import subprocess
import sys
import time

import bench

ROUNDS = int(os.environ.get("BENCH_ROUNDS", 1 if bench.QUICK else 5))
MIB = 8 if bench.QUICK else 512
LINES = 5000 if bench.QUICK else 200000

SQL = """pragma journal_mode=wal; create table t (a integer primary key, b text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
insert into t select i, hex(randomblob(40)) || ' request from worker ' || i from n;
update t set b = b || ' done' where a % 3 = 0; create index x on t (b);"""

RSYSLOG = """module(load="imuxsock" SysSock.Use="off" SysSock.RateLimit.Interval="0")
input(type="imuxsock" Socket="{where}/log" CreatePath="on" RateLimit.Interval="0")
*.* action(type="omfile" file="{where}/out")
"""

# rsyslogd's own end is waited for, so that its CPU time counts; it drains its queue before that
FLOOD = """rsyslogd -n -f {where}/rsyslog.conf -i {where}/rsyslog.pid & daemon=$!
for i in $(seq 50); do [ -S {where}/log ] && break; sleep 0.05; done
logger --socket {where}/log --file {where}/lines
for i in $(seq 400); do [ "$(wc -l <{where}/out)" -ge {lines} ] && break; sleep 0.02; done
kill $daemon; wait"""


def applications(where):
    """name → (what must be installed, command, what to remove before each run)"""
    fio = "fio --name=w --directory={where}/fio --ioengine=psync --rw={rw} --bs={bs} --size={size}m --output=/dev/null"
    copy = f"git -C . archive HEAD | tar x -C {where}/source"
    build = f"make -s -C {where}/source -j2 build/spillwatch.bpf.o >/dev/null"
    # without git in the copy, the version is asked in vain
    return {
        "fio, 4 KiB": ("fio", fio.format(where=where, rw="write", bs="4k", size=MIB), "fio/*"),
        "fio, 1 MiB": ("fio", fio.format(where=where, rw="write", bs="1m", size=MIB), "fio/*"),
        "fio, 4 KiB, random": ("fio", fio.format(where=where, rw="randwrite", bs="4k", size=MIB), "fio/*"),
        "sqlite3": ("sqlite3", f"sqlite3 {where}/db <{where}/sql >/dev/null", "db*"),
        "git clone": ("git", f"git clone -q --no-local --no-hardlinks . {where}/clone", "clone"),
        "tar of /usr/share": ("tar", f"tar cf {where}/tar -C /usr/share {'perl' if bench.QUICK else 'doc man perl mime locale icons'} 2>/dev/null || true", "tar"),
        "build of our BPF side": ("make", build if not bench.QUICK else f"make -s -C {where}/source build/vmlinux.h", "source/build"),
        "rsyslog, flood": ("rsyslogd", FLOOD.format(where=where, lines=LINES), "out log"),
    }, copy


def prepare(where, copy):
    os.makedirs(where + "/fio")
    os.makedirs(where + "/source")
    subprocess.run(copy, shell=True, check=True)
    with open(where + "/sql", "w", encoding="ascii") as file:
        file.write(SQL.format(rows=LINES))
    with open(where + "/rsyslog.conf", "w", encoding="ascii") as file:
        file.write(RSYSLOG.format(where=where))
    with open(where + "/lines", "w", encoding="ascii") as file:
        for i in range(LINES):
            file.write(f"request {i} from worker-{i % 16} took {i * 7919 % 1000} ms, status={200 + i % 3} id={i * 2654435761 % 2**32:08x}\n")


def cpu_of(pid):
    """Seconds of CPU time that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(cgroup, command, environment):
    """(wall, CPU) seconds of a shell command and all that it started."""
    start = time.perf_counter()
    process = subprocess.Popen(["sh", "-c", command], preexec_fn=cgroup.join, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        bench.die(f"'{command}' failed")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def once(state, cgroup, where, command, remove):
    subprocess.run(f"rm -rf {' '.join(f'{where}/{name}' for name in remove.split())}; sync", shell=True, check=True)
    # make's own settings are not the benchmark's
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    with state:
        daemon = getattr(state, "process", None)
        before = cpu_of(daemon.pid) if daemon else 0
        wall, cpu = run(cgroup, command, environment)
        if daemon:
            cpu += cpu_of(daemon.pid) - before
    return wall, cpu


def main():
    rows, missing = [], []
    with bench.directory() as where, bench.Cgroup() as cgroup:
        listed, copy = applications(where)
        prepare(where, copy)
        spillwatch = bench.Spillwatch(cgroup, options=["--alerts", "/dev/null"])
        states = [bench.Unmonitored("without"), spillwatch]
        for name, (needs, command, remove) in listed.items():
            if not shutil.which(needs):
                missing.append(f"{name}: n/a: {needs} is not installed")
                continue
            figures = {state.name: [] for state in states}
            writes = spillwatch.writes
            # the first run fills caches, and counts for nobody
            once(states[0], cgroup, where, command, remove)
            for number in range(ROUNDS):
                for state in states if number % 2 else states[::-1]:
                    figures[state.name].append(once(state, cgroup, where, command, remove))
            row = {"application": name, "writes": (spillwatch.writes - writes) // ROUNDS, "ratio": {}}
            for index, what in enumerate(("wall", "cpu")):
                without, with_it = ([f[index] for f in figures[state.name]] for state in states)
                row[what] = {"without": bench.spread(without), "spillwatch": bench.spread(with_it)}
                row["ratio"][what] = bench.spread([b / a for a, b in zip(without, with_it)])
            rows.append(row)
            bench.say(f"{name}: done")
    bench.say(f"\nseconds, medians of {ROUNDS} rounds; ratio: median (middle half)\n")
    lines = []
    for row in rows:
        line = [row["application"], f"{row['writes']:,}"]
        for what in ("wall", "cpu"):
            ratio = row["ratio"][what]
            line += [f"{row[what][state]['median']:.2f}" for state in ("without", "spillwatch")]
            line.append(f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})")
        lines.append(line)
    bench.table(["", "writes", "wall without", "with", "ratio", "CPU without", "with", "ratio"], lines)
    for text in missing:
        bench.say(text)
    lost = bench.check_losses([spillwatch])
    bench.save(
        "apps", {"unit": "s", "scope": "run --cgroup", "rounds": ROUNDS, "missing": missing, "losses": spillwatch.losses, "rows": rows}
    )
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
