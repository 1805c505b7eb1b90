# SPDX-License-Identifier: LGPL-2.1-or-later
"""A row while it runs."""
import contextlib
import pathlib
import shutil
import string
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

from ends import Process, command_of
from hosts import Failure, Hosts
from judge import complete, judge
from row import alternatives

PORT = 7600
START_PATIENCE = 90  # seconds for what has to happen before the fault
PATIENCE = 20  # seconds beyond a row's own time: it ends a row whose message does not come
TODO_PATIENCE = 1  # the same, where it is known not to come
SETTLE = 0.3  # seconds in which what should not be said may still come
FLOW = 3  # buffers that show that data flow
HOST = {"caller": "a", "listener": "b", "other": "a"}


@dataclass(frozen=True)
class Transport:
    """What the rows leave open about the transport."""

    scheme: str  # of URIs
    protocol: str  # below it, as nftables names it


TRANSPORTS = {"udp": Transport("stt+udp", "udp")}


@dataclass
class Outcome:
    """What became of a row."""

    row: object
    wrongs: list
    late: list
    seconds: float | None  # to the last message that was wanted
    lines: dict  # by end
    began: float = 0.0
    ended: float = 0.0
    stall: float = 0.0  # seconds for which this machine stood still meanwhile


class World:
    """Hosts, files and processes of a row."""

    def __init__(self, stack, row, transport, build, environment):
        self.row, self.environment = row, environment
        self.probe = build / "tests/faults/fault-probe"
        self.changed = threading.Condition()
        self.directory = tempfile.mkdtemp(prefix="stt-faults-")
        stack.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self.processes = {}
        for name in "ab":
            seed = pathlib.Path(self.directory, f"{name}.seed")
            seed.touch(mode=0o600)
            seed.write_text(f"{name * 64}\n")
        fill = {"clock": build / "tests/faults/libfault-clock.so", "dir": self.directory, "port": PORT, "scheme": transport.scheme, "proto": transport.protocol}
        files = {path: string.Template(text).safe_substitute(fill) for path, text in row.files.items()}
        self.hosts = Hosts(stack, row.net, self.directory, files, build / "pipelines/lib/wan-link")
        self.words = fill | self.hosts.addresses
        self.stack = stack

    def fill(self, text):
        # Twice: what is filled in may have words of its own.
        once = string.Template(text).safe_substitute(self.words)
        return string.Template(once).safe_substitute(self.words)

    def do(self, step):
        where, _, what = self.fill(step).partition(": ")
        if where in HOST and what == "start":
            self.start(where)
        elif where in HOST:
            self.processes[where].do(what)
        elif where.startswith("wait "):
            time.sleep(float(where.removeprefix("wait ")))
        else:
            self.hosts.run(where, what)

    def start(self, name):
        end = getattr(self.row, name)
        if end is None or name in self.processes:
            return  # started by a step
        uri = "$scheme://:$port" if name == "listener" else f"$scheme://{self.row.host}:$port"
        command = [*self.hosts.enter[HOST[name]], *command_of(end, uri, self.row.time_outs(), self.probe, self.fill)]
        process = self.processes[name] = Process(command, self.environment, self.changed)
        self.stack.callback(process.end)
        ready = ("listening", "error") if name == "listener" else ("started", "listening", "error")
        if not self.wait(lambda: process.ended or any(process.first(what) for what in ready), START_PATIENCE):
            raise Failure(f"the {name} does not start")
        if process.ended:
            raise Failure(f"the {name} ended: {process.lines}")

    def wait(self, condition, seconds):
        """Whether it came true in that time."""
        with self.changed:
            return self.changed.wait_for(condition, seconds)

    def connected(self):
        ends = [(name, end) for name, end in self.processes.items() if getattr(self.row, name).kind != "foreign"]
        return all(end.first("session", state="connected") for _, end in ends)

    def receivers(self):
        return [end for name, end in self.processes.items() if getattr(self.row, name).kind == "receive"]

    def flowing(self, beyond=0):
        return all(end.buffers() >= beyond + FLOW for end in self.receivers())

    def wanted(self):
        said = {name: getattr(self.row, f"{name}_says") for name in HOST}
        return {name: said[name] for name in self.processes if said[name] is not None}

    def run(self):
        """Returns what was wrong with each end, and how long it took."""
        row = self.row
        for step in row.before:
            self.do(step)
        for name in ("listener", "caller"):
            self.start(name)
        if row.fault and not self.wait(lambda: self.connected() and self.flowing(), START_PATIENCE):
            raise Failure("no data flow before the fault")
        injected = time.monotonic() if row.fault else 0.0
        for step in row.fault:
            self.do(step)
        before = max((end.buffers() for end in self.receivers()), default=0) if row.fault else 0
        wanted = self.wanted()
        patience = max((one.by for says in wanted.values() for each in says for one in alternatives(each)), default=0.0)
        patience += TODO_PATIENCE if row.todo else PATIENCE

        def done():
            told = all(complete(says, self.processes[name].lines) for name, says in wanted.items())
            return told and (not row.flows or self.flowing(before))

        self.wait(done, patience)
        time.sleep(SETTLE)
        outcome = Outcome(row, [], [], None, {name: list(end.lines) for name, end in self.processes.items()})
        if row.flows and not self.flowing(before):
            outcome.wrongs.append("data do not flow again")
        for name, says in wanted.items():
            end = self.processes[name]
            since = max(injected, end.started_at())
            verdict = judge(row, name, says, end.lines, since)
            outcome.wrongs += verdict.wrongs
            outcome.late += verdict.late
            if verdict.seconds is not None:
                outcome.seconds = max(outcome.seconds or 0.0, verdict.seconds)
        return outcome


def run_row(row, transport, build, environment):
    began = time.monotonic()
    outcome = _run_row(row, transport, build, environment)
    outcome.began, outcome.ended = began, time.monotonic()
    return outcome


def _run_row(row, transport, build, environment):
    try:
        with contextlib.ExitStack() as stack:
            return World(stack, row, transport, build, environment).run()
    except (Failure, OSError, ValueError, subprocess.TimeoutExpired) as failure:
        return Outcome(row, [f"could not be run: {failure}"], [], None, {})
