// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/text.hpp"
#include "core/io/link_impl.hpp"

namespace stt {

void Link::Impl::decide(Now now, Error error, bool retried) {
    if (closed || given_up) return;
    drop_question();
    Duration delay{};
    if (config.caller) {
        if (established) stood(now, proven_at == time_never);
        if (retry.remaining(now.time) == Duration::zero()) {
            // The limit holds, whatever is decided. An attempt that it cut short says less than the one
            // before.
            const bool cut_short = error.reason == Reason::handshake_timeout &&
                                   now.time - attempt_at < config.session.handshake_timeout;
            give_up_in_time(cut_short && last_error.code != ErrorCode::none ? last_error : std::move(error));
            return;
        }
        // Silence does not abandon a session: any HELLO may be the one that gets through.
        const bool at_once = retried && waits_for_path(error);
        retried = retried && (at_once || retry.retries_left());
        delay = at_once ? std::min(call_again_after(now, error), retry.remaining(now.time))
                        : retry.next_delay(now.time);
    }
    ErrorReport asked = report_of(error);
    asked.error.terminal = !retried;
    asked.retrying = retried;
    asked.next_delay = delay;
    observer.on_trace(error.text + (retried ? ": to be retried" : ": not to be retried"));
    question = Question{std::move(error), retried, delay, now.time + delay};
    observer.on_decision(asked, [self = shared_from_this(), number = ++questions](RetryDecision decision) {
        if (self->node->loop().on_thread())
            self->decided(number, decision);
        else
            self->node->loop().post([self, number, decision] { self->decided(number, decision); });
    });
}

void Link::Impl::give_up_in_time(Error error) {
    if (config.auto_reconnect) error.text = tr("%s; reconnect-timeout has passed", error.text.c_str());
    give_up(std::move(error));
}

void Link::Impl::decided(uint64_t number, RetryDecision decision) {
    if (closed || given_up || !question || number != questions) return;
    Question asked = *std::exchange(question, std::nullopt);
    if (decision == RetryDecision::stop || (decision == RetryDecision::standard && !asked.retried)) {
        give_up(std::move(asked.error));
        return;
    }
    if (config.caller || !asked.retried) drop_session(asked.error);
    if (config.caller) {
        retry_at = asked.retry_at;
        last_error = asked.error;
    }
    report(std::move(asked.error), asked.delay);
    // The circuit may have changed.
    if (!closed) set_state(state);
}

void Link::Impl::drop_question() {
    if (auto asked = std::exchange(question, std::nullopt)) report(std::move(asked->error));
}

void Link::Impl::drop_session(const Error& error) {
    if (!established) return;
    if (Session* s = current()) {
        s->close(clock_now(), false, CloseReason::error, error);
        s->abandon();
    }
    end_stream(error);
    if (!closed) set_state(LinkState::reconnecting);
}

}  // namespace stt
