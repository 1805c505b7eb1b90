# SPDX-License-Identifier: LGPL-2.1-or-later
"""Addresses that a user gets wrong."""
from row import Row, error, receive, send, warning


def bad_uri(name, uri, **rest):
    return Row(
        f"uri: {name}",
        net="alone",
        listener=None,
        caller=send(uri=uri),
        caller_says=(error("", "bad-uri", "local", flags="", by=0.1),),
        **rest,
    )


ROWS = [
    bad_uri("of another scheme", "http://$b:$port"),
    bad_uri("port 0 is called", "$scheme://$b:0"),
    bad_uri("no port", "$scheme://$b"),
    bad_uri("port beyond 65535", "$scheme://$b:70000"),
    bad_uri("with a user", "$scheme://user@$b:$port"),
    bad_uri("with a path", "$scheme://$b:$port/live"),
    bad_uri("with a secret in its query", "$scheme://$b:$port?passphrase=abcdefghijklmnop"),
    bad_uri("IPv6 without brackets", "$scheme://fd07::2:$port"),
    bad_uri("link-local without its interface", "$scheme://[fe80::1]:$port"),
    Row(
        "uri: caller without a host",
        net="alone",
        listener=None,
        caller=send("mode=caller", uri="$scheme://:$port"),
        caller_says=(error("", "bad-setting", "local", flags="", by=0.1),),
    ),
    Row(
        "local-address: of another host",
        net="pair",
        caller=send("local-address=10.7.0.77"),
        caller_says=(
            error("NETWORK_UNREACHABLE", "address-not-available", "local", by=0.1, hint="address-not-available"),
        ),
    ),
    Row(
        "local-address: an interface's name",
        caller=send("local-address=eth0"),
        caller_says=(error("", "bad-setting", "local", flags="", by=0.1),),
    ),
    Row(
        "address: nobody's",
        host="10.7.0.99",
        caller=send("handshake-timeout=6000"),
        caller_says=(warning("NETWORK_UNREACHABLE", "no-host", "network", by=4, hint="no-host"),),
    ),
    Row(
        "address: nobody's, IPv6",
        host="[fd07::99]",
        caller=send("handshake-timeout=6000"),
        caller_says=(warning("NETWORK_UNREACHABLE", "no-host", "network", by=4, hint="no-host"),),
    ),
    Row(
        "address: the listener is on another one",
        listener=receive(uri="$scheme://127.0.0.1:$port?mode=listener"),
        caller_says=(warning("CONNECTION_REFUSED", "port-closed", "network", by=0.2),),
    ),
    Row(
        "address: the listener is on IPv6 only",
        listener=receive(uri="$scheme://[::]:$port"),
        caller_says=(warning("CONNECTION_REFUSED", "port-closed", "network", by=0.2),),
    ),
    Row(
        "address: broadcast",
        net="pair",
        host="10.7.0.255",
        caller_says=(warning("NETWORK_UNREACHABLE", "prohibited", "local", by=0.2, hint="prohibited"),),
    ),
    Row(
        "address: this very node",
        net="alone",
        listener=None,
        caller=send("local-port=$port"),
        caller_says=(warning("CONNECTION_REFUSED", "self-call", "local", by=0.2, hint="self-call"),),
    ),
]
