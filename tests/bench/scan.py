#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`scan` against ripgrep with the same pattern, over the same files from the page cache, in turn: /usr and a git work tree.
Both must find the same tokens, or this ends with 1; timings gate nothing."""
import os
import shutil
import subprocess
import sys
import time

import bench

PATTERN = "dt0[a-zA-Z][0-9]{2}\\.[a-zA-Z0-9-]{8,128}\\.[A-Z0-9]{64}"
ROUNDS = 2 if bench.QUICK else 5
FIELDS = ("wall", "user", "system")
SAME = "scan, as ripgrep looks"
FORMS = "scan, all forms"
RIPGREP = "ripgrep"
CONTENDERS = {
    SAME: [bench.SPILLWATCH, "scan", "--no-decode", "--no-archives", "--no-ignore"],
    FORMS: [bench.SPILLWATCH, "scan", "--no-archives", "--no-ignore"],
    RIPGREP: ["rg", "-uuu", "--text", "--no-messages", "--no-heading", "--with-filename", "--line-number", "--column", "-o", PATTERN],
}


def tree(where):
    """A repository of what is installed, with a commit; in it some tokens."""
    path = where + "/tree"
    os.mkdir(path)
    sources = ["/usr/include/linux"] if bench.QUICK else ["/usr/include", "/usr/share/perl", "/usr/share/doc"]
    for source in filter(os.path.isdir, sources):
        shutil.copytree(source, path + "/" + os.path.basename(source), symlinks=True, ignore_dangling_symlinks=True)
    git = ["git", "-C", path, "-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "gc.auto=0"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "all"], check=True, stdout=subprocess.DEVNULL)
    for seed in range(5):
        token = subprocess.check_output(["build/tests/live/writers/writer", "token", str(seed)], text=True).strip()
        with open(f"{path}/config-{seed}", "w", encoding="utf-8") as file:
            file.write(f"a\nb: {token}\n")
    return path


def once(command, path):
    """Seconds, and where the tokens are."""
    start = time.perf_counter()
    with subprocess.Popen([*command, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        output = process.stdout.read()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    wall = time.perf_counter() - start
    return (wall, usage.ru_utime, usage.ru_stime), {line.split(b" ")[0].rsplit(b":", 1)[0] for line in output.splitlines()}


def places(found):
    """PATH:LINE:COLUMN of either's lines."""
    return {b":".join(place.split(b":")[:3]) for place in found}


def main():
    if not shutil.which("rg"):
        bench.die("ripgrep is missing: tools/install-deps bench")
    rows, wrong = [], []
    with bench.directory() as where:
        for name, path in (("/usr", "/usr/include" if bench.QUICK else "/usr"), ("a git work tree", tree(where))):
            figures, plain = {}, {}
            once(CONTENDERS[RIPGREP], path)
            for _ in range(ROUNDS):
                for contender, command in CONTENDERS.items():
                    seconds, plain[contender] = once(command, path)
                    figures.setdefault(contender, []).append(seconds)
            if places(plain[SAME]) != places(plain[RIPGREP]):
                wrong.append(f"scan and ripgrep differ in {name}")
            for contender, values in figures.items():
                rows.append({"tree": name, "contender": contender, **{f: bench.spread(v) for f, v in zip(FIELDS, zip(*values))}})
    bench.say(f"seconds, from the page cache: medians of {ROUNDS} rounds\n")
    bench.table(["", "", *FIELDS], [[r["tree"], r["contender"]] + [f"{r[f]['median']:.2f}" for f in FIELDS] for r in rows])
    for text in wrong:
        bench.say("WRONG: " + text)
    bench.save("scan", {"unit": "s", "rounds": ROUNDS, "rows": rows})
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
