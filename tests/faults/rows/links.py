# SPDX-License-Identifier: LGPL-2.1-or-later
"""Links that go down, and addresses that change, in mid-stream."""
from row import CUT_OFF, LOST, OWN_ROUTE, STAYS_CUT, Row

ROWS = [
    Row(
        "link: the sender's own is down",
        fault=("a: ip link set eth0 down",),
        caller_says=(OWN_ROUTE, CUT_OFF),
        listener_says=(LOST,),
        may=STAYS_CUT,
    ),
    Row(
        "link: the receiver's own is down",
        fault=("b: ip link set eth0 down",),
        listener_says=(OWN_ROUTE, CUT_OFF),
        caller_says=(LOST,),
        may=STAYS_CUT,
    ),
    Row(
        "link: the router's is down",
        net="routed",
        fault=("r: ip link set r2 down",),
        caller_says=(LOST,),
        listener_says=(LOST,),
        may=STAYS_CUT,
    ),
    Row(
        "link: the sender's is removed",
        fault=("a: ip link del eth0",),
        caller_says=(OWN_ROUTE, CUT_OFF),
        listener_says=(LOST,),
        may=STAYS_CUT,
    ),
    Row(
        "link: the sender's address is removed",
        fault=("a: ip addr flush dev eth0",),
        caller_says=(OWN_ROUTE, CUT_OFF),
        listener_says=(LOST,),
        may=STAYS_CUT,
    ),
    Row(
        "link: a cut of 5 s",
        net="routed",
        fault=("r: ip link set r2 down", "wait 5", "r: ip link set r2 up"),
        caller_says=(LOST,),
        listener_says=(LOST,),
        may=STAYS_CUT,
        flows=True,
    ),
    Row(
        "link: a cut of 1 s is none",
        net="routed",
        fault=("r: ip link set r2 down", "wait 1", "r: ip link set r2 up"),
        may=("NETWORK_UNREACHABLE no-route-there",),
        flows=True,
    ),
    Row(
        "link: another address of the caller is none",
        # There is a route at any time: the second address stays when the first one goes.
        fault=(
            "a: sysctl -qw net.ipv4.conf.eth0.promote_secondaries=1; ip addr add 10.7.0.5/24 dev eth0; "
            "ip addr del 10.7.0.1/24 dev eth0",
        ),
        flows=True,
    ),
]
