# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a pipeline sends and cannot be carried. One ERROR, and no second one of what is upstream."""
from row import Row, error, send


def unsendable(name, source, says, **rest):
    return Row(
        f"data: {name}",
        net="alone",
        caller=send(source=source),
        caller_says=(says,),
        listener_says=None,
        **rest,
    )


GL = "video/x-raw(memory:GLMemory),format=RGBA,width=16,height=16,framerate=1/1"

ROWS = [
    unsendable(
        "memory of a device",
        f"filesrc location=/dev/zero num-buffers=9 ! typefind force-caps={GL}",
        error("", "memory-feature", "local", flags="", by=1),
    ),
    unsendable(
        "memory of a device, behind a queue",
        f"filesrc location=/dev/zero num-buffers=9 ! typefind force-caps={GL} ! queue",
        error("", "memory-feature", "local", flags="", by=1),
    ),
    unsendable(
        "a buffer of more than 64 MiB",
        "fakesrc num-buffers=3 sizetype=fixed sizemax=70000000",
        error("", "too-large", "local", flags="", by=3, hint="too-large"),
    ),
]
