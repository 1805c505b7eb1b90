#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How an application embeds sttsink and sttsrc. It prints one line for each of their messages, and reacts to errors
as a product would. stt-watch.cpp is the same in C++.

After an error that may pass, it starts again after a pause. After any other error, it ends and says what to do. Ctrl-C
ends the stream properly; a second Ctrl-C stops at once. Exit status: 0: the stream ended and all of it arrived;
1: it failed or lost data; 2: usage error.
"""
import argparse
import datetime
import random
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, GObject, Gst  # noqa: E402

FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 1_000, 30_000
REPORT_WITHIN_MS = 5_000  # added to the sink's wait for its drain-timeout


def say(kind, text):
    """One line: texts may come from the peer, and hold anything."""
    printable = "".join(character if character.isprintable() else "?" for character in text)
    sys.stdout.write(f"{datetime.datetime.now():%H:%M:%S.%f} {kind:8} {printable}\n")
    sys.stdout.flush()


def text_of(structure, field):
    """A field as text; empty when it is absent, for what does not apply is left out."""
    value = structure.get_value(field)
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def list_of(structure, *fields):
    """", FIELD VALUE" for each of `fields` that is there."""
    return "".join(f", {field} {text_of(structure, field)}" for field in fields if text_of(structure, field))


def say_session(session, element):
    state = text_of(session, "state")
    if state == "connecting" and text_of(session, "role") == "listener":
        state = f"listening on port {element.get_property('local-port')}"
    # The circuit breaker is mentioned only while it slows down retries.
    slowed = text_of(session, "circuit") != "closed"
    say(
        "session",
        state
        + list_of(session, "peer", "transport", "cipher", "session-id")
        + (list_of(session, "circuit") if slowed else ""),
    )


def say_stream(stream):
    event = text_of(stream, "event")
    if event == "gap":  # durations are in ns
        say("stream", "gap: data is missing" + list_of(stream, "buffers", "bytes", "duration", "uncertain"))
    else:
        say("stream", event + list_of(stream, "stream-id", "stream-label", "framing", "name", "message"))


def say_error(error):
    terminal, retrying = error.get_value("terminal"), error.has_field("next-delay-ms")
    # Errors in the element's own settings have no name.
    name, hint = text_of(error, "name"), text_of(error, "hint")
    say(
        "error" if terminal else "retrying" if retrying else "noted",
        (f"{name}: " if name else "")
        + text_of(error, "message")
        + list_of(error, "reason", "origin", "peer", "attempt", "next-delay-ms", "repeated")
        + (f"; remedy: {hint}" if hint else ""),
    )


class Watch:
    def __init__(self, arguments):
        self.max_attempts = arguments.max_attempts
        self.sends = arguments.direction == "send"
        self.file = arguments.file
        self.loop = GLib.MainLoop()
        self.event_id = ""  # of the error reported last
        self.restarts = 0  # since the last session
        self.failures = 0  # failed attempts since the last session
        self.counted = False  # decide() has counted the attempts before a terminal error
        self.pausing = self.finishing = False
        self.lost = False  # part of the stream was lost
        self.status = 0

        # A file is sent as plain bytes; the tone keeps its buffers with their times.
        if self.sends:
            source = "filesrc name=source" if arguments.file else "audiotestsrc name=source is-live=true"
            framing = "framing=bytes" if arguments.file else ""
            description = f"{source} ! sttsink name=stt {framing}"
        else:
            description = "sttsrc name=stt ! " + ("filesink name=sink" if arguments.file else "fakesink sync=false")
        self.pipeline = Gst.parse_launch_full(description, None, Gst.ParseFlags.FATAL_ERRORS)
        self.stt = self.pipeline.get_by_name("stt")
        self.source = self.pipeline.get_by_name("source") or self.stt  # the element that the data comes from
        self.stt.set_property("uri", arguments.uri)
        if arguments.seed_file:
            self.stt.set_property("seed-file", arguments.seed_file)
        if arguments.file:
            file = self.pipeline.get_by_name("source") or self.pipeline.get_by_name("sink")
            file.set_property("location", arguments.file)
        if GObject.signal_lookup("retry-decision", self.stt):
            self.stt.connect("retry-decision", self.decide)

    def decide(self, _element, _error):
        """Asked after every attempt that failed, on a thread of the element's, whether there is to be another. The
        place to look at the error, too: its code, name or peer."""
        self.counted = True
        self.failures += 1
        return "stop" if 0 < self.max_attempts <= self.failures else "default"

    def run(self):
        """Until the stream has ended or failed for good; the exit status."""
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::element", self.take_element)
        bus.connect("message::warning", self.take_standard)
        bus.connect("message::error", self.take_standard)
        bus.connect("message::eos", self.take_eos)
        for number in (signal.SIGINT, signal.SIGTERM):
            GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, self.interrupt)
        self.start()
        self.loop.run()
        self.stop()
        return self.status

    def start(self):
        """What makes it fail is an ERROR on the bus, as for every other failure."""
        self.pausing = False
        # A file is sent again from its beginning. Live and received data does not come back.
        if self.sends and self.file:
            self.lost = False
        self.pipeline.set_state(Gst.State.PLAYING)
        return GLib.SOURCE_REMOVE

    def stop(self):
        """Drops what is left on the bus, too. A sink of STT goes first: the source in front of it holds, while it is being
        sent EOS, locks that the pipeline needs. A source must not: its streaming thread may wait in the sink behind it."""
        if self.sends:
            self.stt.set_state(Gst.State.NULL)
        self.pipeline.set_state(Gst.State.NULL)

    def take_element(self, _bus, message):
        structure = message.get_structure()
        name = structure.get_name() if structure else ""
        if name == "stt-session":
            if text_of(structure, "state") in ("connected", "resumed"):
                self.failures = self.restarts = 0
            say_session(structure, self.stt)
        elif name == "stt-stream":
            # A receiver's stream is closed only if it is cut off.
            event = text_of(structure, "event")
            self.lost |= event == "gap" or (event == "closed" and not self.sends)
            say_stream(structure)
        elif name == "stt-error":
            self.event_id = text_of(structure, "event-id")
            say_error(structure)

    def take_standard(self, _bus, message):
        """A WARNING or an ERROR. Those of STT tell in their details the event that an stt-error has told already."""
        terminal = message.type == Gst.MessageType.ERROR
        if terminal:
            error, debug = message.parse_error()
            details = message.parse_error_details()
        else:
            error, debug = message.parse_warning()
            details = message.parse_warning_details()
        if not details or details.get_name() != "stt-error":
            _, _, cause = (debug or "").rpartition("\n")  # it follows the location in GStreamer's code
            say("error" if terminal else "warning", f"{message.src.get_name()}: {error.message} {cause}".rstrip())
        elif not (self.event_id and text_of(details, "event-id") == self.event_id):
            say_error(details)
        if terminal:
            self.take_terminal(details)

    def take_eos(self, _bus, _message):
        ended = "the stream was ended here" if self.finishing else "the stream has ended"
        say("eos", ended + (", and not all of it has arrived" if self.lost else ""))
        self.quit(1 if self.lost else 0)

    def take_terminal(self, details):
        self.stop()
        if not self.counted:
            self.failures += 1
        self.counted = False
        if self.finishing or not details or not details.get_value("can-retry"):
            self.quit(1)
        elif 0 < self.max_attempts <= self.failures:
            say("end", f"gave up after {self.failures} failures in a row")
            self.quit(1)
        else:
            self.start_again_later()

    def start_again_later(self):
        """Exponential backoff; the random part keeps a fleet from starting again in step."""
        longest = min(FIRST_PAUSE_MS << min(self.restarts, 10), LONGEST_PAUSE_MS)
        self.restarts += 1
        pause = longest // 2 + random.randrange(longest // 2)
        say("restart", f"starting again in {pause} ms")
        self.pausing = True
        GLib.timeout_add(pause, self.start)

    def interrupt(self):
        if self.finishing or self.pausing:
            say("end", "stopped")
            self.quit(1)
            return GLib.SOURCE_CONTINUE
        self.finishing = True
        drain = self.stt.get_property("drain-timeout") if self.sends else 0  # a source does not wait
        waits = f", waiting up to {drain / 1000:g} s until the peer has all of it" if drain else ""
        say("end", f"ending the stream{waits}; press Ctrl-C again to stop at once")
        # EOS is sent on a thread of GStreamer, as with a full send queue the call waits until the source makes
        # progress. It is not sent to the pipeline, whose lock must stay free for stop().
        self.source.call_async(lambda source: source.send_event(Gst.Event.new_eos()))
        GLib.timeout_add(drain + REPORT_WITHIN_MS, self.give_up)
        return GLib.SOURCE_CONTINUE

    def give_up(self):
        say("end", "the stream did not end in time")
        self.quit(1)
        return GLib.SOURCE_REMOVE

    def quit(self, status):
        self.status = status
        self.loop.quit()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("direction", choices=("send", "receive"))
    parser.add_argument("uri", metavar="URI")
    parser.add_argument("file", metavar="FILE", nargs="?", help="default: send a live test tone, or discard what arrives")
    parser.add_argument("-s", "--seed-file", metavar="FILE", help="file with the shared seed (default: $STT_SEED_FILE)")
    parser.add_argument(
        "-a", "--max-attempts", metavar="N", type=int, default=0, help="give up after N failures in a row (default: never)"
    )
    arguments = parser.parse_intermixed_args()
    Gst.init(None)
    try:
        watch = Watch(arguments)
    except GLib.Error as error:
        say("error", f"{error.message}; remedy: install it, or name its directory in GST_PLUGIN_PATH")
        return 1
    return watch.run()


if __name__ == "__main__":
    sys.exit(main())
