#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the judge of the table lets pass, and what not."""
import sys
import unittest

sys.dont_write_bytecode = True
from judge import judge  # noqa: E402
from row import Row, either, note, warning  # noqa: E402

LOST = warning("SESSION_TIMEOUT", "keepalive-timeout", "network")
CLOSED = warning("SESSION_CLOSED", "timeout", "peer", flags="authenticated can-retry")
TEXTS = {
    "SESSION_TIMEOUT": "nothing was heard from the peer for 2500 ms; see keepalive-timeout",
    "SESSION_CLOSED": "the peer closed the session",
}


def said(told, at=10.5):
    """The lines of a probe whose element has posted `told`."""
    fields = {
        "event-id": f"{told.name} {at}", "name": told.name, "reason": told.reason, "origin": told.origin,
        "message": TEXTS[told.name], "hint": "Do something.", "authenticated": "authenticated" in told.flags,
        "can-retry": "can-retry" in told.flags, "terminal": told.shown == "ERROR",
    }  # fmt: skip
    line = {"at": at, "text": fields["message"], "debug": fields["hint"], "source": "stt", "fields": fields}
    lines = [line | {"what": "note", "hint-key": told.reason}]
    return lines if told.shown == "NOTE" else [*lines, line | {"what": told.shown.lower()}]


class Judge(unittest.TestCase):
    def wrongs(self, wanted, *told, may=()):
        lines = [line for one in told for line in said(one)]
        return judge(Row("a row", may=may), "caller", wanted, lines, 10.0).wrongs

    def test_what_is_wanted_is_right(self):
        self.assertEqual(self.wrongs((LOST,), LOST), [])

    def test_what_is_missing_is_wrong(self):
        self.assertEqual(len(self.wrongs((LOST,))), 1)

    def test_what_is_not_wanted_is_wrong(self):
        self.assertEqual(len(self.wrongs((LOST,), LOST, CLOSED)), 1)
        self.assertEqual(self.wrongs((LOST,), LOST, CLOSED, may=("SESSION_CLOSED timeout",)), [])

    def test_either_is_right(self):
        for one in (LOST, CLOSED):
            self.assertEqual(self.wrongs((either(LOST, CLOSED),), one), [])

    def test_both_of_either_are_one_too_many(self):
        self.assertEqual(len(self.wrongs((either(LOST, CLOSED),), LOST, CLOSED)), 1)
        other = note(CLOSED.name, CLOSED.reason, CLOSED.origin, flags=" ".join(CLOSED.flags))
        self.assertEqual(len(self.wrongs((either(LOST, CLOSED),), LOST, other)), 1)

    def test_a_note_of_an_attempt_comes_before_its_warning(self):
        attempt = note(LOST.name, LOST.reason, LOST.origin)
        self.assertEqual(self.wrongs((LOST,), attempt, LOST), [])


if __name__ == "__main__":
    unittest.main()
