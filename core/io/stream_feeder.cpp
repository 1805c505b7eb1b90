// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/stream_feeder.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace stt {
namespace {

// The minimum of unsent bytes in the session, for the I/O thread's turns before the congestion window is
// known.
//
// Beyond it, the session holds one congestion window ahead of what is sent. No turn can send more, and each
// acknowledgement that allows more to be sent causes a turn that takes more. The rest stays in the queue,
// where a flush can discard it.
constexpr uint64_t ahead_min = 256 << 10;

// The minimum of bytes, or else two messages, that the session holds of a live stream: 5 ms at 100 Mbit/s. In
// that time the I/O thread of a busy machine gets its turn, and a delayed acknowledgement arrives.
constexpr uint64_t live_ahead_min = 64 << 10;

/// How many bytes of the stream the session should hold, counted in the same way as those it holds.
uint64_t ahead(const Session& session, bool live) {
    return live ? std::max(live_ahead_min, session.live_window())
                : std::max(ahead_min, session.congestion_window());
}

}  // namespace

Time StreamFeeder::tend(Time now, Session* session, StreamId stream, bool stands) {
    const bool flows = session && stands && !session->silent(now);
    if (std::exchange(path_flows_, flows) != flows) queue_.set_path(now, flows);
    const Time next = queue_.expire(now);
    if (!session) return next;
    skips_.clear();
    const Time next_taken = queue_.expire_taken(now,
                                                {.limit = session->skip_limit(stream),
                                                 .ranges = session->skips_left(stream),
                                                 .round_trip = session->round_trip()},
                                                skips_);
    for (const StreamSkip& skip : skips_) session->skip(stream, skip);
    return std::min(next, next_taken);
}

std::optional<MediaAccount> StreamFeeder::feed(Session& session, StreamId stream) {
    // No data that may become stale is given to a broken path.
    const bool live = queue_.live();
    if (live && !path_flows_) return std::nullopt;
    const uint64_t held = live ? session.held(stream) : session.unsent(stream);
    const SendQueue::Taken taken = queue_.take(outgoing_, held, ahead(session, live));
    bool written = true;
    for (OutMessage& message : outgoing_) written = session.write(stream, std::move(message)) && written;
    // Skips and progress name offsets. The queue and the session must count alike.
    assert(outgoing_.empty() || !written || session.written(stream) == taken.end_offset);
    outgoing_.clear();
    if (taken.finished) session.finish(stream);
    return taken.gap;
}

void StreamFeeder::write_notice(Session& session, StreamId stream, OutMessage notice) {
    queue_.taken_notice(notice);
    session.write(stream, std::move(notice));
}

}  // namespace stt
