// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/text.hpp"
#include "core/io/link_impl.hpp"

namespace stt {

void Link::Impl::on_attempt_failed(Now now, Error error) {
    // The peer says that the session is not ours to resume, or not what it was.
    if (session_.exists() && error.code == ErrorCode::handshake_failure &&
        error.reason == Reason::wrong_session) {
        if (Session* const lost = session_.get()) lost->abandon();
        on_abandoned();
        if (reporter_.closed()) return;
    }
    const bool retried = caller_.note_failure(now.time, error);
    decide(now, std::move(error), retried);
}

void Link::Impl::decide(Now now, Error error, bool retried) {
    if (reporter_.ended()) return;
    drop_question();
    const auto plan = caller_.plan(now.time, error, retried);
    if (!plan) {
        give_up_in_time(std::move(error));  // reconnect-timeout holds, whoever decides
        return;
    }
    ErrorReport asked = reporter_.describe(error);
    asked.error.terminal = !plan->retried;
    asked.retrying = plan->retried;
    asked.next_delay = plan->delay;
    reporter_.trace(error.text + (plan->retried ? ": to be retried" : ": not to be retried"));
    const uint64_t number =
        question_.ask({std::move(error), plan->retried, plan->delay, now.time + plan->delay});
    reporter_.ask(asked, [self = shared_from_this(), number](RetryDecision decision) {
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
    if (reporter_.ended()) return;
    auto asked = question_.answer(number);
    if (!asked) return;
    if (asked->ended_by(decision)) {
        give_up(std::move(asked->error));
        return;
    }
    if (config.caller || !asked->retried) drop_session(asked->error);
    if (config.caller) caller_.retry_at(asked->retry_at, asked->error);
    reporter_.report(std::move(asked->error), asked->delay);
    reporter_.renew();  // the circuit may have changed
}

void Link::Impl::drop_question() {
    if (auto asked = question_.withdraw()) reporter_.report(std::move(asked->error));
}

void Link::Impl::drop_session(const Error& error) {
    if (!session_.established()) return;
    if (Session* s = session_.get()) {
        s->close(clock_now(), CloseReason::error, error);
        s->abandon();
    }
    end_stream(error);
    reporter_.set_state(LinkState::reconnecting);
}

}  // namespace stt
