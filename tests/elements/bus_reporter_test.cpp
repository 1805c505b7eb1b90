// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/bus_reporter.hpp"

#include <future>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

struct Parts {
    explicit Parts(GstElement* element) : reporter(element, Side::sink, peer) { peer.open(); }
    AwaitedPeer peer;
    BusReporter reporter;
};

Error error_of(const char* text) {
    return make_error(ErrorCode::timeout, Reason::send_timeout, ErrorOrigin::peer, text);
}

LinkStatus status_of(LinkState state) { return {state, {}, "192.0.2.1:7600", Circuit::closed}; }

class BusReporterTest : public testing::Test {
  protected:
    BusReporterTest() {
        gst_object_ref_sink(element);
        g_object_set_data_full(G_OBJECT(element), "parts", parts,
                               [](gpointer owned) { delete static_cast<Parts*>(owned); });
        GST_STATE_TARGET(element) = GST_STATE_PAUSED;
        bus.emplace(element);
    }
    ~BusReporterTest() override {
        posted();
        bus.reset();
        gst_object_unref(element);
    }
    void posted() { parts->reporter.announcer().wait_posted(); }
    ErrorReport terminal(const char* text) {
        ErrorReport report = parts->reporter.describe(error_of(text));
        report.error.terminal = true;
        return report;
    }
    /// The types of the PROGRESS messages so far.
    std::vector<GstProgressType> progress() {
        posted();
        std::vector<GstProgressType> types;
        while (GstMessage* message = gst_bus_pop_filtered(bus->get(), GST_MESSAGE_PROGRESS)) {
            GstProgressType type{};
            gst_message_parse_progress(message, &type, nullptr, nullptr);
            types.push_back(type);
            gst_message_unref(message);
        }
        return types;
    }

    GstElement* element = gst_bin_new(nullptr);
    Parts* parts = new Parts(element);
    BusReporter& reporter = parts->reporter;
    std::optional<Bus> bus;
};

TEST_F(BusReporterTest, PostsOnlyTheFirstOfTheErrorsThatEndTheElement) {
    EXPECT_TRUE(reporter.report(terminal("first")));
    EXPECT_TRUE(parts->peer.failed());
    EXPECT_FALSE(reporter.report(terminal("second")));
    posted();
    EXPECT_EQ(bus->count(GST_MESSAGE_ERROR), 1);
}

TEST_F(BusReporterTest, TheErrorIsOnTheBusWhenTheWaitForItEnds) {
    std::promise<void> go_on;
    reporter.announcer().run([&] { go_on.get_future().wait(); });
    reporter.report(terminal("it failed"));
    auto count = std::async(std::launch::async, [this] {
        parts->peer.wait_error();
        return bus->count(GST_MESSAGE_ERROR);
    });
    EXPECT_EQ(count.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    go_on.set_value();
    EXPECT_EQ(count.get(), 1);
}

TEST_F(BusReporterTest, AWarningEndsNothing) {
    reporter.warn(error_of("it is odd"));
    posted();
    EXPECT_EQ(bus->count(GST_MESSAGE_WARNING), 1);
    EXPECT_FALSE(parts->peer.failed());
}

TEST_F(BusReporterTest, RefusesAndWarnsWithinTheCall) {
    std::promise<void> go_on;
    reporter.announcer().run([&] { go_on.get_future().wait(); });
    reporter.warn_now(error_of("it is odd"));
    reporter.refuse(error_of("it is impossible"));
    EXPECT_EQ(bus->count(static_cast<GstMessageType>(GST_MESSAGE_WARNING | GST_MESSAGE_ERROR)), 2);
    go_on.set_value();
    posted();  // the job refers to the promise
}

TEST_F(BusReporterTest, WhatTheReceiverLacksIsOnTheBusOnReturn) {
    ASSERT_TRUE(parts->peer.fail());
    reporter.report_undelivered({Gap{3, 100, 0, true}, Gap{2, 50, 0, false}}, terminal("it lacks data"));
    EXPECT_EQ(bus->count(GST_MESSAGE_ERROR), 1);
    parts->peer.wait_error();
}

TEST_F(BusReporterTest, ACallersProgressFollowsItsFirstSession) {
    ASSERT_TRUE(reporter.start(true, {}, "Connecting"));
    EXPECT_TRUE(reporter.progress_under_way());
    for (const LinkState state : {LinkState::connecting, LinkState::handshaking, LinkState::handshaking})
        reporter.on_status(status_of(state));
    EXPECT_EQ(progress(), (std::vector{GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_CONTINUE}));
    reporter.on_status(status_of(LinkState::connected));
    reporter.on_status(status_of(LinkState::reconnecting));
    reporter.on_status(status_of(LinkState::handshaking));
    EXPECT_EQ(progress(), std::vector{GST_PROGRESS_TYPE_COMPLETE});
}

TEST_F(BusReporterTest, AListenersProgressDoesNot) {
    ASSERT_TRUE(reporter.start(false, {}, "Listening"));
    reporter.on_status(status_of(LinkState::handshaking));
    reporter.on_status(status_of(LinkState::connected));
    EXPECT_EQ(progress(), std::vector{GST_PROGRESS_TYPE_START});
    reporter.end_progress(GST_PROGRESS_TYPE_COMPLETE, "Listening");
    EXPECT_EQ(progress(), std::vector{GST_PROGRESS_TYPE_COMPLETE});
}

TEST_F(BusReporterTest, AnErrorEndsTheProgress) {
    ASSERT_TRUE(reporter.start(true, {}, "Connecting"));
    reporter.report(terminal("it failed"));
    EXPECT_EQ(progress(), (std::vector{GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_ERROR}));
}

TEST_F(BusReporterTest, ALogThatCannotBeOpenedIsAnError) {
    EXPECT_TRUE(reporter.open_log(""));
    EXPECT_FALSE(reporter.open_log("/nonexistent/log"));
}

}  // namespace
}  // namespace stt::test
