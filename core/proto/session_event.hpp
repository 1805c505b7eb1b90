// SPDX-License-Identifier: LGPL-2.1-or-later
/// The events that the protocol reports to the application.
#pragma once

#include <variant>
#include <vector>

#include "core/proto/clock_line.hpp"
#include "core/proto/session_config.hpp"

namespace stt {

/// Names a session within its endpoint; handles are never reused.
using SessionHandle = uint64_t;

namespace event {

/// The session's state changed. For `closed`, `error` is the reason; its code is none if this side closed the
/// session gracefully.
struct StateChanged {
    SessionState state;
    Error error;
};
/// A lost session was not resumed within resume_within, and the contents of its streams are discarded.
struct Abandoned {};
/// The peer opened a stream. Its data may follow.
struct StreamOpened {
    StreamId stream;
    uint8_t priority;
    std::vector<uint8_t> header;
};
/// For the first time since the stream was last emptied, read() has bytes or the end of the stream.
struct StreamReadable {
    StreamId stream;
};
/// The peer has acknowledged all bytes up to `acked`, and its application has delivered all bytes up to
/// `delivered`. `finished` means that it has also delivered the end of the stream.
struct StreamProgress {
    StreamId stream;
    uint64_t acked;
    uint64_t delivered;
    bool finished;
};
/// The peer has passed a range that Session::skip() gave up. It had all bytes up to `kept` and will not have
/// the bytes from there to `to`. This event precedes the StreamProgress that counts the range as
/// acknowledged.
struct StreamSkipped {
    StreamId stream;
    uint64_t from, to;
    uint64_t kept;  ///< offset within [from, to]
};
/// The stream ended abruptly. Nothing more of it follows.
struct StreamClosed {
    StreamId stream;
    Error error;
};
/// The peer has reported its time. Only if SessionConfig::measure_clock is set.
struct ClockMeasured {
    ClockSample sample;
};
/// An error occurred that did not end the session. With session 0 it concerned no session.
struct ErrorNoted {
    Error error;
    Address peer;
};

}  // namespace event

struct Event {
    SessionHandle session = 0;
    std::variant<event::StateChanged, event::Abandoned, event::StreamOpened, event::StreamReadable,
                 event::StreamProgress, event::StreamSkipped, event::StreamClosed, event::ClockMeasured,
                 event::ErrorNoted>
        what;
};

}  // namespace stt
