# SPDX-License-Identifier: LGPL-2.1-or-later
"""Notices when this machine stands still: what is said of time-outs then is true, but of no use here."""
import threading
import time

STEP = 0.05  # seconds
STALL = 0.25  # seconds beyond a step, far below the shortest time-out of a row


class Stalls:
    """Sleeps again and again, and keeps when that took too long."""

    def __init__(self):
        self.times = []  # begin and end, seconds of CLOCK_MONOTONIC
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        while True:
            begin = time.monotonic()
            time.sleep(STEP)
            end = time.monotonic()
            if end - begin > STEP + STALL:
                self.times.append((begin, end))

    def longest(self, since, until):
        """Seconds; 0: none."""
        found = [end - begin for begin, end in self.times if begin < until and end > since]
        return max(found, default=0.0)
