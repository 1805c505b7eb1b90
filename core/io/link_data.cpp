// SPDX-License-Identifier: LGPL-2.1-or-later
// What moves between the session and the queues.
#include "core/io/link_impl.hpp"

namespace stt {
void Link::Impl::move_data(Now now) {
    // Of a lost session, too: what has arrived is passed on, and its successor takes over what is written.
    Session* const from = stream ? session_.get() : nullptr;
    if (!from) return;
    move_outbox(*from);
    if (reporter_.closed()) return;
    if (is_sender())
        move_upstream(now, *from);
    else
        move_inbox(now, *from);
}

void Link::Impl::tend_outbox(Now now) {
    Session* const from = stream ? session_.get() : nullptr;
    outbox_at = feeder.tend(now.time, from, stream.value_or(no_stream), session_.established());
    if (outbox.take_key_request()) reporter_.dropping();
}

void Link::Impl::move_outbox(Session& from) {
    if (is_sender() && finished) return;  // what is pushed is for the next stream
    while (const auto gap = feeder.feed(from, *stream)) {
        auto notice = reporter_.gap(*gap, false);
        if (reporter_.closed()) return;
        if (notice) feeder.write_notice(from, *stream, std::move(*notice));
    }
}

void Link::Impl::account_inbox(Now now, Session& from) {
    if (is_sender() || !stream) return;
    if (const auto consumed = inbox.take_consumed()) {
        from.consumed(now.time, *stream, consumed->taken, consumed->delivered, consumed->finished);
        if (!consumed->finished || std::exchange(finished, true)) return;
        // Nobody upstream is to be told anything any more: the stream ends in this direction, too.
        upstream_open = false;
        outbox.finish();
    }
}

void Link::Impl::move_inbox(Now now, Session& from) {
    if (std::exchange(readable, false)) {
        auto read = from.read(*stream);
        complete = complete || read.finished;
        inbox.push(std::move(read.chunks), read.finished, std::move(read.cuts), now.time);
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
    size_t cut = 0;
    for (size_t i = 0; i <= read.chunks.size(); i++) {
        for (; cut < read.cuts.size() && read.cuts[cut].before == i; cut++) {
            if (!hand_upstream(handed)) return;
            upstream.skip(read.cuts[cut].size);
            handed = upstream_taken += read.cuts[cut].size;
        }
        if (i == read.chunks.size()) break;
        upstream_taken += read.chunks[i].size();
        upstream.push(std::move(read.chunks[i]));
    }
    if (!hand_upstream(handed)) return;
    from.consumed(now.time, id, upstream_taken, handed, read.finished);
    if (const Error* error = upstream.failed()) {
        from.reset(id, *error);
        on_stream_closed(*error);
    }
}

bool Link::Impl::hand_upstream(uint64_t& handed) {
    InMessage message;
    while (upstream.next(message)) {
        handed = message.end_offset;
        reporter_.upstream_message(std::move(message));
        if (reporter_.closed()) return false;
        message = {};
    }
    return true;
}

}  // namespace stt
