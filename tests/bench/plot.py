#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""plot.py RESULT.json PICTURE.svg: draws a benchmark's result. Only the standard library is needed."""
import json
import math
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 460
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 64, 96
# told apart by people who don't see all colours (Okabe and Ito)
COLOURS = ("#999999", "#333333", "#0072b2", "#56b4e9", "#d55e00", "#009e73", "#e69f00", "#cc79a7")


def number(value):
    if value >= 1000000:
        return f"{value / 1000000:g} M"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


class Scale:
    """Values to pixels, upwards; linear from 0 or logarithmic."""

    def __init__(self, values, logarithmic, top):
        self.logarithmic, self.top = logarithmic, top
        high = max(values)
        if logarithmic:
            self.low = 10 ** math.floor(math.log10(min(values)))
            self.high = high * 1.3
            self.ticks = []
            power = self.low
            while power <= self.high:
                self.ticks += [power * m for m in (1, 2, 5) if power * m <= self.high]
                power *= 10
            if len(self.ticks) > 9:
                self.ticks = [t for t in self.ticks if f"{t:e}".startswith("1.0")]
        else:
            step = 10 ** math.floor(math.log10(high or 1))
            step = next(step * m for m in (0.1, 0.2, 0.5, 1, 2, 5) if high / (step * m) <= 8)
            self.low, self.high = 0, high * 1.1
            self.ticks = [i * step for i in range(int(self.high / step) + 1)]

    def at(self, value):
        if self.logarithmic:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - self.top)


class Picture:
    def __init__(self, title, subtitle, x_label, y_label):
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        ]
        self.text(LEFT, 22, title, size=15, weight="bold")
        self.text(LEFT, 40, subtitle, size=11, colour="#555555")
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 42, x_label, anchor="middle")
        middle = (TOP + HEIGHT - BOTTOM) / 2
        self.parts.append(
            f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">{escape(y_label)}</text>'
        )

    def text(self, x, y, text, anchor="start", size=12, colour="#000000", weight="normal"):
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}" '
            f'font-weight="{weight}">{escape(text)}</text>'
        )

    def line(self, x1, y1, x2, y2, colour="#000000", width=1.0):
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'
        )

    def axis(self, scale):
        for tick in scale.ticks:
            y = scale.at(tick)
            self.line(LEFT, y, WIDTH - RIGHT, y, "#e4e4e4")
            self.text(LEFT - 8, y + 4, number(tick), anchor="end")
        self.line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM)

    def legend(self, names):
        x = LEFT
        for index, name in enumerate(names):
            if not name:
                continue
            self.parts.append(f'<rect x="{x}" y="{HEIGHT - 26}" width="12" height="12" fill="{COLOURS[index]}"/>')
            self.text(x + 17, HEIGHT - 16, name)
            x += 34 + 6.6 * len(name)

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(self.parts) + "\n</svg>\n")


def bars(picture, groups, names, scale, base=None):
    """groups: (label, {name: (value, low, high)}); an empty name leaves its colour out; `base` draws a line at that
    value."""
    colours = {name: COLOURS[index] for index, name in enumerate(names)}
    names = [name for name in names if name]
    picture.axis(scale)
    slot = (WIDTH - LEFT - RIGHT) / len(groups)
    width = min(slot * 0.8 / len(names), 46)
    for index, (label, values) in enumerate(groups):
        middle = LEFT + (index + 0.5) * slot
        for place, name in enumerate(names):
            if name not in values:
                continue
            value, low, high = values[name]
            x = middle + (place - len(names) / 2) * width
            y = scale.at(value)
            picture.parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width - 2:.1f}" height="{HEIGHT - BOTTOM - y:.1f}" '
                f'fill="{colours[name]}"><title>{escape(f"{label}, {name}: {value:.4g} ({low:.4g} to {high:.4g})")}</title></rect>'
            )
            if high > low:
                # half in, half out of the bar: grey is seen on both
                picture.line(x + width / 2 - 1, scale.at(high), x + width / 2 - 1, scale.at(low), "#777777", 1.5)
        for line, part in enumerate(label.split(", ")):
            picture.text(middle, HEIGHT - BOTTOM + 15 + 13 * line, part, anchor="middle", size=11)
    if base:
        picture.line(LEFT, scale.at(base), WIDTH - RIGHT, scale.at(base), "#000000", 1)


def curve(picture, points, colour, scale, x_of):
    path = " ".join(f"{x_of(x):.1f},{scale.at(y):.1f}" for x, y in points)
    picture.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')


def triple(spread):
    return spread["median"], spread["low"], spread["high"]


def size_name(size):
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} B"


def where(result):
    machine = result["machine"]
    return f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}; {result['command']}" + (
        "; a smoke test, figures mean nothing" if result["quick"] else ""
    )


def draw_write(result):
    """Against the empty program, by size: text to a file."""
    rows = [r for r in result["rows"] if (r["destination"], r["content"]) == ("file", "text")]
    syscall = [r for r in result["rows"] if r["destination"] == "getppid"]
    groups = [("getppid (no write)", {n: triple(s) for n, s in r["ratio"].items()}) for r in syscall]
    groups += [(size_name(r["bytes"]), {n: triple(s) for n, s in r["ratio"].items()}) for r in rows]
    names = list(rows[0]["ratio"])
    picture = Picture(
        f"Cost of a write to a file, against an empty program on the same hook ({result['attachment']})",
        where(result),
        "bytes a write, log text, page cache; thin lines: middle half of the rounds",
        "times the cost with the empty program",
    )
    highs = [v[2] for _, g in groups for v in g.values()]
    bars(picture, groups, names, Scale(highs + [1], False, TOP), base=1)
    picture.legend(names)
    return picture


def draw_search(result, title="Search throughput, one thread", unit="GB/s"):
    corpora = list(dict.fromkeys(row["corpus"] for row in result["rows"]))
    names = list(dict.fromkeys(row["contender"] for row in result["rows"]))
    by = {(r["corpus"], r["contender"]): triple(r["gb_s"]) for r in result["rows"]}
    groups = [(c, {n: by[c, n] for n in names}) for c in corpora]
    picture = Picture(title, where(result), "corpus", unit)
    bars(picture, groups, names, Scale([v[2] for v in by.values()], False, TOP))
    picture.legend(names)
    return picture


def draw_mask(result):
    return draw_search(result, "What the mask takes", "GB for a second of CPU time")


def draw_scan(result):
    trees = list(dict.fromkeys(row["tree"] for row in result["rows"]))
    names = list(dict.fromkeys(row["contender"] for row in result["rows"]))
    by = {(r["tree"], r["contender"]): r for r in result["rows"]}
    fields = ("wall", "user", "system")
    groups = [(f"{t}, {f}", {n: triple(by[t, n][f]) for n in names}) for t in trees for f in fields]
    picture = Picture("Reading files for tokens, from the page cache", where(result), "", "seconds")
    bars(picture, groups, names, Scale([v[2] for _, g in groups for v in g.values()], False, TOP))
    picture.legend(names)
    return picture


def draw_latency(result):
    groups = [
        (f"≤{h['up_to_us']:,}" if h["up_to_us"] else "more", {"alerts": (h["alerts"],) * 3}) for h in result["histogram"]
    ]
    title = f"From a write's return to its alert: median {result['median']:.0f} µs, 99 % within {result['p99']:,.0f} µs"
    picture = Picture(title, where(result), "µs", f"alerts of {result['tokens']:,}")
    bars(picture, groups, ["alerts"], Scale([g["alerts"][0] for _, g in groups], False, TOP))
    return picture


def draw_memory(result):
    samples = result["samples"]
    title = f"Memory over {result['soak_s']} s of {result['tokens_a_second']} new tokens a second"
    picture = Picture(title, where(result), "seconds", "MiB")
    scale = Scale([max(s["rss_kib"], s["maps_kib"]) / 1024 for s in samples], False, TOP)
    picture.axis(scale)
    end = max(samples[-1]["s"], 1)

    def x_of(second):
        return LEFT + second / end * (WIDTH - LEFT - RIGHT)

    for index, key in enumerate(("rss_kib", "maps_kib")):
        curve(picture, [(s["s"], s[key] / 1024) for s in samples], COLOURS[index + 1], scale, x_of)
    for part in range(5):
        picture.text(x_of(end * part / 4), HEIGHT - BOTTOM + 17, f"{end * part / 4:.0f}", anchor="middle", size=11)
    picture.legend(["", "resident", "BPF maps (kernel memory)"])
    return picture


def draw_storm(result):
    groups = [(row["case"].replace(", full speed", ""), {k: triple(row[k]) for k in ("without", "with")}) for row in result["rows"]]
    picture = Picture("Tokens a second through a writer of nothing but tokens", where(result), "", "tokens a second")
    bars(picture, groups, ["without", "", "with"], Scale([v[2] for _, g in groups for v in g.values()], True, TOP))
    picture.legend(["without", "", "with"])
    return picture


def draw_apps(result):
    groups = [(row["application"], {k: triple(row["ratio"][k]) for k in ("wall", "cpu")}) for row in result["rows"]]
    picture = Picture("Applications with spillwatch, against without", where(result), "", "times without")
    bars(picture, groups, ["wall", "cpu"], Scale([v[2] for _, g in groups for v in g.values()], False, TOP), base=1)
    picture.legend(["wall time", "CPU time (with the daemon's)"])
    return picture


def draw_ready(result):
    groups = [(row["state"], {"ms": triple(row)}) for row in result["rows"]]
    picture = Picture("Until writes are seen", where(result), "", "ms")
    bars(picture, groups, ["ms"], Scale([row["high"] for row in result["rows"]], False, TOP))
    return picture


def draw_net(result):
    groups = [(f"{row['way']}, {row['state']}", {"MiB/s": triple(row)}) for row in result["rows"]]
    picture = Picture("Sequential writing with fsync", where(result), "", "MiB/s")
    bars(picture, groups, ["MiB/s"], Scale([row["high"] for row in result["rows"]], False, TOP))
    return picture


def draw_verifier(result):
    columns = list(dict.fromkeys((r["kernel"], r["attachment"]) for r in result["rows"]))
    sums = {c: sum(r["instructions"] for r in result["rows"] if (r["kernel"], r["attachment"]) == c) for c in columns}
    most = {c: max(r["instructions"] for r in result["rows"] if (r["kernel"], r["attachment"]) == c) for c in columns}
    groups = [(" ".join(c), {"all programs": (sums[c],) * 3, "largest program": (most[c],) * 3}) for c in columns]
    picture = Picture("Instructions walked by the verifier", where(result), "kernel, attachment", "instructions")
    names = ["all programs", "largest program"]
    bars(picture, groups, names, Scale(list(sums.values()), False, TOP))
    picture.legend(names)
    return picture


def draw_instructions(result):
    """By attachment: text to a file, instructions against the empty program's."""
    groups = []
    for row in result["rows"]:
        if (row["destination"], row["content"]) in (("file", "text"), ("getppid", "text")):
            label = "getppid" if row["destination"] == "getppid" else size_name(row["bytes"])
            groups.append((f"{label}, {row['attachment']}", {n: (v,) * 3 for n, v in row["ratio"].items()}))
    names = ["unmonitored", "empty", "spillwatch"]
    picture = Picture(
        "Instructions of a write to a file, against an empty program on the same hook",
        where(result),
        f"Linux {result['kernel']} in QEMU, log text",
        "times the instructions with the empty program",
    )
    bars(picture, groups, names, Scale([v[0] for _, g in groups for v in g.values()], False, TOP), base=1)
    picture.legend(names)
    return picture


def draw_profile(result):
    """By the syscall attachment: each step of a write of text."""
    rows = [r for r in result["rows"] if r["attachment"] == "syscall" and ":near:" not in r["case"]]
    names = list(dict.fromkeys(step for r in rows for step, n in r["instructions"].items() if n >= 1))
    groups = []
    for row in rows:
        destination, content, size = row["case"].split(":")
        label = destination if destination == "getppid" else f"{size_name(int(size))}, {content}"
        groups.append((label, {step: (max(n, 1),) * 3 for step, n in row["instructions"].items() if step in names}))
    picture = Picture(
        "Instructions that the programs execute for a call, by step",
        where(result),
        f"Linux {result['kernel']} in QEMU, syscall attachment",
        "machine instructions",
    )
    bars(picture, groups, names, Scale([v[0] for _, g in groups for v in g.values()], True, TOP))
    picture.legend(names)
    return picture


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        result = json.load(file)
    globals()["draw_" + result["benchmark"]](result).save(sys.argv[2])


if __name__ == "__main__":
    main()
