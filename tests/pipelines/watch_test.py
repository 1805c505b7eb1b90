#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""stt-watch as its users run it: what it prints, what it answers to errors, and how it ends.

    watch_test.py CASE SENDER RECEIVER      both are one of the two programs; exit status 0: passed
"""
import contextlib
import os
import pathlib
import re
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading

PATIENCE = 40  # seconds, far beyond anything that works
STARTS_WITH_TIME = re.compile(r"^\d\d:\d\d:\d\d\.\d{6} ")
SHOWN = re.compile(r"127\.0\.0\.1:\d+|(?<=session-id )[0-9a-f]{32}|AES-256-GCM|ChaCha20-Poly1305|\d+(?= ms)|port \d+")


class Program:
    """A running stt-watch; its lines, without time, as they come."""

    def __init__(self, *command):
        environment = {**os.environ, "LC_ALL": "C"}  # whose character set has the fewest characters
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", env=environment
        )
        self.lines = []  # under changed
        self.ended = False  # under changed
        self.changed = threading.Condition()
        self.follower = threading.Thread(target=self.follow, daemon=True)
        self.follower.start()

    def follow(self):
        for line in self.process.stdout:
            print(f"{self.process.pid} {line}", end="", flush=True)
            with self.changed:
                self.lines.append(STARTS_WITH_TIME.sub("", line.rstrip("\n"), count=1))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def await_line(self, pattern):
        """The match of the first line in which `pattern` is found."""

        def found():
            return next(filter(None, (re.search(pattern, line) for line in self.lines)), None)

        with self.changed:
            self.changed.wait_for(lambda: self.ended or found(), PATIENCE)
            match = found()
        assert match, f"no line with {pattern!r}"
        return match

    def finish(self):
        """Exit status."""
        status = self.process.wait(PATIENCE)
        self.follower.join(PATIENCE)
        return status

    def plain_lines(self):
        """With what differs from run to run left out."""
        return [SHOWN.sub("*", line) for line in self.lines]

    def count(self, pattern):
        return sum(bool(re.search(pattern, line)) for line in self.lines)


class World:
    """A directory with two seeds and a file, and the programs that were started."""

    def __init__(self, stack, sender, receiver):
        self.stack, self.sender, self.receiver = stack, sender, receiver
        self.directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("right.seed", "wrong.seed"):
            descriptor = os.open(self.directory / name, os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(descriptor, secrets.token_hex(32).encode() + b"\n")
            os.close(descriptor)
        self.sent, self.received = self.directory / "sent", self.directory / "received"
        self.sent.write_bytes(secrets.token_bytes(500_000))

    def start(self, program, *arguments):
        started = Program(program, *map(str, arguments))
        self.stack.callback(started.process.kill)
        return started

    def receive(self):
        seed = self.directory / "right.seed"
        started = self.start(self.receiver, "receive", "stt+udp://:0", self.received, "-s", seed)
        return started, int(started.await_line(r"listening on port (\d+)")[1])

    def send(self, port, *arguments, seed="right.seed", query=""):
        uri = f"stt+udp://127.0.0.1:{port}{query}"
        return self.start(self.sender, "send", uri, *arguments, "-s", self.directory / seed)

    def check_transfer(self, sender, receiver):
        assert sender.finish() == 0
        assert receiver.finish() == 0
        assert self.received.read_bytes() == self.sent.read_bytes(), "what arrived differs"


def transfer(world):
    """A file arrives, and both ends tell the same story, each part of it once."""
    receiver, port = world.receive()
    sender = world.send(port, world.sent)
    world.check_transfer(sender, receiver)
    ready = [
        "session  connected, peer *, transport udp, cipher *, session-id *",
        "stream   opened, stream-id 0, framing bytes",
    ]
    calling = ["session  connecting, peer *, transport udp", "session  handshaking, peer *, transport udp"]
    listening = ["session  listening on *, transport udp", "session  handshaking, transport udp"]
    for program, begin in ((sender, calling + ready), (receiver, listening + ready)):
        lines = program.plain_lines()
        # In between there may be a word about the other end, which has ended first.
        assert lines[:4] == begin and lines[-1] == "eos      the stream has ended"
        assert len(lines) == len(set(lines)), "told more than once"


def wrong_seed(world):
    """The sender ends with the remedy, the receiver notes it, goes on listening, and ends properly on Ctrl-C."""
    receiver, port = world.receive()
    sender = world.send(port, world.sent, seed="wrong.seed")
    assert sender.finish() == 1
    remedy = r"AUTHENTICATION_FAILED: .*, reason wrong-seed,.*; remedy: Give both ends the same seed"
    assert re.match("error    " + remedy, sender.lines[-1])
    assert sender.count("AUTHENTICATION_FAILED") == 1, "told more than once"
    receiver.await_line("^noted    " + remedy)
    receiver.process.send_signal(signal.SIGINT)
    assert receiver.finish() == 0
    assert receiver.lines[-1] == "eos      the stream was ended here"


class Relay:
    """A port that takes packets and answers none, until it is told to pass them on to another port."""

    def __init__(self, stack):
        self.front, self.back = (stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(2))
        self.front.bind(("127.0.0.1", 0))
        self.back.bind(("127.0.0.1", 0))
        self.port = self.front.getsockname()[1]
        self.target = None
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        caller = None
        while True:
            for ready in select.select([self.front, self.back], [], [])[0]:
                data, source = ready.recvfrom(65_536)
                if ready is self.back:
                    self.front.sendto(data, caller)
                elif self.target:
                    caller = source
                    self.back.sendto(data, self.target)


def restart(world):
    """After an error that may pass, the sender starts again until there is someone to send to."""
    relay = Relay(world.stack)
    sender = world.send(relay.port, world.sent, query="?handshake-timeout=500&max-retries=0")
    sender.await_line(r"^restart  starting again in \d+ ms$")
    receiver, port = world.receive()
    relay.target = ("127.0.0.1", port)
    world.check_transfer(sender, receiver)
    assert sender.count("^error    CONNECTION_TIMEOUT: ") == sender.count("^restart ") >= 1


def give_up(world):
    """--max-attempts ends it."""
    silent = Relay(world.stack)
    sender = world.send(silent.port, "--max-attempts", "2", query="?handshake-timeout=200&max-retries=0")
    assert sender.finish() == 1
    assert sender.count("^restart ") == 1
    assert sender.lines[-1] == "end      gave up after 2 failures in a row"


def decide(world):
    """--max-attempts counts the element's own attempts, too, by retry-decision."""
    silent = Relay(world.stack)
    query = "?handshake-timeout=200&retry-initial-delay=100"
    sender = world.send(silent.port, "--max-attempts", "3", query=query)
    assert sender.finish() == 1
    assert sender.count("^retrying CONNECTION_TIMEOUT: ") == 2
    assert sender.count("^error    CONNECTION_TIMEOUT: ") == 1 and sender.count("^restart ") == 0
    assert sender.lines[-1] == "end      gave up after 3 failures in a row"


def two_senders(world):
    """A mistake that retrying does not fix ends the caller, with the remedy."""
    seed = world.directory / "right.seed"
    listener = world.start(world.sender, "send", "stt+udp://:0", world.sent, "-s", seed)
    port = int(listener.await_line(r"listening on port (\d+)")[1])
    caller = world.send(port, world.sent)
    assert caller.finish() == 1
    assert caller.count("^restart ") == 0
    assert re.match("error    STREAM_CLOSED: .*, reason both-send,.*; remedy: Make one of the two", caller.lines[-1])


def loss(world):
    """What the peer took along when it died is no success."""
    receiver, port = world.receive()
    sender = world.send(port, query="?drain-timeout=500")
    sender.await_line("^stream   opened")
    receiver.await_line("^stream   opened")
    receiver.process.kill()
    receiver.finish()
    sender.process.send_signal(signal.SIGINT)
    sender.await_line("^end      ending the stream, waiting up to 0.5 s until the peer has all of it; press Ctrl-C again ")
    assert sender.finish() == 1
    assert sender.count("^stream   gap: data is missing, buffers ") > 0
    assert re.match("error    TIMEOUT: the drain-timeout of 500 ms has expired, and the peer lacks data .*, reason drain-timeout", sender.lines[-1])


def loss_before_restart(world):
    """What is live does not come back with the next start; a file does, as `restart` shows."""
    relay = Relay(world.stack)
    first, port = world.receive()
    relay.target = ("127.0.0.1", port)
    sender = world.send(relay.port, query="?keepalive-timeout=500&handshake-timeout=500&max-retries=0&reconnect-timeout=1000")
    sender.await_line("^stream   opened")
    first.await_line("^stream   opened")
    first.process.kill()
    first.finish()
    sender.await_line("^stream   gap: data is missing, buffers ")
    second, port = world.receive()
    relay.target = ("127.0.0.1", port)
    second.await_line("^stream   opened")
    sender.process.send_signal(signal.SIGINT)
    assert sender.finish() == 1
    assert sender.lines[-1] == "eos      the stream was ended here, and not all of it has arrived"


def cut_off(world):
    """A receiver whose first sender died does not end as if it had everything."""
    receiver, port = world.receive()
    first = world.send(port)
    receiver.await_line("^stream   opened")
    first.process.kill()
    first.finish()
    assert world.send(port, world.sent).finish() == 0
    assert receiver.finish() == 1
    assert receiver.count("^stream   closed") == 1
    assert receiver.lines[-1] == "eos      the stream has ended, and not all of it has arrived"


def usage(world):
    """Words that make no sense are answered by what is wrong with them."""
    for words in ((), ("send",), ("fetch", "stt://:0")):
        program = world.start(world.sender, *words)
        assert program.finish() == 2
        assert program.count("error: |^stt-watch: ") == 1


def show_help(world):
    """--help is readable in every locale."""
    program = world.start(world.sender, "--help")
    assert program.finish() == 0
    assert program.count("Exit status") == 1 and program.count("[?]|\ufffd") == 0


def stop_while_waiting(world):
    """Ctrl-C ends at once what has nobody to send to, at the second time."""
    sender = world.start(world.sender, "send", "stt+udp://:0", world.sent, "-s", world.directory / "right.seed")
    sender.await_line("listening on port")
    sender.process.send_signal(signal.SIGINT)
    sender.await_line("^end      ending the stream")
    sender.process.send_signal(signal.SIGINT)
    assert sender.finish() == 1
    assert sender.lines[-1] == "end      stopped"


if __name__ == "__main__":
    cases = (
        transfer,
        wrong_seed,
        restart,
        give_up,
        decide,
        two_senders,
        loss,
        loss_before_restart,
        cut_off,
        usage,
        show_help,
        stop_while_waiting,
    )
    with contextlib.ExitStack() as everything:
        {case.__name__: case for case in cases}[sys.argv[1]](World(everything, *sys.argv[2:4]))
