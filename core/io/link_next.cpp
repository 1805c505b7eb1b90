// SPDX-License-Identifier: LGPL-2.1-or-later
// One stream after another: in the session that stands, or in the next.
#include "core/base/text.hpp"
#include "core/io/link_impl.hpp"

namespace stt {

void Link::Impl::begin_stream(std::vector<uint8_t> header) {
    if (closed || given_up) return;
    stream_header = std::move(header);
    stream_begins = true;
    finished = readable = false;
    upstream = {};
    upstream_taken = 0;
    const Now now = clock_now();
    if (const auto before = leave_stream()) take_rest(now, *before);
    if (established) {
        open_stream();
    } else if (config.caller && !session && !attempt) {
        retry.start(now.time);
        set_state(LinkState::connecting);
        if (!closed) begin_attempt(now);
    }
}

void Link::Impl::take_rest(Now now, StreamId id) {
    Session* const from = current();
    if (!from) return;
    const bool ended = from->read(id).finished;
    from->consumed(now.time, id, UINT64_MAX, UINT64_MAX, ended);
}

void Link::Impl::make_way(Now now) {
    Session* const idle = current();
    idle->close(now, CloseReason::graceful, {});
    idle->abandon();
    leave_stream();
    set_session(0);
    established = false;
}

std::optional<Error> Link::Impl::refuse_another() const {
    if (!stream || between_streams()) return std::nullopt;
    if (!finished)
        return make_error(ErrorCode::too_many_streams, Reason::one_stream, ErrorOrigin::local,
                          tr("the receiver accepts one stream per session"));
    Error error = make_error(ErrorCode::stream_closed, Reason::ended, ErrorOrigin::local,
                             tr("the receiver ended with the previous stream"));
    error.sub_code = static_cast<uint8_t>(StreamSubCode::ended);
    return error;
}

void Link::Impl::call_for_next(Now now, const Error& error) {
    if (!config.auto_reconnect) {
        decide(now, error, false);
        return;
    }
    retry.start(now.time);
    retry_at = now.time + retry.next_delay(now.time);
    last_error = error;
    set_state(LinkState::reconnecting);
}

}  // namespace stt
