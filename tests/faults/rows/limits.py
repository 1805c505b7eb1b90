# SPDX-License-Identifier: LGPL-2.1-or-later
"""Limits of the elements and of the machine."""
from row import FILE, PROVED, Row, either, error, firewall, note, receive, send, warning

ENDED_BY_ERROR = warning("SESSION_CLOSED", "error", "peer", flags=PROVED, by=10)
TAPPED = "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=10/1 ! valve name=tap"
FULL = "mount -t tmpfs -o size=4k none /mnt"

ROWS = [
    Row(
        "limit: a second caller",
        other=send(),
        fault=("other: start",),
        other_says=(warning("TOO_MANY_SESSIONS", "busy", "peer", flags=PROVED, by=0.5),),
        listener_says=(note("TOO_MANY_SESSIONS", "busy", "local", by=0.5),),
        flows=True,
    ),
    Row(
        "limit: both send",
        listener=send(),
        caller_says=(error("STREAM_CLOSED", "both-send", "local", flags="", by=0.5, hint="both-send"),),
        listener_says=(
            either(
                # Whichever stream gets there first.
                warning("STREAM_CLOSED", "both-send", "local", by=0.5, hint="both-send"),
                warning("SESSION_CLOSED", "error", "peer", flags=PROVED, by=0.5, hint="error"),
            ),
        ),
    ),
    Row(
        "limit: both receive",
        caller=receive(),
        caller_says=(warning("TIMEOUT", "no-stream", "peer", flags="", by=6, hint="no-stream"),),
        listener_says=(warning("TIMEOUT", "no-stream", "peer", flags="", by=6, hint="no-stream"),),
    ),
    Row(
        "limit: stream-id of the other side",
        net="alone",
        listener=None,
        caller=send("stream-id=1"),
        caller_says=(error("STREAM_ID_CONFLICT", "wrong-side", "local", flags="", by=0.1),),
    ),
    Row(
        "limit: stream-id that the receiver does not take",
        caller=send("stream-id=2"),
        listener=receive("stream-id=4"),
        caller_says=(error("STREAM_ID_CONFLICT", "reset", "peer", flags="authenticated", by=0.5),),
        listener_says=(warning("STREAM_ID_CONFLICT", "other-stream", "local", by=0.5),),
    ),
    Row(
        "limit: send-timeout",
        caller=send("send-timeout=1000 send-queue-bytes=65536", source=FILE),
        listener=receive(after="identity name=slow sleep-time=5000000 !"),
        caller_says=(error("TIMEOUT", "send-timeout", "peer", by=10),),
        listener_says=(ENDED_BY_ERROR,),
    ),
    Row(
        "limit: send-timeout without a peer",
        listener=None,
        before=(firewall("b", "input", "$proto dport $port drop"),),
        caller=send("send-timeout=700 send-queue-bytes=65536", source=FILE),
        caller_says=(error("TIMEOUT", "send-timeout", "network", by=2),),
        may=("CONNECTION_TIMEOUT handshake-timeout",),
    ),
    Row(
        "limit: receive-timeout without a caller",
        net="alone",
        caller=None,
        listener=receive("receive-timeout=700"),
        listener_says=(error("TIMEOUT", "no-caller", "network", by=1),),
    ),
    Row(
        "limit: receive-timeout without a stream",
        caller=receive(),
        listener=receive("receive-timeout=4000"),
        caller_says=None,
        listener_says=(error("TIMEOUT", "receive-timeout", "peer", by=5),),
    ),
    Row(
        "limit: receive-timeout with a caller of another seed",
        caller=send(seed="seed-file=$dir/b.seed"),
        listener=receive("receive-timeout=4000"),
        caller_says=None,
        listener_says=(
            note("AUTHENTICATION_FAILED", "wrong-seed", "peer", flags="", by=1),
            error("TIMEOUT", "receive-timeout", "network", by=5),
        ),
    ),
    Row(
        "limit: receive-timeout in mid-stream",
        caller=send(source=TAPPED),
        # It also ends a receiver whose caller takes longer than that to start.
        listener=receive("receive-timeout=4000"),
        fault=("caller: say set tap drop true",),
        listener_says=(error("TIMEOUT", "receive-timeout", "peer", by=4.5),),
        caller_says=(ENDED_BY_ERROR,),
        may=("CONNECTION_REFUSED port-closed", "TOO_MANY_SESSIONS ended"),
    ),
    Row(
        "limit: stream-timeout at the sender",
        caller=send("stream-timeout=1000", source=TAPPED),
        fault=("caller: say set tap drop true",),
        caller_says=(error("STREAM_CLOSED", "stream-timeout", "local", by=1.5, hint="stream-timeout"),),
        listener_says=None,
    ),
    Row(
        "limit: stream-timeout at the receiver",
        caller=send(source=TAPPED),
        listener=receive("stream-timeout=1000"),
        fault=("caller: say set tap drop true",),
        listener_says=(warning("STREAM_CLOSED", "stream-timeout", "local", by=1.5, hint="stream-timeout"),),
        caller_says=None,
    ),
    Row(
        "limit: drain-timeout",
        caller=send("drain-timeout=500", source="fakesrc num-buffers=40 sizetype=fixed sizemax=30000 format=time"),
        listener=receive(after="identity sleep-time=5000000 !"),
        caller_says=(error("TIMEOUT", "drain-timeout", "local", by=2, hint="drain-timeout"),),
        listener_says=None,
    ),
    Row(
        "limit: mtu below the least",
        net="alone",
        listener=None,
        caller=send("mtu=1000"),
        caller_says=(error("", "bad-setting", "local", flags="", by=0.1),),
    ),
    Row(
        "limit: mtu above the link's",
        caller=send("mtu=3000"),
        caller_says=(note("UDP_SEND_FAILED", "mtu", "local", by=3, hint="mtu"),),
        flows=True,
    ),
    Row(
        "limit: descriptors at the start",
        net="alone",
        listener=None,
        caller=send(options="--spare-descriptors 0", source="fakesrc num-buffers=1"),
        caller_says=(error("RESOURCE_EXHAUSTED", "descriptors", "local", by=0.2),),
    ),
    Row(
        "limit: memory for a passphrase",
        net="alone",
        listener=None,
        caller=send(seed="passphrase=abcdefghijklmnopq", options="--spare-memory 192"),
        caller_says=(error("RESOURCE_EXHAUSTED", "passphrase", "local", by=1, hint="passphrase"),),
    ),
    Row(
        "limit: event-log in a missing directory",
        net="alone",
        caller=None,
        listener=receive("event-log=/nonexistent/log"),
        listener_says=(error("", "event-log", "local", flags="", by=0.1),),
    ),
    Row(
        "limit: event-log on a full disk",
        net="alone",
        before=(f"a: {FULL}; head -c 4096 /dev/zero >/mnt/rest || true",),
        caller=None,
        listener=receive("event-log=/mnt/log"),
        listener_says=(warning("", "event-log", "local", flags="", by=1),),
    ),
    Row(
        "limit: event-log that is a directory",
        net="alone",
        caller=None,
        listener=receive("event-log=/tmp"),
        listener_says=(error("", "event-log", "local", flags="", by=0.1),),
    ),
]
