# SPDX-License-Identifier: LGPL-2.1-or-later
"""Routes that are missing or lead nowhere."""
from row import CUT_OFF, LOST, OWN_ROUTE, STAYS_CUT, Row, error, note, receive, warning

NO_ROUTE = warning("NETWORK_UNREACHABLE", "no-route", "local", by=0.2)


def route_of(kind, says):
    return Row(
        f"route: {kind}",
        net="routed",
        before=(f"a: ip route add {kind} $b",),
        caller_says=(says,),
    )


ROWS = [
    Row("route: none", host="192.0.2.1", caller_says=(NO_ROUTE,)),
    Row(
        "route: none, one attempt",
        host="192.0.2.1",
        caller=receive("auto-reconnect=false"),
        caller_says=(error("NETWORK_UNREACHABLE", "no-route", "local", by=0.2),),
    ),
    Row("route: none, IPv6", host="[2001:db8::1]", caller_says=(NO_ROUTE,)),
    route_of("unreachable", NO_ROUTE),
    route_of("blackhole", warning("UDP_SEND_FAILED", "send", "local", by=0.2)),
    route_of("prohibit", warning("NETWORK_UNREACHABLE", "prohibited", "local", by=0.2)),
    Row(
        "route: the router has none",
        net="routed",
        host="192.0.2.1",
        caller_says=(warning("NETWORK_UNREACHABLE", "no-route-there", "network", by=0.2, hint="no-route-there"),),
    ),
    Row(
        "route: the router does not forward",
        net="routed",
        before=("r: echo 0 >/proc/sys/net/ipv4/ip_forward",),
        caller_says=(warning("CONNECTION_TIMEOUT", "handshake-timeout", "network", by=1.7),),
    ),
    Row(
        "route: no way back",
        net="routed",
        before=("b: ip route del default",),
        caller_says=(warning("CONNECTION_TIMEOUT", "handshake-timeout", "network", by=1.7),),
        listener_says=None,
    ),
    Row(
        "route: a loop",
        net="routed",
        host="10.7.9.9",
        # The router and the host behind it think of each other.
        before=("r: ip route add 10.7.9.9 via $b", "b: echo 1 >/proc/sys/net/ipv4/ip_forward"),
        listener=None,
        caller_says=(warning("NETWORK_UNREACHABLE", "no-route-there", "network", by=0.3, hint="no-route-there"),),
    ),
    Row(
        "route: a loop, IPv6",
        net="routed",
        host="[fd07:9::9]",
        before=("r: ip route add fd07:9::9 via $b6", "b: echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"),
        listener=None,
        caller_says=(warning("NETWORK_UNREACHABLE", "no-route-there", "network", by=0.3, hint="no-route-there"),),
    ),
    Row(
        "route: removed in mid-stream",
        net="routed",
        fault=("a: ip route del default",),
        caller_says=(OWN_ROUTE, CUT_OFF),
        listener_says=(LOST,),
        may=STAYS_CUT,
    ),
    Row(
        "route: a blackhole in mid-stream",
        net="routed",
        fault=("a: ip route add blackhole $b",),
        caller_says=(note("UDP_SEND_FAILED", "send", "local", by=0.3), CUT_OFF),
        listener_says=(LOST,),
        may=STAYS_CUT,
    ),
    Row(
        "route: the router loses its own in mid-stream",
        net="routed",
        fault=("r: ip route add unreachable $b",),
        caller_says=(CUT_OFF,),
        listener_says=(LOST,),
        may=STAYS_CUT,
    ),
]
