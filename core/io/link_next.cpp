// SPDX-License-Identifier: LGPL-2.1-or-later
// One stream after another: in the session that stands, or in the next.
#include "core/base/text.hpp"
#include "core/io/link_impl.hpp"

namespace stt {

void Link::Impl::begin_stream(std::vector<uint8_t> header) {
    if (reporter_.ended()) return;
    stream_header = std::move(header);
    stream_begins = true;
    finished = readable = false;
    upstream = {};
    upstream_taken = 0;
    const Now now = clock_now();
    if (const auto before = leave_stream()) take_rest(now, *before);
    if (session_.established()) {
        open_stream();
    } else if (config.caller && !session_.exists() && !caller_.calling()) {
        reporter_.set_state(LinkState::connecting);
        if (!reporter_.closed()) caller_.start(now);
    }
}

void Link::Impl::take_rest(Now now, StreamId id) {
    Session* const from = session_.get();
    if (!from) return;
    const bool ended = from->read(id).finished;
    from->consumed(now.time, id, UINT64_MAX, UINT64_MAX, ended);
}

void Link::Impl::make_way(Now now) {
    Session* const idle = session_.get();
    idle->close(now, CloseReason::graceful, {});
    idle->abandon();
    leave_stream();
    session_.end();
}

std::optional<Error> Link::Impl::refuse_another() const {
    if (!stream || between_streams()) return std::nullopt;
    if (!finished)
        return make_error(ErrorCode::too_many_streams, Reason::one_stream, ErrorOrigin::local,
                          tr("this receiver takes one stream of a session"));
    Error error = make_error(ErrorCode::stream_closed, Reason::ended, ErrorOrigin::local,
                             tr("the receiver here has ended with the stream before"));
    error.sub_code = static_cast<uint8_t>(StreamSubCode::ended);
    return error;
}

void Link::Impl::call_for_next(Now now, const Error& error) {
    if (!config.auto_reconnect) {
        decide(now, error, false);
        return;
    }
    caller_.call_later(now.time, error);
    reporter_.set_state(LinkState::reconnecting);
}

}  // namespace stt
