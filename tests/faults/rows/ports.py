# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ports: closed, taken, and in the hands of others."""
from row import Row, error, foreign, note, receive, send, warning

# Bound by who may not: root has the capability.
NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all"
SEED = "seed=" + "a" * 64


def another_program(kind, reason="other-protocol", by=0.3):
    return Row(
        f"port: {kind} answers",
        listener=foreign(f"{kind} $port"),
        caller=send("handshake-timeout=4000"),
        caller_says=(
            note("CONNECTION_REFUSED", reason, "peer", by=by, hint=reason),
            warning("CONNECTION_REFUSED", reason, "peer", by=4.2, hint=reason),
        ),
    )


BOTH_CALL = warning("CONNECTION_REFUSED", "both-call", "peer", by=0.3, hint="both-call")

ROWS = [
    Row(
        "port: closed",
        listener=None,
        caller_says=(warning("CONNECTION_REFUSED", "port-closed", "network", by=0.2),),
    ),
    Row(
        "port: closed, IPv6",
        listener=None,
        host="[$b6]",
        caller_says=(warning("CONNECTION_REFUSED", "port-closed", "network", by=0.2),),
    ),
    Row(
        "port: closed, one attempt",
        listener=None,
        caller=receive("auto-reconnect=false"),
        caller_says=(error("CONNECTION_REFUSED", "port-closed", "network", by=0.2),),
    ),
    Row(
        "port: a wrong one",
        caller=send(uri="$scheme://$b:7601"),
        caller_says=(warning("CONNECTION_REFUSED", "port-closed", "network", by=0.2),),
    ),
    Row(
        "port: closed until reconnect-timeout",
        listener=None,
        caller=send("reconnect-timeout=1500"),
        caller_says=(
            warning("CONNECTION_REFUSED", "port-closed", "network", by=0.2),
            error("CONNECTION_REFUSED", "port-closed", "network", by=2.5),
        ),
    ),
    Row(
        "port: the listener's is taken",
        net="alone",
        caller=foreign("silent $port"),
        listener=None,
        other=receive(uri="$scheme://:$port"),
        before=("caller: start", "other: start"),
        other_says=(error("", "address-in-use", "local", flags="", by=0.2, hint="address-in-use"),),
    ),
    Row(
        "port: the caller's is taken",
        net="alone",
        caller=send("local-port=$port"),
        caller_says=(error("", "address-in-use", "local", flags="", by=0.2, hint="address-in-use"),),
    ),
    Row(
        "port: privileged",
        net="alone",
        caller=None,
        listener=receive(uri="$scheme://:600", prefix=NOBODY, seed=SEED),
        listener_says=(error("", "permission-denied", "local", flags="", by=0.2, hint="permission-denied"),),
    ),
    another_program("echo", "echo"),
    another_program("dns"),
    another_program("garbage"),
    # It could be an answer that was damaged; several in a row are none.
    another_program("lookalike", by=2),
    Row(
        "port: echo answers from the number of the caller's own port",
        listener=foreign("echo $port"),
        caller=send("handshake-timeout=4000 local-port=$port"),
        caller_says=(
            note("CONNECTION_REFUSED", "echo", "peer", by=0.3, hint="echo"),
            warning("CONNECTION_REFUSED", "echo", "peer", by=4.2, hint="echo"),
        ),
    ),
    Row(
        "port: a stranger calls a caller that has its session",
        caller=send("local-port=7601"),
        other=send(uri="$scheme://$a:7601"),
        fault=("other: start",),
        other_says=(BOTH_CALL,),
        flows=True,
    ),
    Row(
        "port: a program that is silent",
        listener=foreign("silent $port"),
        caller_says=(warning("CONNECTION_TIMEOUT", "handshake-timeout", "network", by=1.7),),
    ),
    Row(
        "port: a web server",
        listener=foreign("tcp $port"),
        caller_says=(warning("CONNECTION_REFUSED", "port-closed", "network", by=0.2),),
    ),
    Row(
        "port: both call",
        # Nobody listens, which the start of the listener would wait for.
        before=("caller: start", "listener: start"),
        caller=send("local-port=$port"),
        listener=receive("local-port=$port", uri="$scheme://$a:$port"),
        caller_says=(BOTH_CALL,),
        # It has called before, and does so again after a while.
        listener_says=(note("CONNECTION_REFUSED", "both-call", "peer", by=0.3, hint="both-call"),),
        may=("CONNECTION_REFUSED port-closed", "CONNECTION_REFUSED both-call"),
    ),
    Row(
        "port: both listen",
        caller=send(uri="$scheme://:$port"),
        caller_says=(),
        listener_says=(),
    ),
    Row(
        "port: noise comes to the listener's",
        other=foreign("noise $b $port"),
        fault=("other: start", "wait 1"),
        flows=True,
    ),
]
