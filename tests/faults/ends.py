# SPDX-License-Identifier: LGPL-2.1-or-later
"""The processes at the ends of a row, and what they say."""
import contextlib
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "continue": signal.SIGCONT}


class Process:
    """One end. Its lines are kept, as they come, by a thread of its own; `changed` is the row's."""

    def __init__(self, command, environment, changed):
        self.command, self.environment, self.changed = command, environment, changed
        self.lines = []  # under changed
        self.ended = False  # under changed
        self.restarted_at = None
        self.process = self.thread = None
        self.start()

    def start(self):
        self.ended = False
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=self.environment,
        )  # fmt: skip
        self.thread = threading.Thread(target=self._follow, args=(self.process,), daemon=True)
        self.thread.start()

    def _follow(self, process):
        for text in process.stdout:
            try:
                line = json.loads(text)
            except ValueError:
                line = {"at": time.monotonic(), "what": "stray", "text": text.rstrip("\n")}
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def do(self, words):
        verb, _, rest = words.partition(" ")
        if verb in SIGNALS:
            self.process.send_signal(SIGNALS[verb])
        elif verb == "say":
            self.process.stdin.write(rest + "\n")
            self.process.stdin.flush()
        elif verb == "quit":
            self.process.stdin.close()
        elif verb == "restart":
            self.end()
            self.restarted_at = time.monotonic()
            self.start()
        else:
            raise ValueError(words)

    def end(self):
        with contextlib.suppress(OSError):
            self.process.send_signal(signal.SIGCONT)
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.thread.join()
        self.process.stdout.close()

    # Under changed:

    def first(self, what, **fields):
        """The first line of this kind, with these fields of its structure."""
        for line in self.lines:
            if line["what"] == what and all(line["fields"].get(key) == value for key, value in fields.items()):
                return line
        return None

    def buffers(self):
        return max((line["buffers"] for line in self.lines if line["what"] == "flow"), default=0)

    def started_at(self):
        """The last start: a restarted process has lost all that it knew."""
        return max((line["at"] for line in self.lines if line["what"] == "started"), default=0.0)


def command_of(end, uri, time_outs, probe, fill):
    """The command line of an end, with the row's `time_outs`. `fill` fills a row's words in."""
    prefix = shlex.split(fill(end.prefix))
    if end.kind == "foreign":
        return [*prefix, sys.executable, str(HERE / "foreign.py"), *shlex.split(fill(end.properties))]
    words = f'name=stt uri="{fill(end.uri or uri)}" {time_outs} {end.seed} {end.properties}'
    if end.kind == "send":
        pipeline = f"{end.source} ! sttsink {words}"
    else:
        pipeline = f"sttsrc {words} ! {end.after} fakesink name=out sync=false async=false"
    return [*prefix, str(probe), *shlex.split(end.options), fill(pipeline)]


def environment(build):
    """As an element's tests have it; no seed of the user's."""
    own = {key: value for key, value in os.environ.items() if key != "STT_SEED_FILE"}
    own.setdefault("GST_PLUGIN_PATH", str(build / "plugins"))
    own.setdefault("GST_REGISTRY", str(build / "registry.bin"))
    return own
