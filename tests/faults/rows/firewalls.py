# SPDX-License-Identifier: LGPL-2.1-or-later
"""Firewalls on the way and at the ends."""
from row import CUT_OFF, LOST, STAYS_CUT, Row, error, firewall, note, receive, warning

TO_LISTENER = "$proto dport $port"
TO_CALLER = "$proto sport $port"
SILENT = warning("CONNECTION_TIMEOUT", "handshake-timeout", "network", by=1.7)
OWN = warning("UDP_SEND_FAILED", "send", "local", by=0.2)
NOBODY = warning("NETWORK_UNREACHABLE", "no-host", "network", by=0.2)
FORBIDDEN = warning("NETWORK_UNREACHABLE", "prohibited", "network", by=0.2)
FORBIDDEN_NOW = note("NETWORK_UNREACHABLE", "prohibited", "network", by=0.3)
FAR_ROUTE = warning("NETWORK_UNREACHABLE", "no-route-there", "network", by=0.2, hint="no-route-there")
CLOSED = warning("CONNECTION_REFUSED", "port-closed", "network", by=0.2)


def rejects(code, says):
    return Row(
        f"firewall: rejects with {code}",
        before=(firewall("b", "input", f"{TO_LISTENER} reject with icmp type {code}", "ip"),),
        caller_says=(says,),
    )


def rejects6(code, says):
    return Row(
        f"firewall: rejects with {code}, IPv6",
        host="[$b6]",
        before=(firewall("b", "input", f"{TO_LISTENER} reject with icmpv6 type {code}", "ip6"),),
        caller_says=(says,),
    )


ROWS = [
    Row(
        "firewall: listener's host drops",
        before=(firewall("b", "input", f"{TO_LISTENER} drop"),),
        caller_says=(SILENT,),
    ),
    Row(
        "firewall: listener's host drops, one attempt",
        caller=receive("auto-reconnect=false"),
        before=(firewall("b", "input", f"{TO_LISTENER} drop"),),
        caller_says=(error("CONNECTION_TIMEOUT", "handshake-timeout", "network", by=1.7),),
    ),
    rejects("port-unreachable", CLOSED),
    rejects("host-unreachable", NOBODY),
    rejects("net-unreachable", FAR_ROUTE),
    rejects("prot-unreachable", FORBIDDEN),
    rejects("admin-prohibited", FORBIDDEN),
    rejects("host-prohibited", FORBIDDEN),
    rejects("net-prohibited", FORBIDDEN),
    rejects6("port-unreachable", CLOSED),
    rejects6("addr-unreachable", NOBODY),
    rejects6("no-route", FAR_ROUTE),
    rejects6("admin-prohibited", FORBIDDEN),
    Row(
        "firewall: own output drops",
        before=(firewall("a", "output", f"{TO_LISTENER} drop"),),
        caller_says=(OWN,),
    ),
    Row(
        "firewall: own output rejects",
        before=(firewall("a", "output", f"{TO_LISTENER} reject"),),
        caller_says=(OWN,),
    ),
    Row(
        "firewall: own input drops",
        before=(firewall("a", "input", f"{TO_CALLER} drop"),),
        caller_says=(SILENT,),
        listener_says=(note("CONNECTION_TIMEOUT", "handshake-timeout", "network", by=3),),
    ),
    Row(
        "firewall: the router drops",
        net="routed",
        before=(firewall("r", "forward", f"{TO_LISTENER} drop"),),
        caller_says=(SILENT,),
    ),
    Row(
        "firewall: the router rejects",
        net="routed",
        before=(firewall("r", "forward", f"{TO_LISTENER} reject with icmp type admin-prohibited", "ip"),),
        caller_says=(FORBIDDEN,),
    ),
    Row(
        "firewall: only answers are dropped",
        net="routed",
        before=(firewall("r", "forward", f"{TO_CALLER} drop"),),
        caller_says=(SILENT,),
        listener_says=(note("CONNECTION_TIMEOUT", "handshake-timeout", "network", by=3),),
    ),
    Row(
        "firewall: own output drops in mid-stream",
        fault=(firewall("a", "output", f"{TO_LISTENER} drop"),),
        caller_says=(note("UDP_SEND_FAILED", "send", "local", by=0.3), CUT_OFF),
        listener_says=(LOST,),
        may=STAYS_CUT,
    ),
    Row(
        "firewall: the listener's output drops in mid-stream",
        fault=(firewall("b", "output", f"{TO_CALLER} drop"),),
        caller_says=(LOST,),
        listener_says=(note("UDP_SEND_FAILED", "send", "local", by=0.3), CUT_OFF),
        may=STAYS_CUT,
    ),
    Row(
        "firewall: drops in mid-stream",
        net="routed",
        fault=(firewall("r", "forward", "drop"),),
        caller_says=(LOST,),
        listener_says=(LOST,),
        may=STAYS_CUT,
    ),
    Row(
        "firewall: rejects in mid-stream",
        net="routed",
        fault=(firewall("r", "forward", "reject with icmp type admin-prohibited", "ip"),),
        caller_says=(FORBIDDEN_NOW, LOST),
        listener_says=(FORBIDDEN_NOW, LOST),
        may=STAYS_CUT,
    ),
]
