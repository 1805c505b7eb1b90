# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds what an end said against what it has to say."""
import dataclasses
from dataclasses import dataclass

from row import Told, alternatives
from texts import flaws


@dataclass
class Heard:
    """One error as an end told it: its `stt-error`, and the ERROR or WARNING with the same event-id."""

    at: float
    told: Told  # `by` is 0
    text: str
    hint: str
    source: str
    known: bool  # has details
    terminal: bool
    debug: str = ""  # of the ERROR or WARNING

    def __str__(self):
        return brief(self.told)

    def kind(self):
        return f"{self.told.name} {self.told.reason}".strip()

    def full(self):
        return f"{self} hint={self.told.hint or '-'}: {self.text} | {self.hint}"


SHOWN = {"error": "ERROR", "warning": "WARNING", "note": "NOTE"}


def brief(told):
    """The words that say what it is."""
    flags = " ".join(sorted(told.flags))
    return f"{told.shown} {told.name or '-'} {told.reason or '-'} {told.origin} {flags}".rstrip()


def heard_of(lines):
    """Every error in what a probe printed, in order."""
    by_event, heard = {}, []
    for line in lines:
        shown = SHOWN.get(line["what"])
        if not shown:
            continue
        fields = line.get("fields", {})
        event = fields.get("event-id")
        if event in by_event:
            by_event[event].debug = line["debug"]
            by_event[event].told = dataclasses.replace(by_event[event].told, shown=shown)
            continue
        flags = frozenset(flag for flag in ("authenticated", "can-retry") if fields.get(flag))
        told = Told(shown, fields.get("name", ""), fields.get("reason", ""), fields.get("origin", ""), flags, 0.0,
                    line.get("hint-key", ""))  # fmt: skip
        text, hint = fields.get("message", line["text"]), fields.get("hint", "")
        one = Heard(line["at"], told, text, hint, line["source"], bool(fields), fields.get("terminal", False))
        heard.append(one)
        if event:
            by_event[event] = one
    return heard


def is_it(wanted, heard):
    """Whether this is the message that was wanted, whatever its hint and time."""
    return any(is_this(one, heard) for one in alternatives(wanted))


def is_this(wanted, heard):
    told = heard.told
    return heard.known and (wanted.shown, wanted.name, wanted.reason, wanted.origin, wanted.flags) == (
        told.shown, told.name, told.reason, told.origin, told.flags,
    )  # fmt: skip


def is_noted(wanted, heard):
    """Whether this is a note of what is wanted as more than a note, as of one attempt of several."""
    return is_this(dataclasses.replace(wanted, shown="NOTE"), heard)


def hint_is_right(wanted, heard):
    if wanted.hint is not None:
        return heard.told.hint == wanted.hint
    return heard.told.hint in (heard.told.reason, heard.told.name, "")


@dataclass
class Verdict:
    wrongs: list  # one line each
    seconds: float | None  # from the fault to the last message that was wanted
    late: list  # one line for each message that came later than it should have


def complete(wanted, lines):
    """Whether all that is wanted has been said."""
    heard = heard_of(lines)
    return all(any(is_it(one, message) for message in heard) for one in wanted)


def judge(row, end, wanted, lines, since):
    """`since`: when the fault happened, or the end began. Of an Either the one that is said first is wanted, and any
    other is one message too many."""
    heard = heard_of(lines)
    verdict = Verdict([], None, [])
    due = []  # of each message that is wanted, the alternative that was said
    for each in wanted:
        match = next((message for message in heard if is_it(each, message)), None)
        if match is None:
            verdict.wrongs.append(f"{end} does not say {' or '.join(map(brief, alternatives(each)))}")
            continue
        one = next(one for one in alternatives(each) if is_this(one, match))
        due.append(one)
        seconds = match.at - since
        if seconds < 0:
            verdict.wrongs.append(f"{end} says it before it happens: {match}")
        if seconds > one.by:
            verdict.late.append(f"{end} says {one.name} {one.reason} after {seconds:.2f} s, not {one.by:g} s")
        verdict.seconds = max(verdict.seconds or 0.0, seconds)
    spoken = set()
    for message in heard:
        if str(message) in spoken:
            continue
        spoken.add(str(message))
        match = next((one for one in due if is_this(one, message)), None)
        if match is not None:
            if not hint_is_right(match, message):
                verdict.wrongs.append(f"{end} has another hint than {match.hint}: {message.full()}")
            verdict.wrongs += [f"{end} {flaw}: {message.full()}" for flaw in flaws(row, end, message)]
        elif message.kind() not in row.may and not any(is_noted(one, message) for one in due):
            verdict.wrongs.append(f"{end} says {message.full()}")
    return verdict
