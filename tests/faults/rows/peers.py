# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that stop, hang, die and come back."""
from row import LOST, PROVED, STAYS_CUT, Row, error, firewall, note, receive, send, warning

GONE = warning("SESSION_CLOSED", "graceful", "peer", flags=PROVED, by=0.3, hint="graceful")
# The host of a peer that died says that its port is closed.
PORT_CLOSED = note("CONNECTION_REFUSED", "port-closed", "network", by=0.6)

ROWS = [
    Row(
        "peer: the listener is killed",
        fault=("listener: kill",),
        caller_says=(PORT_CLOSED, LOST),
        listener_says=None,
        may=("CONNECTION_REFUSED port-closed",),
    ),
    Row(
        "peer: the caller is killed",
        fault=("caller: kill",),
        caller_says=None,
        listener_says=(PORT_CLOSED, LOST),
    ),
    Row(
        "peer: the listener is killed, no reconnect",
        caller=send("auto-reconnect=false"),
        fault=("listener: kill",),
        caller_says=(PORT_CLOSED, error("SESSION_TIMEOUT", "keepalive-timeout", "network", by=4)),
        listener_says=None,
    ),
    Row(
        "peer: the listener hangs",
        fault=("listener: stop",),
        caller_says=(LOST,),
        listener_says=None,
        may=STAYS_CUT,
    ),
    Row(
        "peer: the caller hangs",
        fault=("caller: stop",),
        caller_says=None,
        listener_says=(LOST,),
    ),
    Row(
        "peer: the listener hangs for a second",
        fault=("listener: stop", "wait 1", "listener: continue"),
        flows=True,
    ),
    Row(
        "peer: the caller is stopped",
        fault=("caller: quit",),
        caller_says=None,
        listener_says=(GONE,),
    ),
    Row(
        "peer: the listener is stopped",
        fault=("listener: quit",),
        caller_says=(GONE,),
        listener_says=None,
        may=("CONNECTION_REFUSED port-closed",),
    ),
    Row(
        "peer: the listener is stopped, no reconnect",
        caller=send("auto-reconnect=false"),
        fault=("listener: quit",),
        caller_says=(error("SESSION_CLOSED", "graceful", "peer", flags=PROVED, by=0.3, hint="graceful"),),
        listener_says=None,
    ),
    Row(
        "peer: the listener is restarted",
        fault=("listener: kill", "listener: restart"),
        caller_says=(warning("SESSION_NOT_FOUND", "peer-restarted", "peer", flags=PROVED, by=3),),
        listener_says=None,
        may=("SESSION_NOT_FOUND unknown-session", "CONNECTION_REFUSED port-closed"),
        flows=True,
    ),
    Row(
        "peer: the caller is restarted",
        fault=("caller: kill", "caller: restart"),
        caller_says=None,
        listener_says=(warning("SESSION_TIMEOUT", "replaced", "peer", flags=PROVED, by=4, hint="replaced"),),
        may=(
            "SESSION_TIMEOUT doubted",
            "SESSION_TIMEOUT keepalive-timeout",
            "TOO_MANY_SESSIONS busy",
            "CONNECTION_REFUSED port-closed",
        ),
        flows=True,
    ),
    Row(
        "peer: the caller is stopped and started again",
        fault=("caller: restart",),
        caller_says=None,
        listener_says=(GONE,),
        flows=True,
    ),
    Row(
        "peer: its clock is two hours off",
        caller=send(prefix="env LD_PRELOAD=$clock FAULT_CLOCK=7200"),
        listener_says=(note("HANDSHAKE_FAILURE", "timestamp-expired", "peer", by=1),),
        flows=True,
    ),
    Row(
        "peer: the receiver is paused for longer than keepalive-timeout",
        caller=send("keepalive-timeout=5000"),
        listener=receive("keepalive-timeout=5000"),
        fault=("listener: say state paused", "wait 6", "listener: say state playing"),
        flows=True,
    ),
    Row(
        "peer: silent until reconnect-timeout",
        before=(firewall("b", "input", "$proto dport $port drop"),),
        caller=send("handshake-timeout=900 reconnect-timeout=2000"),
        caller_says=(
            warning("CONNECTION_TIMEOUT", "handshake-timeout", "network", by=1.1),
            error("CONNECTION_TIMEOUT", "handshake-timeout", "network", by=2.2),
        ),
    ),
]
