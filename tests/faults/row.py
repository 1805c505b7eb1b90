# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a row of the table of faults consists of.

A row is made of an environment (`net`), the two ends, what is done to them, and what each end has to say. Words in
texts that begin with `$` are filled in: `$a` and `$b` the addresses of the caller's and the listener's host, `$a6` and
`$b6` those of IPv6, `$r1` and `$r2` the router's towards either (`$r16`, `$r26`), `$port` the listener's port, `$dir` a
directory of the row's own with `a.seed` and `b.seed`, `$scheme` the scheme of the URI, and `$proto` the protocol below.
"""
from dataclasses import dataclass, field

# So that a row is over in seconds; a row that is about one of them sets it again. Time-outs that end something are
# short only in rows that ask for what comes of it: on a machine that is slow the others must not see it.
QUICK = "retry-initial-delay=200 retry-max-delay=500 reconnect-timeout=20000 keepalive-interval=300"
SHORT_HANDSHAKE = "handshake-timeout=1500"
SHORT_SILENCE = "keepalive-timeout=2500"
# 0.3 MB/s, live.
CAMERA = "videotestsrc is-live=true pattern=black ! video/x-raw,format=I420,width=160,height=120,framerate=10/1"
# The same rate in other portions, not live.
FILE = "fakesrc sizetype=fixed sizemax=30000 format=time do-timestamp=true datarate=300000"


PROVED = "authenticated can-retry"  # flags of what a peer says


@dataclass(frozen=True)
class End:
    """A pipeline with one of the elements, or a foreign program in its place."""

    kind: str  # send, receive or foreign
    properties: str = ""  # after QUICK; for a foreign program its arguments
    source: str = CAMERA  # before sttsink
    after: str = ""  # between sttsrc and its sink
    uri: str = ""  # in place of the row's
    seed: str = "seed-file=$dir/a.seed"
    prefix: str = ""  # a command that runs the rest, such as setpriv
    options: str = ""  # of the probe


def send(properties="", **rest):
    return End("send", properties, **rest)


def receive(properties="", **rest):
    return End("receive", properties, **rest)


def foreign(arguments):
    """`foreign.py` with these arguments."""
    return End("foreign", arguments)


@dataclass(frozen=True)
class Told:
    """A message that an end has to post."""

    shown: str  # ERROR, WARNING or NOTE (the element message alone)
    name: str  # of the code; "": none
    reason: str
    origin: str
    flags: frozenset  # of authenticated and can-retry
    by: float  # seconds after the fault, or after the end's start where that is later
    hint: str | None  # row of the tables the hint comes from; None: the one that is for its code and reason


def _told(shown, name, reason, origin, flags, by, hint):
    return Told(shown, name, reason, origin, frozenset(flags.split()), by, hint)


def error(name, reason, origin, flags="can-retry", by=1.0, hint=None):
    return _told("ERROR", name, reason, origin, flags, by, hint)


def warning(name, reason, origin, flags="can-retry", by=1.0, hint=None):
    return _told("WARNING", name, reason, origin, flags, by, hint)


def note(name, reason, origin, flags="can-retry", by=1.0, hint=None):
    return _told("NOTE", name, reason, origin, flags, by, hint)


@dataclass(frozen=True)
class Either:
    """One of several messages, where the order of events decides, or where each is as good."""

    of: tuple


def either(*of):
    return Either(of)


def alternatives(wanted):
    return wanted.of if isinstance(wanted, Either) else (wanted,)


# What follows a cut.
LOST = warning("SESSION_TIMEOUT", "keepalive-timeout", "network", by=4)
# The same where the way back is open, and the other end's last words come first.
CUT_OFF = either(LOST, warning("SESSION_CLOSED", "timeout", "peer", flags=PROVED, by=4))
# What attempts to come back say meanwhile.
STAYS_CUT = (
    "CONNECTION_TIMEOUT handshake-timeout",
    "NETWORK_UNREACHABLE no-route",
    "NETWORK_UNREACHABLE no-host",
    "NETWORK_UNREACHABLE no-route-there",
    "NETWORK_UNREACHABLE prohibited",
    "UDP_SEND_FAILED send",
)
# This machine itself has no way to the peer any more.
OWN_ROUTE = either(
    note("NETWORK_UNREACHABLE", "no-route", "local", by=0.3),
    note("UDP_SEND_FAILED", "send", "local", by=0.3),
)


@dataclass(frozen=True)
class Row:
    name: str
    net: str = "pair"  # alone, pair, routed (three hosts), or `line` and options of pipelines/lib/wan_link.cpp
    caller: End | None = field(default_factory=send)
    listener: End | None = field(default_factory=receive)
    # In order, before an end starts. `HOST: COMMAND` runs in a shell on host a, b or r.
    before: tuple = ()
    # The same, once data flow between the ends. `END: start`, `kill`, `stop`, `continue`, `quit`, `restart`, `say LINE`
    # is about the process of caller, listener or other; `wait SECONDS` waits.
    fault: tuple = ()
    # A second caller, on the caller's host; `other: start` starts it.
    other: End | None = None
    # What each end must say, all of it; None: not asked.
    caller_says: tuple | None = ()
    listener_says: tuple | None = ()
    other_says: tuple | None = ()
    # What may be said besides, by `NAME reason`; all else makes the row wrong.
    may: tuple = ()
    # Data have to flow again in the end, as after a fault that ends nothing.
    flows: bool = False
    files: dict = field(default_factory=dict)  # contents of files of /etc, on both hosts
    host: str = "$b"  # in the caller's URI
    transports: tuple = ("udp",)
    todo: str = ""  # why it is known to be wrong today

    def asked(self):
        """Every message that an end has to post."""
        ends = (self.caller_says, self.listener_says, self.other_says)
        return [one for says in ends if says for each in says for one in alternatives(each)]

    def length(self):
        """Seconds that it takes, about."""
        waits = [float(step.removeprefix("wait ")) for step in self.fault if step.startswith("wait ")]
        return sum(waits) + max((one.by for one in self.asked()), default=0.0)

    def time_outs(self):
        """Properties of both ends."""
        asked = self.asked()
        short = [QUICK]
        if any(one.name in ("CONNECTION_TIMEOUT", "SESSION_TIMEOUT") for one in asked):
            short.append(SHORT_HANDSHAKE)
        if any(one.name == "SESSION_TIMEOUT" for one in asked):
            short.append(SHORT_SILENCE)
        return " ".join(short)


def firewall(host, chain, rule, family="inet"):
    """A step: `rule` of nftables in the chain of this hook."""
    return (
        f"{host}: nft -f - <<'END'\ntable {family} fault {{\nchain {chain} {{\n"
        f"type filter hook {chain} priority 0\n{rule}\n}}\n}}\nEND\n"
    )


# A router that gives every flow of a an address of its own, and forgets that when it loses the address.
NAT = (
    "r: nft -f - <<'END'\ntable ip nat {\nchain post {\ntype nat hook postrouting priority 100\n"
    "oifname r2 masquerade\n}\n}\nEND\n"
)
# The new address comes first, with a route of its own: without any the router would report that there is none.
NAT_FORGETS = "r: ip addr add 10.7.2.9/25 dev r2; ip addr del 10.7.2.1/24 dev r2"
