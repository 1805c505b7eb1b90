# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is no fault. Nothing may be said, but for the end of the session where the cut is longer than keepalive-timeout."""
from row import Row, firewall, receive, send

PATIENT = "keepalive-timeout=30000"

ROWS = [
    Row("healthy: lossless", fault=("wait 2",), flows=True),
    Row(
        "healthy: 2 % loss",
        net="routed",
        before=(firewall("r", "forward", "numgen random mod 100 < 2 drop"),),
        fault=("wait 3",),
        flows=True,
    ),
    Row(
        "healthy: a NAT forgets",
        net="routed",
        before=(
            "r: nft -f - <<'END'\ntable ip nat {\nchain post {\ntype nat hook postrouting priority 100\n"
            "oifname r2 masquerade\n}\n}\nEND\n",
        ),
        fault=("r: ip addr add 10.7.2.9/24 dev r2; ip addr del $r2/24 dev r2; ip addr add 10.7.2.9/24 dev r2 || true", "wait 1"),
        flows=True,
    ),
    Row(
        "healthy: a cut of 5 s",
        net="routed",
        caller=send(PATIENT),
        listener=receive(PATIENT),
        fault=("r: ip link set r2 down", "wait 5", "r: ip link set r2 up"),
        flows=True,
    ),
]
