// SPDX-License-Identifier: LGPL-2.1-or-later
// One stream after another: in the session that stands, or in the next.
#include "core/io/link_impl.hpp"

namespace stt {

void Link::Impl::begin_stream(std::vector<uint8_t> header) {
    if (reporter_.ended()) return;
    const Now now = clock_now();
    stream_->set_next(now.time, std::move(header));
    if (session_.established()) {
        heed(now, stream_->begin(now));
    } else if (config.caller && !session_.exists() && !caller_.calling()) {
        reporter_.set_state(LinkState::connecting);
        if (!reporter_.closed()) caller_.start(now);
    }
}

void Link::Impl::make_way(Now now) {
    Session* const idle = session_.get();
    idle->close(now, CloseReason::graceful, {});
    idle->abandon();
    stream_->leave();
    session_.end();
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
