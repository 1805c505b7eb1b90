// SPDX-License-Identifier: LGPL-2.1-or-later
/// A receiver whose pipeline runs on the sender's clock.
#include <cmath>

#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

/// A clock of the sender's own, 1 % faster than this host's.
GstClock* fast_clock() {
    auto* clock =
        GST_CLOCK(g_object_new(GST_TYPE_SYSTEM_CLOCK, "clock-type", GST_CLOCK_TYPE_MONOTONIC, nullptr));
    gst_object_ref_sink(clock);
    const GstClockTime now = gst_clock_get_internal_time(clock);
    gst_clock_set_calibration(clock, now, now, 101, 100);
    return clock;
}

bool runs_on_senders_clock(GstElement* pipeline) {
    GstClock* clock = gst_element_get_clock(pipeline);
    const bool is = clock && g_strcmp0(G_OBJECT_TYPE_NAME(clock), "GstSttSenderClock") == 0;
    gst_clear_object(&clock);
    return is;
}

/// How long a second of the sender's lasts here.
class ProvideClock : public testing::TestWithParam<bool> {};

TEST_P(ProvideClock, PlaysWithoutDrift) {
    constexpr size_t window = 150;
    constexpr double interval = 20e6;
    Pipeline receiver(listening_src(GetParam() ? "provide-clock=true" : "") +
                      " ! fakesink name=played sync=true");
    Played played(receiver.get("played"));
    receiver.play();
    Pipeline sender("videotestsrc is-live=true ! video/x-raw,width=16,height=16,framerate=50/1 ! " +
                    calling_sink_to(local_port(receiver.get("src"))));
    GstClock* clock = fast_clock();
    gst_pipeline_use_clock(GST_PIPELINE(sender.pipeline()), clock);
    gst_object_unref(clock);
    sender.play();
    ASSERT_TRUE(played.reaches(2));
    EXPECT_EQ(runs_on_senders_clock(receiver.pipeline()), GetParam());

    const double expected = GetParam() ? 1 : 1 / 1.01;
    double ratio = 0;
    EXPECT_TRUE(eventually([&] {
        const auto items = played.items();
        if (items.size() <= window) return false;
        for (size_t i = items.size() - window; i < items.size(); i++) {
            if (items[i].discont) return false;
        }
        const auto& first = items[items.size() - 1 - window];
        ratio = static_cast<double>(items.back().running_time - first.running_time) / (window * interval);
        return std::abs(ratio - expected) < 0.001;
    })) << ratio;
}

INSTANTIATE_TEST_SUITE_P(Is, ProvideClock, testing::Bool(),
                         [](const auto& of) { return of.param ? "On" : "Off"; });

TEST(ProvideClockProperty, TellsThePipeline) {
    Pipeline receiver(listening_src() + " ! fakesink sync=true async=false");
    GstElement* src = receiver.get("src");
    EXPECT_EQ(gst_element_provide_clock(src), nullptr);
    receiver.play();
    ASSERT_TRUE(receiver.settle());
    g_object_set(src, "provide-clock", TRUE, nullptr);
    EXPECT_TRUE(GST_OBJECT_FLAG_IS_SET(src, GST_ELEMENT_FLAG_PROVIDE_CLOCK));
    EXPECT_FALSE(runs_on_senders_clock(receiver.pipeline())) << "a clock is chosen when it begins to play";
    receiver.set(GST_STATE_PAUSED);
    ASSERT_TRUE(receiver.settle());
    receiver.set(GST_STATE_PLAYING);
    ASSERT_TRUE(receiver.settle());
    EXPECT_TRUE(runs_on_senders_clock(receiver.pipeline()));

    g_object_set(src, "provide-clock", FALSE, nullptr);
    EXPECT_FALSE(GST_OBJECT_FLAG_IS_SET(src, GST_ELEMENT_FLAG_PROVIDE_CLOCK));
    EXPECT_TRUE(receiver.bus().wait_type(GST_MESSAGE_CLOCK_LOST));
    receiver.set(GST_STATE_PAUSED);
    ASSERT_TRUE(receiver.settle());
    receiver.set(GST_STATE_PLAYING);
    ASSERT_TRUE(receiver.settle());
    EXPECT_FALSE(runs_on_senders_clock(receiver.pipeline()));
}

}  // namespace
}  // namespace stt::test
