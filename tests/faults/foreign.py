#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that are no STT, on a port where one was expected.

    foreign.py echo PORT          sends back what comes
    foreign.py dns PORT           answers everything as a name server does that knows no name
    foreign.py garbage PORT       answers with random bytes
    foreign.py lookalike PORT     answers with random bytes that begin as what came does
    foreign.py silent PORT        takes what comes
    foreign.py tcp PORT           a web server's port: over TCP only
    foreign.py noise HOST PORT    sends random bytes to a port of others, 50 times a second

Prints a line `{"what": "listening"}` when it is ready, and ends when its input does.
"""
import json
import os
import random
import socket
import sys
import threading
import time


def say(what):
    print(json.dumps({"at": time.monotonic(), "what": what}), flush=True)


def answer(kind, request):
    if kind == "echo":
        return request
    if kind == "dns":
        # The query's id and question, "no such name".
        return request[:2] + b"\x81\x83" + request[4:6] + b"\0\0\0\0\0\0" + request[12:]
    if kind == "garbage":
        return random.randbytes(random.randrange(20, 1200))
    if kind == "lookalike":
        return request[:12] + random.randbytes(len(request) - 12)
    return b""


def serve(kind, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("", port))
        say("listening")
        while True:
            request, peer = own.recvfrom(65536)
            reply = answer(kind, request)
            if reply:
                own.sendto(reply, peer)


def serve_tcp(port):
    with socket.create_server(("", port)):
        say("listening")
        threading.Event().wait()


def make_noise(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as own:
        say("listening")
        while True:
            own.sendto(random.randbytes(random.randrange(1, 1200)), (host, port))
            time.sleep(0.02)


def main():
    kind, *rest = sys.argv[1:]
    work = {"tcp": serve_tcp, "noise": make_noise}.get(kind, lambda port: serve(kind, port))
    arguments = [int(word) if word.isdigit() else word for word in rest]
    threading.Thread(target=work, args=arguments, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
