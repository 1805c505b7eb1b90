# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs one transport through one scenario and says what came of it."""
import contextlib
import json
import os
import pathlib
import secrets
import selectors
import shutil
import socket
import subprocess
import tempfile
import time

from transports import CEILING

RUN_LIMIT = 180  # seconds for one run of one transport


class Failure(Exception):
    """A run that could not be measured; says why."""


def read_line(process, limit, what):
    """A line of the process's output within `limit` seconds."""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(limit):
            raise Failure(f"{what}: silent for {limit:.0f} s")
    line = process.stdout.readline()
    if not line:
        process.wait(10)
        errors = process.stderr.read().strip().splitlines()
        raise Failure(f"{what}: {errors[-1] if errors else f'exit status {process.returncode}'}")
    return line


@contextlib.contextmanager
def running(command, environment):
    """A process with pipes; it is told to go by closing its input, and made to if it does not."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        )
        process.stderr = errors
        try:
            yield process
        finally:
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
            errors.seek(0)


def free_port():
    """A port that is free for both TCP and UDP now, picked by the kernel."""
    while True:
        with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                tcp.bind(udp.getsockname())
                return udp.getsockname()[1]


class Bench:
    def __init__(self, build, quick):
        self.build = pathlib.Path(build)
        self.quick = quick
        self.environment = dict(os.environ, LC_ALL="C.UTF-8")
        paths = [str(self.build / "plugins"), os.environ.get("GST_PLUGIN_PATH", "")]
        self.environment["GST_PLUGIN_PATH"] = ":".join(filter(None, paths))
        self.environment.setdefault("GST_REGISTRY", str(self.build / "registry.bin"))
        self.directory = tempfile.TemporaryDirectory()
        self.seed = pathlib.Path(self.directory.name) / "bench.seed"
        self.seed.touch(0o600)
        self.seed.write_text(secrets.token_hex(32) + "\n")
        self.passphrase = secrets.token_hex(16)

    def program(self, name):
        return str(self.build / name)

    def obstacle(self, transport, scenario):
        """Why this transport cannot be measured here, or None."""
        if scenario.link and not (os.geteuid() == 0 and os.access("/dev/net/tun", os.W_OK)):
            return "the emulated link needs root and /dev/net/tun"
        if transport == CEILING:
            return None
        if transport.largest and scenario.size > transport.largest:
            return f"a datagram holds {transport.largest} bytes"
        for element in transport.elements:
            inspect = shutil.which("gst-inspect-1.0")
            command = [inspect, element]
            if not inspect or subprocess.run(command, env=self.environment, capture_output=True, check=False).returncode:
                return f"no element {element}"
        return None

    def run(self, transport, scenario):
        """Figures of one run; raises Failure."""
        if transport == CEILING:
            return self.run_ceiling(scenario)
        if not scenario.link:
            return self.run_pair(transport, scenario, "127.0.0.1", free_port(), [], [])
        holder = ["sh", "-c", 'echo "$WAN_A" "$WAN_B"; exec cat']
        link = [self.program("pipelines/lib/wan-link"), *scenario.link, "--", *holder]
        with running(link, self.environment) as process:
            sender, receiver = read_line(process, 10, "wan-link").split()
            inside = [["nsenter", f"--net={where}"] for where in (sender, receiver)]
            return self.run_pair(transport, scenario, "10.77.0.2", 7600, *inside)

    def run_ceiling(self, scenario):
        total = scenario.size * (scenario.quick_count if self.quick else scenario.count)
        command = [self.program("tests/bench/bench-ceiling")]
        command += ["--packet", str(scenario.ceiling_packet), "--bytes", str(total)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_LIMIT, check=False)
        if done.returncode:
            raise Failure(done.stderr.strip())
        got = json.loads(done.stdout)
        gigabytes = got["bytes"] / 1e9 or float("inf")
        return {
            "received": got["bytes"],
            "lost": 1 - got["received"] / got["sent"],
            "gbps": got["bytes"] * 8e-9 / max(got["wall"], 1e-9),
            "cpu_send": got["cpu_send"] / gigabytes,
            "cpu_receive": got["cpu_receive"] / gigabytes,
            "cpu": (got["cpu_send"] + got["cpu_receive"]) / gigabytes,
        }

    def run_pair(self, transport, scenario, host, port, in_sender, in_receiver):
        count = scenario.quick_count if self.quick else scenario.count
        stall = min(scenario.stall, 1) if self.quick else scenario.stall
        words = {"host": host, "port": port, "seed": self.seed, "passphrase": self.passphrase}
        words["latency"] = scenario.srt_latency
        work = ["--size", str(scenario.size), "--count", str(count)]
        traffic = self.program("tests/bench/bench-traffic")
        receive = [*in_receiver, traffic, "receive", transport.source.format(**words), *work]
        send = [*in_sender, traffic, "send", transport.sink.format(**words), *work, "--rate", str(scenario.rate)]
        if stall:
            receive += ["--stall", "1000", "--idle", str(stall + 2)]
            send += ["--seconds", str(stall)]
        else:
            receive += ["--idle", str(scenario.idle)]
        started = time.monotonic()
        with running(receive, self.environment) as receiver:
            read_line(receiver, 20, "receiver")
            with running(send, self.environment) as sender:
                got = json.loads(read_line(receiver, RUN_LIMIT, "receiver"))
                sent = json.loads(read_line(sender, RUN_LIMIT - (time.monotonic() - started), "sender"))
        return figures(scenario, count, sent, got)


def figures(scenario, count, sent, got):
    """Of what the two ends say; bytes, fractions, seconds per GB of payload delivered, milliseconds."""
    if scenario.stall:
        return {
            "accepted_mib": sent["pushed"] * scenario.size / 2**20,
            "rss_send": sent["max_rss_kib"] / 1024,
            "rss_receive": got["max_rss_kib"] / 1024,
        }
    payload = got["received"] * scenario.size
    if not payload:
        raise Failure("nothing arrived")
    gigabytes = payload / 1e9
    gbps = payload * 8e-9 / max(got["wall"], 1e-9)
    return {
        "received": payload,
        "lost": 1 - got["received"] / count,
        "duplicated": got["duplicated"],
        "reordered": got["reordered"],
        "stray_bytes": got["stray_bytes"],
        "ended": sent["ended"],
        "gbps": gbps,
        "mbps": gbps * 1e3,
        "cpu_send": sent["cpu"] / gigabytes,
        "cpu_receive": got["cpu"] / gigabytes,
        "cpu": (sent["cpu"] + got["cpu"]) / gigabytes,
        **got["latency_ms"],
    }
