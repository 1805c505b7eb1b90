# SPDX-License-Identifier: LGPL-2.1-or-later
"""What texts and hints have to say, for all rows in one place: words of the text or hint, as regular expressions.

Whole sentences are not compared, so that they can be put better without this knowing.
"""
import re

PEER = r"10\.7\d*\.\d+\.\d+|192\.0\.2\.1|fd07:|2001:db8:|127\.0\.0\.1|\[::1\]"  # its address


def without(words):
    """Matches what does not have the words in it."""
    return rf"(?s)\A(?!.*{words}).*\Z"


# By `NAME reason`, or `NAME`, or `reason` of what has no code.
WORDS = {
    "CONNECTION_REFUSED port-closed": (PEER,),
    "CONNECTION_REFUSED both-call": (r"calls?", r"listen"),
    "CONNECTION_REFUSED other-protocol": (PEER, r"another program", r"port in uri"),
    "CONNECTION_REFUSED echo": (PEER, r"sends back", r"port in uri"),
    "CONNECTION_REFUSED self-call": (r"own port", r"local-port"),
    "AUTHENTICATION_FAILED wrong-seed": (r"another seed", r"same seed"),
    "AUTHENTICATION_FAILED unexpected-peer": (r"peer-node-id",),
    "NETWORK_UNREACHABLE no-route": (PEER, r"no route", r"routes"),
    "NETWORK_UNREACHABLE no-host": (PEER, r"firewall"),
    "NETWORK_UNREACHABLE no-route-there": (PEER, r"router|firewall", without(r"this machine's network")),
    "NETWORK_UNREACHABLE resolve": (r"cannot find the address of '", r"name server"),
    "NETWORK_UNREACHABLE address-not-available": (r"local-address", r"10\.7\.0\.77"),
    "TIMEOUT resolve": (r"cannot find the address of '", r"name server"),
    "TIMEOUT send-timeout": (r"send-timeout of \d+ ms",),
    "TIMEOUT receive-timeout": (r"receive-timeout of \d+ ms",),
    "TIMEOUT no-caller": (r"receive-timeout", r"caller"),
    "TIMEOUT drain-timeout": (r"buffers: \d+, bytes: \d+", r"drain-timeout"),
    "TIMEOUT no-connection": (r"no connection", r"uri"),
    "TIMEOUT not-awaited": (r"drain-timeout is 0",),
    "TIMEOUT no-stream": (r"receivers", r"sttsink"),
    "SESSION_TIMEOUT keepalive-timeout": (r"nothing was heard from the peer for \d+ ms", r"keepalive-timeout"),
    "SESSION_TIMEOUT mtu": (PEER, r"1228", r"MTU"),
    # The text names the cause; the hint is not to say that something does.
    "SESSION_CLOSED error": (r"closed the session", without(r"A reason of graceful")),
    "SESSION_CLOSED graceful": (r"stopped",),
    "TOO_MANY_SESSIONS ended": (r"stream has ended", r"keep-listening"),
    "TOO_MANY_SESSIONS busy": (r"serves another caller|max-sessions of \d+|reached its max-sessions", r"one caller"),
    "STREAM_CLOSED both-send": (r"both ends are senders", r"sttsrc"),
    "STREAM_CLOSED stream-timeout": (r"stream-timeout",),
    "STREAM_ID_CONFLICT": (r"stream-id",),
    "UDP_SEND_FAILED send": (PEER, r"firewall"),
    "UDP_SEND_FAILED mtu": (PEER, r"MTU"),
    "RESOURCE_EXHAUSTED descriptors": (r"Too many open files", r"ulimit -n"),
    "RESOURCE_EXHAUSTED passphrase": (r"256 MiB", r"ulimit -v"),
    "BUFFER_OVERFLOW no-receiver": (r"wait-for-connection",),
    "STREAM_CLOSED drain-timeout": (r"drain-timeout of \d+ ms", r"at the sending sttsink"),
    "PATH_LOSS": (r"\d+ %",),
    "no-such-file": (r"/",),
    "permission-denied": (r"Permission denied",),
    "address-in-use": (r"port 7600",),
    "key-file": (r"/",),
    "event-log": (r"event-log '",),
    "memory-feature": (r"GLMemory", r"system memory"),
    "too-large": (r"64 MiB",),
}
# By `NAME reason` and end.
WORDS_OF_END = {
    ("CONNECTION_REFUSED port-closed", "caller"): (r"nothing listens", r"[Ss]tart the listener", r"port in uri"),
    ("CONNECTION_REFUSED port-closed", "listener"): (r"caller", without(r"[Ss]tart the listener")),
}
# By row and end, and how it is shown where that matters, where a fault has more to it than its code and reason.
WORDS_OF_ROW = {
    ("uri: of another scheme", "caller"): (r"'http'", r"stt://HOST:PORT"),
    ("uri: port 0 is called", "caller"): (r"port 0",),
    ("uri: no port", "caller"): (r"port is missing",),
    ("uri: port beyond 65535", "caller"): (r"70000", r"65535"),
    ("uri: with a user", "caller"): (r"user information", r"seed-file"),
    ("uri: with a path", "caller"): (r"/live",),
    ("uri: with a secret in its query", "caller"): (r"passphrase", r"property"),
    ("uri: IPv6 without brackets", "caller"): (r"brackets",),
    ("seed-file: with a byte order mark", "caller"): (r"byte order mark",),
    ("seed-file: in UTF-16", "caller"): (r"UTF-16|byte order mark",),
    ("secret: identity-file in a missing directory", "caller"): (without(r"make a seed"),),
    ("peer: silent until reconnect-timeout", "caller", "ERROR"): (without(r"reconnect-timeout.*reconnect-timeout"), r"reconnect-timeout"),
    ("path: 1200 bytes from the start, no ICMP", "caller"): (r"1228",),
    ("firewall: rejects with admin-prohibited, IPv6", "caller"): (without(r"this machine's network"),),
    ("firewall: rejects with net-prohibited", "caller"): (without(r"this machine's network"),),
    ("secret: another node than the listener expects", "caller"): (without(r"the caller is node"),),
    ("route: a loop", "caller"): (r"loop", r"10\.7\.2\.|10\.7\.1\."),
    ("route: a loop, IPv6", "caller"): (r"loop",),
    ("limit: receive-timeout without a stream", "listener"): (r"has called", r"no stream"),
    ("limit: receive-timeout with a caller of another seed", "listener", "ERROR"): (r"has called", r"no session"),
    ("uri: link-local without its interface", "caller"): (r"interface",),
}
# What no text should have in it.
NEVER = (r"\(null\)", r"\bNULL\b", r"0x[0-9a-f]{6,}")


def flaws(row, end, message):
    """What is missing from a message, or should not be in it."""
    said = f"{message.text}\n{message.hint}"
    told = message.told
    wanted = next((WORDS[key] for key in (message.kind(), told.name) if key in WORDS), ())
    wanted += WORDS_OF_END.get((message.kind(), end), ())
    wanted += WORDS_OF_ROW.get((row.name, end), ()) + WORDS_OF_ROW.get((row.name, end, told.shown), ())
    found = [f"does not say {words!r}" for words in wanted if not re.search(words, said)]
    found += [f"says {words!r}" for words in NEVER if re.search(words, said)]
    if message.terminal != (told.shown == "ERROR"):
        found.append(f"is an {told.shown} and terminal={message.terminal}")
    if told.shown != "NOTE" and message.hint not in message.debug:
        found.append("does not have its hint in the debug text, where users of gst-launch-1.0 look")
    if not message.text:
        found.append("has no text")
    if told.name and not message.hint:
        found.append("has no hint")
    return found
