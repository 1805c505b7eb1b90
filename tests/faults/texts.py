# SPDX-License-Identifier: LGPL-2.1-or-later
"""What texts and hints have to say, for all rows in one place: words of the text or hint, as regular expressions.

Whole sentences are not compared, so that they can be put better without this knowing.
"""
import re

# By `NAME reason`, or `NAME`, or `reason` of what has no code.
WORDS = {
    "CONNECTION_REFUSED port-closed": (r"10\.7\.|fd07|127\.0\.0\.1|::1", r"(?i)start the listener"),
    "CONNECTION_TIMEOUT handshake-timeout": (r"did not answer", r"firewall"),
}
# By row and end, where a fault has more to it than its code and reason.
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
    ("secret: identity-file in a missing directory", "caller"): (r"(?s)^((?!a seed is made).)*$",),
    ("uri: link-local without its interface", "caller"): (r"interface",),
}
# What no text should have in it.
NEVER = (r"\(null\)", r"\bNULL\b", r"0x[0-9a-f]{6,}")


def flaws(row, end, message):
    """What is missing from a message, or should not be in it."""
    said = f"{message.text}\n{message.hint}"
    told = message.told
    keys = (f"{told.name} {told.reason}".strip(), told.name)
    wanted = next((WORDS[key] for key in keys if key in WORDS), ()) + WORDS_OF_ROW.get((row.name, end), ())
    found = [f"does not say {words!r}" for words in wanted if not re.search(words, said)]
    found += [f"says {words!r}" for words in NEVER if re.search(words, said)]
    if not message.text:
        found.append("has no text")
    if told.name and not message.hint:
        found.append("has no hint")
    return found
