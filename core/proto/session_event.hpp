// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the protocol tells the application.
#pragma once

#include <variant>
#include <vector>

#include "core/proto/clock_line.hpp"
#include "core/proto/session_config.hpp"

namespace stt {

/// Names a session within its endpoint; never reused.
using SessionHandle = uint64_t;

namespace event {

/// The session's state changed. `error` says why for `closed` (code none: closed by ourselves, gracefully).
struct StateChanged {
    SessionState state;
    Error error;
};
/// A session that was lost has not come back within resume_within: what its streams held is gone.
struct Abandoned {};
/// The peer opened a stream; its data may follow.
struct StreamOpened {
    StreamId stream;
    uint8_t priority;
    std::vector<uint8_t> header;
};
/// read() has bytes, or the end of the stream, for the first time since it was last emptied.
struct StreamReadable {
    StreamId stream;
};
/// The peer has acknowledged all bytes up to `acked`, and its application has consumed all up to `delivered`;
/// `finished`: the end of the stream has been consumed, too.
struct StreamProgress {
    StreamId stream;
    uint64_t acked;
    uint64_t delivered;
    bool finished;
};
/// The peer has passed what Session::skip() gave up: it had everything up to `kept`, and will not have what
/// is between that and `to`. Comes before the StreamProgress that counts it as acknowledged.
struct StreamSkipped {
    StreamId stream;
    uint64_t from, to;
    uint64_t kept;  ///< from `from` to `to`
};
/// The stream ended abruptly; nothing more comes of it.
struct StreamClosed {
    StreamId stream;
    Error error;
};
/// The peer has told its time: where SessionConfig::measure_clock is set.
struct ClockMeasured {
    ClockSample sample;
};
/// Something went wrong that did not end the session (or, with session 0, concerned none).
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
