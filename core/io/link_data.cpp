// SPDX-License-Identifier: LGPL-2.1-or-later
// What moves between the session and the queues.
#include "core/io/link_impl.hpp"

namespace stt {
namespace {

// Unsent bytes the session is given at least, for the turns of the I/O thread before the congestion window is
// known. Beyond this, one window ahead of what leaves: no turn can send more, and each acknowledgement that
// lets more go makes a turn that brings more. The rest stays where a flush can discard it.
constexpr uint64_t ahead_min = 256 << 10;

// Of a live stream the session holds at least this much, or two messages: 5 ms, in which the I/O thread of a
// busy machine gets its turn and a delayed acknowledgement comes, at 100 Mbit/s.
constexpr uint64_t live_ahead_min = 64 << 10;

}  // namespace

void Link::Impl::move_data(Now now) {
    // Of a lost session, too: what has arrived is passed on, and its successor takes over what is written.
    Session* const from = stream ? current() : nullptr;
    if (!from) return;
    move_outbox(*from);
    if (closed) return;
    if (is_sender())
        move_upstream(now, *from);
    else
        move_inbox(now, *from);
}

void Link::Impl::tend_outbox(Now now) {
    const Session* const from = stream ? current() : nullptr;
    const bool flows = from && established && !from->silent(now.time);
    if (std::exchange(path_told, flows) != flows) outbox.set_path(now.time, flows);
    outbox_at = outbox.expire(now.time);
    if (outbox.take_key_request()) observer.on_giving_up();
}

uint64_t Link::Impl::ahead(const Session& from) const {
    return outbox.live() ? std::max(live_ahead_min, from.live_window())
                         : std::max(ahead_min, from.congestion_window());
}

void Link::Impl::move_outbox(Session& from) {
    for (;;) {
        const uint64_t held = outbox.live() ? from.unacknowledged(*stream) : from.unsent(*stream);
        const SendQueue::Taken taken = outbox.take(outgoing, held, ahead(from));
        for (OutMessage& message : outgoing) from.write(*stream, std::move(message));
        outgoing.clear();
        if (taken.finished) from.finish(*stream);
        if (!taken.gap) return;
        std::optional<OutMessage> notice = observer.on_gap(*taken.gap, false);
        if (closed) return;
        if (!notice) continue;
        outbox.taken_notice(*notice);
        from.write(*stream, std::move(*notice));
    }
}

void Link::Impl::account_inbox(Now now, Session& from) {
    if (is_sender() || !stream) return;
    if (const auto consumed = inbox.take_consumed()) {
        from.consumed(now.time, *stream, consumed->taken, consumed->delivered, consumed->finished);
        finished = finished || consumed->finished;
    }
}

void Link::Impl::move_inbox(Now now, Session& from) {
    if (std::exchange(readable, false)) {
        auto read = from.read(*stream);
        complete = complete || read.finished;
        inbox.push(std::move(read.chunks), read.finished);
    }
    account_inbox(now, from);
    // The streaming thread has stopped over it: there is nobody left to receive for.
    if (auto error = inbox.take_error()) give_up(std::move(*error));
}

void Link::Impl::move_upstream(Now now, Session& from) {
    if (!std::exchange(readable, false)) return;
    const StreamId id = *stream;
    auto read = from.read(id);
    uint64_t handed = upstream_taken - upstream.held();
    for (Chunk& chunk : read.chunks) {
        upstream_taken += chunk.size();
        upstream.push(std::move(chunk));
    }
    InMessage message;
    while (upstream.next(message)) {
        handed = message.end_offset;
        observer.on_upstream_message(std::move(message));
        if (closed) return;
        message = {};
    }
    from.consumed(now.time, id, upstream_taken, handed, read.finished);
    if (const Error* error = upstream.failed()) {
        from.reset(id, *error);
        on_stream_closed(*error);
    }
}

}  // namespace stt
