# SPDX-License-Identifier: LGPL-2.1-or-later
"""Links that go down, and addresses that change, in mid-stream."""
from row import Row, note, warning

LOST = warning("SESSION_TIMEOUT", "keepalive-timeout", "network", by=4)

ROWS = [
    Row(
        "link: the sender's own is down",
        fault=("a: ip link set eth0 down",),
        caller_says=(note("NETWORK_UNREACHABLE", "no-route", "local", by=0.3), LOST),
        listener_says=(LOST,),
        todo="not told before the time-out",
    ),
    Row(
        "link: the receiver's own is down",
        fault=("b: ip link set eth0 down",),
        listener_says=(note("NETWORK_UNREACHABLE", "no-route", "local", by=2), LOST),
        caller_says=(LOST,),
        todo="not told before the time-out",
    ),
    Row(
        "link: the router's is down",
        net="routed",
        fault=("r: ip link set r2 down",),
        caller_says=(LOST,),
        listener_says=(LOST,),
    ),
    Row(
        "link: the sender's is removed",
        fault=("a: ip link del eth0",),
        caller_says=(note("NETWORK_UNREACHABLE", "no-route", "local", by=0.3), LOST),
        listener_says=(LOST,),
        todo="not told before the time-out",
    ),
    Row(
        "link: the sender's address is removed",
        fault=("a: ip addr flush dev eth0",),
        caller_says=(note("NETWORK_UNREACHABLE", "no-route", "local", by=0.3), LOST),
        listener_says=(LOST,),
        todo="not told before the time-out",
    ),
    Row(
        "link: a cut of 5 s",
        net="routed",
        fault=("r: ip link set r2 down", "wait 5", "r: ip link set r2 up"),
        caller_says=(LOST,),
        listener_says=(LOST,),
        flows=True,
    ),
    Row(
        "link: a cut of 1 s is none",
        net="routed",
        fault=("r: ip link set r2 down", "wait 1", "r: ip link set r2 up"),
        flows=True,
    ),
    Row(
        "link: another address of the caller is none",
        fault=("a: ip addr add 10.7.0.5/24 dev eth0; ip addr del $a/24 dev eth0; ip addr add 10.7.0.5/24 dev eth0 || true",),
        flows=True,
    ),
]
