# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names of hosts that lead to no address, or to a wrong one."""
from row import Row, error, firewall, foreign, receive, send, warning

NSSWITCH = {"/etc/nsswitch.conf": "hosts: files dns\n"}
ASKS_B = {"/etc/resolv.conf": "nameserver 10.7.0.2\noptions timeout:30 attempts:1\n"} | NSSWITCH
UNRESOLVED = warning("NETWORK_UNREACHABLE", "resolve", "network", by=0.5, hint="resolve")

ROWS = [
    Row(
        "name: no such",
        host="camera.example.org",
        files=ASKS_B,
        listener=foreign("dns 53"),
        caller_says=(UNRESOLVED,),
    ),
    Row(
        "name: no such, one attempt",
        host="camera.example.org",
        files=ASKS_B,
        caller=receive("auto-reconnect=false"),
        listener=foreign("dns 53"),
        caller_says=(error("NETWORK_UNREACHABLE", "resolve", "network", by=0.5, hint="resolve"),),
    ),
    Row(
        "name: no name server",
        host="camera.example.org",
        files=ASKS_B,
        listener=None,
        caller_says=(UNRESOLVED,),
    ),
    Row(
        "name: the name server is silent",
        host="camera.example.org",
        files=ASKS_B,
        listener=None,
        before=(firewall("b", "input", "udp dport 53 drop"),),
        caller=send("handshake-timeout=1500"),
        caller_says=(warning("TIMEOUT", "resolve", "network", by=1.7, hint="resolve"),),
    ),
    Row(
        "name: of IPv6 only, without IPv6",
        host="camera",
        files={"/etc/hosts": "2001:db8::1 camera\n"} | NSSWITCH,
        caller_says=(warning("NETWORK_UNREACHABLE", "no-route", "local", by=0.2),),
    ),
    Row(
        "name: with an empty label",
        net="alone",
        host="no..such.name",
        listener=None,
        caller_says=(UNRESOLVED,),
    ),
    Row(
        "name: of another host",
        host="camera",
        files={"/etc/hosts": "10.7.0.1 camera\n"} | NSSWITCH,
        caller_says=(warning("CONNECTION_REFUSED", "port-closed", "network", by=0.2),),
    ),
    Row(
        "name: descriptors run out while it is looked up",
        net="alone",
        host="camera",
        files={"/etc/hosts": "127.0.0.1 camera\n"} | NSSWITCH,
        listener=None,
        caller=send(options="--spare-descriptors 3", source="fakesrc num-buffers=1"),
        caller_says=(warning("RESOURCE_EXHAUSTED", "descriptors", "local", by=0.5),),
    ),
]
