# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured: the transports, each with the elements of its two ends, and the work they are given."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Transport:
    name: str
    sink: str  # of the sending end, in gst-launch-1.0 notation
    source: str  # of the receiving end, which listens
    elements: tuple
    largest: int = 0  # bytes of the largest buffer it takes; 0: any


# Every sink runs with sync=false: this measures transports, not clocks. {latency} is SRT's receive buffer in
# milliseconds: 20 on loopback, four round trips on the emulated link, as its makers advise.
TRANSPORTS = [
    Transport(
        "stt",
        "sttsink uri=stt+udp://{host}:{port} seed-file={seed} mtu=1500 sync=false when-full=block wait-for-connection=true",
        "sttsrc uri=stt+udp://:{port} seed-file={seed} mtu=1500",
        ("sttsink", "sttsrc"),
    ),
    Transport(
        "srt",
        "srtsink uri=srt://{host}:{port} mode=caller passphrase={passphrase} pbkeylen=32 latency={latency} sync=false",
        "srtsrc uri=srt://:{port} mode=listener passphrase={passphrase} pbkeylen=32 latency={latency}",
        ("srtsink", "srtsrc"),
    ),
    Transport(
        "tcp",
        "tcpclientsink host={host} port={port} sync=false",
        "tcpserversrc host={host} port={port}",
        ("tcpclientsink", "tcpserversrc"),
    ),
    Transport(
        "udp",
        "udpsink host={host} port={port} buffer-size=4194304 sync=false",
        "udpsrc address={host} port={port} buffer-size=4194304",
        ("udpsink", "udpsrc"),
        largest=65_507,
    ),
]
CEILING = "ceiling"


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    size: int  # bytes of a buffer
    count: int
    quick_count: int
    rate: float = 0  # Mbit/s offered; 0: as fast as the sink takes it
    idle: float = 2  # seconds of silence after which nothing more is expected
    link: tuple = ()  # options of wan_link; empty: loopback
    srt_latency: int = 20
    ceiling_packet: int = 0  # bytes of a UDP payload of the raw ceiling; 0: it has no part in this
    stall: float = 0  # seconds to push against a receiver that takes one buffer
    columns: tuple = ()  # of the table, names of figures


BULK = ("gbps", "received", "lost", "cpu_send", "cpu_receive", "cpu")
SCENARIOS = [
    Scenario(
        "bulk-64k",
        "Bulk on loopback, buffers of 64 KiB",
        size=65_536,
        count=16_384,
        quick_count=400,
        ceiling_packet=1472,
        columns=BULK,
    ),
    Scenario(
        "bulk-1316",
        "Bulk on loopback, buffers of 1316 bytes",
        size=1316,
        count=400_000,
        quick_count=5_000,
        ceiling_packet=1316 + 28,
        columns=BULK,
    ),
    Scenario(
        "paced",
        "20 Mbit/s on loopback, buffers of 1316 bytes: one-way latency",
        size=1316,
        count=19_000,
        quick_count=1_900,
        rate=20,
        columns=("received", "lost", "p50", "p99", "p99.9"),
    ),
    Scenario(
        "wan",
        "Link of 200 Mbit/s, 40 ms round trip, 1 % loss; as fast as it goes, buffers of 1316 bytes",
        size=1316,
        count=300_000,
        quick_count=5_000,
        idle=4,
        link=("--rate", "200", "--delay", "20", "--loss", "1", "--queue", "1000"),
        srt_latency=160,
        columns=("mbps", "received", "lost", "p50", "p99", "cpu"),
    ),
    Scenario(
        "stall",
        "A receiver that stalls: memory after ten seconds of pushing, buffers of 64 KiB",
        size=65_536,
        count=8_192,
        quick_count=1_024,
        stall=10,
        columns=("accepted_mib", "rss_send", "rss_receive"),
    ),
]
