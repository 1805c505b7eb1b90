// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/timing_report.hpp"

#include <gtest/gtest.h>

#include "tests/elements/test_clock.hpp"

namespace stt {
namespace {

/// The element has no clock unless a test sets one, as the relation of two clocks never stays the same.
class TimingReportTest : public testing::Test {
  protected:
    TimingReportTest() { gst_element_set_clock(element.get(), nullptr); }
    /// The timing to be sent if the pipeline is looked at now.
    std::optional<Timing> next() {
        report.set_due();
        return report.next(origin);
    }
    /// Sends what is to be sent. False: nothing is.
    bool send() {
        const std::optional<Timing> timing = next();
        if (timing) report.set_sent(*timing);
        return timing.has_value();
    }
    test::ElementOnTestClock element{GST_SECOND};
    TimingReport report{element.get()};
    Origin origin{true, 30 * GST_MSECOND};
};

TEST_F(TimingReportTest, SaysWhatAReceiverNeeds) {
    element.set_clock();
    const std::optional<Timing> timing = next();
    ASSERT_TRUE(timing);
    EXPECT_NE(timing->epoch, 0u);
    EXPECT_TRUE(timing->live);
    EXPECT_EQ(timing->latency, 30 * GST_MSECOND);
    EXPECT_EQ(timing->base_time, test::ElementOnTestClock::base_time);
    EXPECT_EQ(timing->clock.to, static_cast<int64_t>(test::ElementOnTestClock::base_time + GST_SECOND));
}

TEST_F(TimingReportTest, IsDueUntilItIsSent) {
    EXPECT_TRUE(report.next(origin));
    EXPECT_TRUE(report.next(origin)) << "the link may have refused it";
    EXPECT_TRUE(send());
    EXPECT_FALSE(send());
}

TEST_F(TimingReportTest, IsDueAgainWhenSomethingChanges) {
    EXPECT_TRUE(send());
    gst_element_set_base_time(element.get(), 5);
    EXPECT_TRUE(send());
    origin.live = false;
    EXPECT_TRUE(send());
    origin.latency = 0;
    EXPECT_TRUE(send());
    EXPECT_FALSE(send());
    element.set_clock();
    EXPECT_TRUE(send());
}

TEST_F(TimingReportTest, IsDueWhenTheLinkDoesNotHaveItAnyMore) {
    EXPECT_TRUE(send());
    report.forget();
    EXPECT_TRUE(report.next(origin));
    EXPECT_TRUE(send());
    report.start();
    EXPECT_TRUE(report.next(origin));
}

TEST_F(TimingReportTest, APipelineMayHaveNoClock) {
    const std::optional<Timing> timing = next();
    ASSERT_TRUE(timing);
    EXPECT_EQ(timing->epoch, 0u);
}

}  // namespace
}  // namespace stt
