# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is no fault. No WARNING or ERROR: the cut is shorter than keepalive-timeout."""
from row import NAT, NAT_FORGETS, STAYS_CUT, Row, firewall, receive, send

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
        before=(NAT,),
        fault=(NAT_FORGETS, "wait 1"),
        flows=True,
    ),
    Row(
        "healthy: a cut of 5 s",
        net="routed",
        caller=send(PATIENT),
        listener=receive(PATIENT),
        fault=("r: ip link set r2 down", "wait 5", "r: ip link set r2 up"),
        may=STAYS_CUT,  # what routers say meanwhile is true, and no more than a note
        flows=True,
    ),
]
