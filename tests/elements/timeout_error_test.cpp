// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/timeout_error.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

constexpr VainWait wait{Reason::send_timeout, "the peer took nothing within the %s of %u ms", "send-timeout",
                        500};

struct Case {
    const char* name;
    bool caller;
    Reached reached;
    bool ready;
    Reason reason;
    ErrorOrigin origin;
    const char* text;
};

class TimeoutError : public testing::TestWithParam<Case> {};

TEST_P(TimeoutError, TellsHowFarThePeerGot) {
    const Case& expected = GetParam();
    const Error error = timeout_error(wait, expected.caller, expected.reached, expected.ready);
    EXPECT_EQ(error.code, ErrorCode::timeout);
    EXPECT_EQ(error.reason, expected.reason);
    EXPECT_EQ(error.origin, expected.origin);
    EXPECT_EQ(error.text, expected.text);
}

INSTANTIATE_TEST_SUITE_P(
    Of, TimeoutError,
    testing::Values(
        Case{"ListenerWithoutCall", false, Reached::nothing, false, Reason::no_caller, ErrorOrigin::network,
             "no caller connected within the send-timeout of 500 ms"},
        Case{"ListenerWithoutSession", false, Reached::call, false, Reason::send_timeout,
             ErrorOrigin::network,
             "a caller has called, but no session was established within the send-timeout of 500 ms"},
        Case{"ListenerWithoutStream", false, Reached::session, false, Reason::send_timeout, ErrorOrigin::peer,
             "a caller has called, but opened no stream within the send-timeout of 500 ms"},
        Case{"ListenerWithAStream", false, Reached::stream, true, Reason::send_timeout, ErrorOrigin::peer,
             "the peer took nothing within the send-timeout of 500 ms"},
        Case{"ListenerAfterAStream", false, Reached::stream, false, Reason::send_timeout,
             ErrorOrigin::network, "the peer took nothing within the send-timeout of 500 ms"},
        Case{"Caller", true, Reached::nothing, false, Reason::send_timeout, ErrorOrigin::network,
             "the peer took nothing within the send-timeout of 500 ms"}),
    [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace stt
