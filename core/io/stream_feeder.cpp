// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/stream_feeder.hpp"

#include <algorithm>
#include <utility>

namespace stt {
namespace {

// Unsent bytes the session is given at least, for the turns of the I/O thread before the congestion window is
// known. Beyond this, one window ahead of what leaves: no turn can send more, and each acknowledgement that
// lets more go makes a turn that brings more. The rest stays where a flush can discard it.
constexpr uint64_t ahead_min = 256 << 10;

// Of a live stream the session holds at least this much, or two messages: 5 ms, in which the I/O thread of a
// busy machine gets its turn and a delayed acknowledgement comes, at 100 Mbit/s.
constexpr uint64_t live_ahead_min = 64 << 10;

/// How much of the stream the session should hold, by the same count as what it does hold.
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
    // Into a path that is broken nothing goes that may turn stale there.
    const bool live = queue_.live();
    if (live && !path_flows_) return std::nullopt;
    const uint64_t held = live ? session.held(stream) : session.unsent(stream);
    const SendQueue::Taken taken = queue_.take(outgoing_, held, ahead(session, live));
    for (OutMessage& message : outgoing_) session.write(stream, std::move(message));
    outgoing_.clear();
    if (taken.finished) session.finish(stream);
    return taken.gap;
}

void StreamFeeder::write_notice(Session& session, StreamId stream, OutMessage notice) {
    queue_.taken_notice(notice);
    session.write(stream, std::move(notice));
}

}  // namespace stt
