# SPDX-License-Identifier: LGPL-2.1-or-later
"""Paths that are narrow, slow, lossy, or damage what they carry."""
from row import NAT, NAT_FORGETS, Row, firewall, note, warning

NARROW = note("UDP_SEND_FAILED", "mtu", "network", by=2, hint="mtu")
NARROW_START = warning("UDP_SEND_FAILED", "mtu", "network", by=2, hint="mtu")
GIVEN_UP = warning("SESSION_TIMEOUT", "mtu", "network", by=6, hint="mtu")
NO_ICMP = firewall("r", "output", "meta l4proto icmp drop")
# The attempt to come back meets the same link.
NARROW_MAY = ("SESSION_CLOSED timeout", "SESSION_TIMEOUT keepalive-timeout", "UDP_SEND_FAILED mtu")
LOSS_OUT = warning("PATH_LOSS", "outgoing", "network", by=6)
LOSS_IN = warning("PATH_LOSS", "incoming", "network", by=6)


def loss(percent, is_told):
    """Random loss of what goes to the listener."""
    return Row(
        f"path: {percent} % are lost",
        net="routed",
        fault=(firewall("r", "forward", f"$proto dport $port numgen random mod 100 < {percent} drop"),),
        caller_says=(LOSS_OUT,) if is_told else (),
        listener_says=(LOSS_IN,) if is_told else (),
        flows=True,
    )


ROWS = [
    Row(
        "path: 1200 bytes in mid-stream",
        net="routed",
        fault=("r: ip link set r2 mtu 1200",),
        caller_says=(NARROW, GIVEN_UP),
        listener_says=(),
        may=NARROW_MAY,
    ),
    Row(
        "path: 1200 bytes in mid-stream, no ICMP",
        net="routed",
        before=(NO_ICMP,),
        fault=("r: ip link set r2 mtu 1200",),
        caller_says=(NARROW, GIVEN_UP),
        listener_says=(),
        may=NARROW_MAY,
    ),
    Row(
        "path: 576 bytes in mid-stream",
        net="routed",
        fault=("r: ip link set r2 mtu 576",),
        caller_says=(NARROW, GIVEN_UP),
        listener_says=(),
        may=NARROW_MAY,
    ),
    Row(
        "path: 1300 bytes in mid-stream is none",
        net="routed",
        fault=("r: ip link set r2 mtu 1300",),
        flows=True,
    ),
    Row(
        "path: 1200 bytes from the start",
        net="routed",
        before=("r: ip link set r2 mtu 1200",),
        caller_says=(NARROW_START,),
    ),
    Row(
        "path: 576 bytes from the start",
        net="routed",
        before=("r: ip link set r2 mtu 576",),
        caller_says=(NARROW_START,),
    ),
    Row(
        "path: 1200 bytes from the start, no ICMP",
        net="routed",
        before=(NO_ICMP, "r: ip link set r2 mtu 1200"),
        caller_says=(warning("CONNECTION_TIMEOUT", "handshake-timeout", "network", by=1.7),),
    ),
    Row(
        "path: own link of 1200 bytes",
        before=("a: ip link set eth0 mtu 1200",),
        caller_says=(warning("UDP_SEND_FAILED", "mtu", "local", by=0.3, hint="mtu"),),
    ),
    Row(
        "path: own link of 1200 bytes in mid-stream",
        fault=("a: ip link set eth0 mtu 1200",),
        caller_says=(note("UDP_SEND_FAILED", "mtu", "local", by=2, hint="mtu"), GIVEN_UP),
        listener_says=(),
        may=NARROW_MAY,
    ),
    loss(50, True),
    loss(30, True),
    loss(2, False),
    Row(
        "path: damages one packet in five",
        net="line --delay 10 --corrupt 20",
        caller_says=None,
        listener_says=(note("CHECKSUM_MISMATCH", "line-noise", "network", by=5),),
        may=("CHECKSUM_MISMATCH line-noise",),
        flows=True,
    ),
    Row(
        "path: duplicates are none",
        net="line --delay 10 --duplicate 20",
        fault=("wait 1",),
        flows=True,
    ),
    Row(
        "path: another order is none",
        net="line --delay 20 --jitter 10 --reorder 20",
        fault=("wait 1",),
        flows=True,
    ),
    Row(
        "path: 600 ms of delay are none",
        net="line --delay 300",
        fault=("wait 1",),
        flows=True,
    ),
    Row(
        "path: a caller's new address behind a NAT is none",
        net="routed",
        before=(NAT,),
        fault=(NAT_FORGETS, "wait 1"),
        flows=True,
    ),
]
