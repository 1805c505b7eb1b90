// SPDX-License-Identifier: LGPL-2.1-or-later
/// Several callers of this process that call the same host.
#include "tests/net/link_fixture.hpp"

namespace stt::test {
namespace {

/// Of a listener that is opened and closed: nothing listens there.
uint16_t closed_port() {
    End listener;
    if (!listener.open(listener_config(StreamRole::receiver))) return 0;
    return listener.link->local_port();
}

LinkConfig listener_on(uint16_t port) {
    LinkConfig config = listener_config(StreamRole::receiver);
    config.port = port;
    return config;
}

/// Two callers of one host, as those of sound and picture. Each has been refused, and waits for about a day.
struct WaitingCallers : testing::Test {
    void SetUp() override {
        for (size_t i = 0; i < 2; i++) {
            ports[i] = closed_port();
            LinkConfig config = caller_config(StreamRole::sender, ports[i]);
            config.retry_initial_delay = config.retry_max_delay = 24h;
            config.reconnect_timeout = 0s;
            ASSERT_TRUE(callers[i].open(std::move(config)));
            Recorder& seen = callers[i].seen;
            ASSERT_TRUE(seen.wait([&] { return seen.find(ErrorCode::connection_refused) != nullptr; }));
        }
    }

    uint16_t ports[2] = {};
    End callers[2];
};

TEST_F(WaitingCallers, CallAtOnceWhenTheirHostAnswersAnother) {
    End listeners[2], third, thirds_listener;
    for (size_t i = 0; i < 2; i++) ASSERT_TRUE(listeners[i].open(listener_on(ports[i])));
    ASSERT_TRUE(thirds_listener.open(listener_on(0)));
    ASSERT_TRUE(third.open(caller_config(StreamRole::sender, thirds_listener.link->local_port())));
    for (End& caller : callers) EXPECT_TRUE(caller.seen.wait_state(LinkState::connected));
}

/// Whoever decides about the next attempt may take long. The host may answer another caller in the meantime.
TEST(AskingCaller, CallsAtOnceAfterTheAnswerIfItsHostHasAnsweredAnotherMeanwhile) {
    // Under the recorder's mutex. It outlives the caller, which asks again when the listener goes.
    std::function<void(RetryDecision)> reply;
    End caller, listener, third, thirds_listener;
    const uint16_t port = closed_port();
    Recorder& seen = caller.seen;
    seen.decision_hook = [&](const ErrorReport&, std::function<void(RetryDecision)> given) {
        const std::lock_guard lock(seen.mutex);
        reply = std::move(given);
        seen.changed.notify_all();
    };
    LinkConfig config = caller_config(StreamRole::sender, port);
    config.retry_initial_delay = config.retry_max_delay = 24h;
    config.reconnect_timeout = 0s;
    ASSERT_TRUE(caller.open(std::move(config)));
    ASSERT_TRUE(seen.wait([&] { return reply != nullptr; }));
    ASSERT_TRUE(listener.open(listener_on(port)));
    ASSERT_TRUE(thirds_listener.open(listener_on(0)));
    ASSERT_TRUE(third.open(caller_config(StreamRole::sender, thirds_listener.link->local_port())));
    ASSERT_TRUE(third.seen.wait_state(LinkState::connected));
    reply(RetryDecision::retry);
    EXPECT_TRUE(seen.wait_state(LinkState::connected));
    const std::lock_guard lock(seen.mutex);
    ASSERT_TRUE(seen.find(ErrorCode::connection_refused));
    EXPECT_LT(seen.find(ErrorCode::connection_refused)->next_delay, 1h) << "the report tells of it";
}

}  // namespace
}  // namespace stt::test
