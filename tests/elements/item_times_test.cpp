// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/item_times.hpp"

#include <gst/check/gsttestclock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/elements/test_clock.hpp"

namespace stt {
namespace {

using Placed = ItemTimes::Placed;

GstSegment time_segment() {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    return segment;
}

/// Each test has a sender clock of its own: anchors are shared in the process.
Timing timing(bool live) {
    static uint64_t epoch = 1'000'000;
    return {++epoch, live, 0, 0, {}};
}

BufferPtr buffer_at(GstClockTime pts, GstClockTime dts = GST_CLOCK_TIME_NONE) {
    BufferPtr buffer(gst_buffer_new());
    GST_BUFFER_PTS(buffer.get()) = pts;
    GST_BUFFER_DTS(buffer.get()) = dts;
    return buffer;
}

/// An element on a clock that stands still, one second after its base time.
class ItemTimesTest : public testing::Test {
  protected:
    ItemTimesTest() { begin(Timestamps::rebase, false); }
    void begin(Timestamps timestamps, bool live) {
        times.start(timestamps);
        times.set_segment(time_segment());
        times.set_timing(timing(live));
    }

    test::ElementOnTestClock element{GST_SECOND};
    std::vector<Duration> waits;  // for an estimate of the sender's clock
    std::optional<Affine> estimate;
    ItemTimes times{element.get(), [this](Duration patience) {
                        waits.push_back(patience);
                        return estimate;
                    }};
};

TEST_F(ItemTimesTest, TheClockIsReadOnceForAllMessages) {
    ASSERT_TRUE(times.read_clocks(5));
    EXPECT_EQ(times.now().running_time, GST_SECOND);
    EXPECT_EQ(times.now().latency, 5u);
    EXPECT_FALSE(times.now().from_peer);
    element.advance(GST_SECOND);
    EXPECT_EQ(times.now().running_time, GST_SECOND);
    estimate = Affine{};
    ASSERT_TRUE(times.read_clocks(6));
    EXPECT_EQ(times.now().running_time, 2 * GST_SECOND);
    EXPECT_TRUE(times.now().from_peer);
}

TEST_F(ItemTimesTest, WithoutAClockThereIsNoTime) {
    gst_element_set_clock(element.get(), nullptr);
    EXPECT_FALSE(times.read_clocks(5));
    EXPECT_FALSE(GST_CLOCK_TIME_IS_VALID(times.now().running_time));
    EXPECT_EQ(times.place(0), Placed::evenly) << "and nothing to place items by";
    EXPECT_TRUE(times.unplaced());
}

TEST_F(ItemTimesTest, AnItemIsPlacedOncePerReading) {
    EXPECT_TRUE(times.unplaced());
    times.read_clocks(0);
    EXPECT_EQ(times.place(GST_CLOCK_TIME_NONE), Placed::unchanged);
    EXPECT_EQ(times.place(0), Placed::first);
    EXPECT_FALSE(times.unplaced());
    EXPECT_EQ(times.place(0), Placed::unchanged);
    times.read_clocks(0);
    EXPECT_EQ(times.place(0), Placed::evenly);
    element.advance(GST_SECOND);
    times.read_clocks(0);
    EXPECT_EQ(times.place(0), Placed::jump) << "it comes a second late";
}

TEST_F(ItemTimesTest, ASegmentATimingAndAFlushPlaceAnew) {
    times.read_clocks(0);
    EXPECT_EQ(times.place(0), Placed::first);
    times.set_segment(time_segment());
    EXPECT_EQ(times.place(0), Placed::evenly);
    times.set_timing(times.timing());
    EXPECT_EQ(times.place(0), Placed::evenly);
    times.flushed();
    EXPECT_TRUE(times.unplaced());
    EXPECT_EQ(times.place(0), Placed::first);
}

TEST_F(ItemTimesTest, TheFirstItemOfALiveStreamWaitsForAnEstimateOnce) {
    begin(Timestamps::rebase, true);
    times.read_clocks(0);
    waits.clear();
    EXPECT_EQ(times.place(0), Placed::first);
    EXPECT_EQ(waits, std::vector<Duration>{ItemTimes::estimate_patience});
    waits.clear();
    times.flushed();
    EXPECT_EQ(times.place(0), Placed::first);
    EXPECT_TRUE(waits.empty()) << "a peer may have none";
}

TEST_F(ItemTimesTest, AStoredStreamDoesNotWaitForAnEstimate) {
    times.read_clocks(0);
    waits.clear();
    EXPECT_EQ(times.place(0), Placed::first);
    EXPECT_TRUE(waits.empty());
}

TEST_F(ItemTimesTest, TheSendersTimeGoesWithTheBuffer) {
    times.read_clocks(0);
    times.place(7);
    const BufferPtr buffer = buffer_at(7);
    times.stamp(buffer.get());
    EXPECT_EQ(GST_BUFFER_PTS(buffer.get()), 7u) << "the segment is moved, and not the items in it";
    const GstReferenceTimestampMeta* sent = gst_buffer_get_reference_timestamp_meta(buffer.get(), nullptr);
    ASSERT_NE(sent, nullptr);
    EXPECT_EQ(sent->timestamp, 7u);
    const GstSegment segment = times.segment();
    EXPECT_EQ(gst_segment_to_running_time(&segment, GST_FORMAT_TIME, 7), GST_SECOND);
}

TEST_F(ItemTimesTest, OriginalTimesPassUnchanged) {
    begin(Timestamps::original, false);
    EXPECT_FALSE(times.unplaced()) << "nothing has to be known";
    times.read_clocks(0);
    EXPECT_EQ(times.place(7), Placed::evenly);
    const BufferPtr buffer = buffer_at(7);
    times.stamp(buffer.get());
    EXPECT_EQ(GST_BUFFER_PTS(buffer.get()), 7u);
    EXPECT_EQ(gst_buffer_get_reference_timestamp_meta(buffer.get(), nullptr), nullptr);
    const GstSegment segment = times.segment();
    EXPECT_EQ(gst_segment_to_running_time(&segment, GST_FORMAT_TIME, 7), 7u);
}

TEST_F(ItemTimesTest, TimesOfArrivalReplaceAllOthers) {
    GstSegment sent = time_segment();
    sent.start = sent.position = 9 * GST_SECOND;
    begin(Timestamps::arrival, false);
    times.set_segment(sent);
    EXPECT_FALSE(times.unplaced());
    EXPECT_EQ(times.segment().start, 0u);
    times.read_clocks(0);
    EXPECT_EQ(times.place(7), Placed::unchanged);
    const BufferPtr reordered = buffer_at(20 * GST_SECOND, 15 * GST_SECOND);
    times.stamp(reordered.get());
    EXPECT_EQ(GST_BUFFER_DTS(reordered.get()), GST_SECOND);
    EXPECT_EQ(GST_BUFFER_PTS(reordered.get()), 6 * GST_SECOND) << "it is shown as long after its DTS";
    const EventPtr gap = times.map(EventPtr(gst_event_new_gap(20 * GST_SECOND, 5)));
    GstClockTime timestamp = 0, duration = 0;
    gst_event_parse_gap(gap.get(), &timestamp, &duration);
    EXPECT_EQ(timestamp, GST_SECOND);
    EXPECT_EQ(duration, 5u);
}

TEST_F(ItemTimesTest, AMessageArrivedBeforeItIsTaken) {
    begin(Timestamps::arrival, false);
    times.read_clocks(0);
    // When the pipeline's clock showed this running time.
    const auto at = [&](int64_t running_time) {
        const int64_t clock = static_cast<int64_t>(test::ElementOnTestClock::base_time) + running_time;
        return Time(std::chrono::nanoseconds(times.now().clock.inverse()(clock)));
    };
    const BufferPtr buffer = buffer_at(0);
    times.set_arrived(at(700'000'000));
    times.stamp(buffer.get());
    EXPECT_EQ(GST_BUFFER_PTS(buffer.get()), 700 * GST_MSECOND);
    times.set_arrived(at(-1));
    times.stamp(buffer.get());
    EXPECT_EQ(GST_BUFFER_PTS(buffer.get()), 0u) << "the pipeline did not play then";
}

TEST_F(ItemTimesTest, TheRateOfTheSendersClockNeedsBothClocks) {
    times.read_clocks(0);
    EXPECT_EQ(times.sender_rate(), std::nullopt);
    estimate = Affine{0, 0, 0.01};
    times.read_clocks(0);
    EXPECT_NEAR(times.sender_rate().value(), 1 / 1.01, 1e-9);
    times.set_timing({});
    EXPECT_EQ(times.sender_rate(), std::nullopt) << "the sender's pipeline has no clock";
}

TEST_F(ItemTimesTest, AnotherRunBeginsUnplaced) {
    times.read_clocks(0);
    times.place(0);
    times.begin_run();
    EXPECT_FALSE(times.has_segment());
    EXPECT_TRUE(times.unplaced());
}

}  // namespace
}  // namespace stt
