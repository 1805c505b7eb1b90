# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tables, the plot and docs/performance.md, made from the results of a run."""
import os
import pathlib
import platform
import shutil
import subprocess
import tempfile

COLUMNS = {
    "gbps": ("Gbit/s", "{:.2f}"),
    "mbps": ("Mbit/s", "{:.1f}"),
    "received": ("MB delivered", "{:.1f}"),
    "lost": ("lost", "{:.2%}"),
    "cpu_send": ("CPU s/GB, sender", "{:.2f}"),
    "cpu_receive": ("CPU s/GB, receiver", "{:.2f}"),
    "cpu": ("CPU s/GB, both", "{:.2f}"),
    "p50": ("p50 ms", "{:.2f}"),
    "p99": ("p99 ms", "{:.2f}"),
    "p99.9": ("p99.9 ms", "{:.2f}"),
    "accepted_mib": ("MiB accepted", "{:.0f}"),
    "rss_send": ("sender, MiB at most", "{:.1f}"),
    "rss_receive": ("receiver, MiB at most", "{:.1f}"),
}


def cell(figures, column):
    value = figures.get(column)
    if value is None:
        return "–"
    return COLUMNS[column][1].format(value / 1e6 if column == "received" else value)


def rows(scenario):
    """The header and the rows of a scenario's table."""
    table = [["transport"] + [COLUMNS[column][0] for column in scenario["columns"]]]
    for name, result in scenario["transports"].items():
        if "median" in result:
            table.append([name] + [cell(result["median"], column) for column in scenario["columns"]])
        else:
            table.append([name, "not measured: " + result["obstacle"]])
    return table


def text_table(table):
    widths = [max(len(row[i]) for row in table if len(row) == len(table[0])) for i in range(len(table[0]))]
    lines = []
    for row in table:
        if len(row) < len(widths):
            lines.append(f"  {row[0]:<{widths[0]}}  {row[1]}")
        else:
            cells = [row[0].ljust(widths[0])] + [text.rjust(width) for text, width in zip(row[1:], widths[1:])]
            lines.append("  " + "  ".join(cells))
    return "\n".join(lines)


def markdown_table(table):
    lines = ["| " + " | ".join(table[0]) + " |", "|---" + "|--:" * (len(table[0]) - 1) + "|"]
    for row in table[1:]:
        lines.append("| " + " | ".join(row + [""] * (len(table[0]) - len(row))) + " |")
    return "\n".join(lines)


def describe_machine():
    def first(path, key):
        for line in pathlib.Path(path).read_text().splitlines():
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
        return "unknown"

    def version(*command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.splitlines()[0] if done.returncode == 0 and done.stdout else "unknown"

    def setting(name):
        return pathlib.Path("/proc/sys/net", name).read_text().strip()

    memory = int(first("/proc/meminfo", "MemTotal").split()[0]) / 2**20
    return {
        "processor": f"{first('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "kernel": f"Linux {platform.release()}",
        "system": first_release(),
        "GStreamer": version("gst-launch-1.0", "--gst-version"),
        "OpenSSL": version("openssl", "version"),
        "compiler": version("c++", "--version"),
        "socket buffers": f"rmem_max {setting('core/rmem_max')}, wmem_max {setting('core/wmem_max')} bytes",
        "TCP": setting("ipv4/tcp_congestion_control"),
    }


def first_release():
    return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")


def median(results, scenario, transport, column):
    return results["scenarios"].get(scenario, {}).get("transports", {}).get(transport, {}).get("median", {}).get(column)


def goals(results):
    """Rows of goal, measured, met; only where both sides were measured."""

    def of(scenario, transport, column):
        return median(results, scenario, transport, column)

    table = [["goal", "measured", "met"]]

    def add(goal, values, measured, met):
        if all(value is not None for value in values):
            table.append([goal, measured(*values), "yes" if met(*values) else "no"])

    def lossless(share):
        return share == 0

    add(
        "64 KiB buffers: at least 0.5 × the raw ceiling, nothing lost",
        (of("bulk-64k", "stt", "gbps"), of("bulk-64k", "ceiling", "gbps"), of("bulk-64k", "stt", "lost")),
        lambda stt, ceiling, lost: f"{stt / ceiling:.2f} ×, {lost:.2%} lost",
        lambda stt, ceiling, lost: stt >= 0.5 * ceiling and lossless(lost),
    )
    add(
        "1316-byte buffers: at least 2.5 × SRT, nothing lost",
        (of("bulk-1316", "stt", "gbps"), of("bulk-1316", "srt", "gbps"), of("bulk-1316", "stt", "lost")),
        lambda stt, srt, lost: f"{stt / srt:.2f} ×, {lost:.2%} lost",
        lambda stt, srt, lost: stt >= 2.5 * srt and lossless(lost),
    )
    add(
        "1316-byte buffers: at most 8.5 CPU seconds per GB, both ends",
        (of("bulk-1316", "stt", "cpu"),),
        "{:.2f} s/GB".format,
        lambda cpu: cpu <= 8.5,
    )
    for column, extra in (("p50", 0.3), ("p99", 2)):
        add(
            f"20 Mbit/s: {column} at most UDP's + {extra} ms",
            (of("paced", "stt", column), of("paced", "udp", column)),
            lambda stt, udp: f"{stt:.2f} ms, UDP {udp:.2f} ms",
            lambda stt, udp, extra=extra: stt <= udp + extra,
        )
    add(
        "Lossy link: at least 170 Mbit/s of payload, nothing lost",
        (of("wan", "stt", "mbps"), of("wan", "stt", "lost")),
        lambda mbps, lost: f"{mbps:.1f} Mbit/s, {lost:.2%} lost",
        lambda mbps, lost: mbps >= 170 and lossless(lost),
    )
    return table


PLOT = """
set terminal svg size 1000,760 font "sans-serif,12" background rgb "white"
set output "{output}"
set multiplot layout 2,2
set style data histograms
set style fill solid 0.85 border -1
set grid ytics
set key top right
set datafile missing "-"
"""
# Columns of results, and how they are drawn from the file DATA.
PANELS = [
    (
        [("bulk-64k", "gbps"), ("bulk-1316", "gbps")],
        """
set title "Bulk on loopback, Gbit/s"
set yrange [0:*]
plot "DATA" using 2:xtic(1) title "64 KiB buffers", "" using 3 title "1316-byte buffers"
""",
    ),
    (
        [("bulk-1316", "cpu_send"), ("bulk-1316", "cpu_receive")],
        """
set title "CPU seconds per GB, 1316-byte buffers"
set yrange [0:*]
set style histogram rowstacked
plot "DATA" using 2:xtic(1) title "sender", "" using 3 title "receiver"
set style histogram clustered
""",
    ),
    (
        [("paced", "p50"), ("paced", "p99"), ("paced", "p99.9")],
        """
set title "One-way latency at 20 Mbit/s, ms"
set yrange [0.01:*]
set logscale y
plot "DATA" using 2:xtic(1) title "p50", "" using 3 title "p99", "" using 4 title "p99.9"
unset logscale y
""",
    ),
    (
        [("wan", "mbps")],
        """
set title "200 Mbit/s, 40 ms, 1 % loss: Mbit/s delivered"
set yrange [0:200]
plot "DATA" using 2:xtic(1) notitle
""",
    ),
]


def write_plot(results, path):
    """An SVG of what was measured; False without gnuplot, or when none of it has a panel."""
    if not shutil.which("gnuplot"):
        return False
    script = PLOT.format(output=path)
    with tempfile.TemporaryDirectory() as directory:
        drawn = 0
        for columns, commands in PANELS:
            lines = []
            for name in ["stt", "srt", "tcp", "udp", "ceiling"]:
                values = [median(results, scenario, name, column) for scenario, column in columns]
                if any(value is not None for value in values):
                    lines.append(" ".join([name] + ["-" if value is None else f"{value:.6g}" for value in values]))
            if not lines:
                continue
            data = pathlib.Path(directory, str(drawn))
            data.write_text("\n".join(lines) + "\n")
            script += commands.replace("DATA", str(data))
            drawn += 1
        if drawn == 0:
            return False
        done = subprocess.run(["gnuplot"], input=script, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"gnuplot: {done.stderr}")
    return True


def write_docs(results, path, plot):
    parts = [
        "<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->",
        "# Performance\n",
        "Written by `tests/bench/run --write-docs`, from one run. Every transport gets the same work: records that are\n"
        "numbered and time-stamped go through `appsrc` into the sink, and are counted at the far end's source. The\n"
        f"transports take turns, {results['rounds']} rounds of them, and each figure is the median of its rounds. "
        "CPU seconds are each\nprocess's own, the generator's share included; GB are 10⁹ bytes of payload delivered. "
        "STT and SRT encrypt with\nAES-256, TCP and UDP do not encrypt. The ceiling is AES-256-GCM over UDP with "
        "segmentation offload and nothing else:\nno order, no repair, no elements. STT runs with `mtu=1500`.\n",
    ]
    if plot:
        parts.append(f"![throughput, CPU and latency]({plot})\n")
    parts.append("## Machine\n")
    machine = [[key, value] for key, value in results["machine"].items()]
    parts.append("| | |\n|---|---|\n" + "\n".join(f"| {key} | {value} |" for key, value in machine) + "\n")
    reached = goals(results)
    if len(reached) > 1:
        parts += ["## Goals\n", markdown_table(reached) + "\n"]
    for scenario in results["scenarios"].values():
        parts += [f"## {scenario['title']}\n", markdown_table(rows(scenario)) + "\n"]
    path.write_text("\n".join(parts))
