#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two ends of break-link.

    records.py send SINK RATE      numbered buffers of 1316 bytes, RATE a second, until its input closes; then EOS
    records.py receive SOURCE      prints `ready`, then NUMBER and time of each buffer, CLOCK_MONOTONIC in ns

SINK and SOURCE are in the notation of gst-launch-1.0. `send` numbers what is due whatever its sink does, and prints at
the end how many that were.
"""
import os
import struct
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

SIZE = 1316
HEAD = struct.Struct("<8sQ")
MARK = b"numbered"


def when_input_closes(call):
    threading.Thread(target=lambda: (sys.stdin.read(), call()), daemon=True).start()


def play(description):
    pipeline = Gst.parse_launch(description)
    pipeline.set_state(Gst.State.PLAYING)
    return pipeline


def send(sink, rate):
    # The queue is unbounded, as numbering must continue whatever the sink does.
    pipeline = play(f"appsrc name=in format=time is-live=true do-timestamp=true max-bytes=0 ! {sink}")
    source = pipeline.get_by_name("in")
    stop = threading.Event()
    when_input_closes(stop.set)
    start, number = time.monotonic(), 0
    while not stop.wait(max(0, start + number / rate - time.monotonic())):
        source.emit("push-buffer", Gst.Buffer.new_wrapped(HEAD.pack(MARK, number).ljust(SIZE, b"\0")))
        number += 1
    source.emit("end-of-stream")
    print(number, flush=True)
    # The parent process ends this one sooner.
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    if message and message.type == Gst.MessageType.ERROR:
        sys.stderr.write(message.parse_error()[0].message + "\n")
    pipeline.set_state(Gst.State.NULL)


def receive(source):
    def on_buffer(_pad, info):
        now = time.monotonic_ns()
        buffer = info.get_buffer()
        data = buffer.extract_dup(0, buffer.get_size())
        for at in range(0, len(data) - HEAD.size + 1, SIZE):
            mark, number = HEAD.unpack_from(data, at)
            if mark == MARK:
                sys.stdout.write(f"{number} {now}\n")
        sys.stdout.flush()
        return Gst.PadProbeReturn.OK

    pipeline = Gst.parse_launch(f"{source} ! identity name=in ! fakesink sync=false async=false")
    pipeline.get_by_name("in").get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, on_buffer)
    pipeline.set_state(Gst.State.PLAYING)
    print("ready", flush=True)
    stop = threading.Event()
    when_input_closes(stop.set)
    stop.wait()
    # A source that is blocked in a call must not keep the process alive.
    os._exit(0)


if __name__ == "__main__":
    Gst.init(None)
    if sys.argv[1] == "send":
        send(sys.argv[2], float(sys.argv[3]))
    else:
        receive(sys.argv[2])
