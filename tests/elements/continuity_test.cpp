// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/continuity.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace stt {
namespace {

BufferPtr buffer(GstClockTime pts) {
    BufferPtr made(gst_buffer_new());
    GST_BUFFER_PTS(made.get()) = pts;
    GST_BUFFER_DURATION(made.get()) = 10;
    return made;
}

TEST(Continuity, AGapReachesFromWhatWasToWhatComes) {
    const auto gap = [](GstEvent* event) {
        GstClockTime start = 0, duration = 0;
        gst_event_parse_gap(event, &start, &duration);
        return std::pair(start, duration);
    };
    Continuity stream;
    stream.miss(5);
    EXPECT_FALSE(stream.gap_before(buffer(100).get(), true)) << "nothing was there before";
    stream.pass(buffer(100).get());
    stream.pass(buffer(90).get());
    EXPECT_FALSE(stream.gap_before(buffer(200).get(), true)) << "nothing is missing";
    stream.miss(7);
    EventPtr event = stream.gap_before(buffer(200).get(), true);
    ASSERT_TRUE(event);
    EXPECT_EQ(gap(event.get()), std::pair(GstClockTime{110}, GstClockTime{90}));
    GstGapFlags flags;
    gst_event_parse_gap_flags(event.get(), &flags);
    EXPECT_EQ(flags, GST_GAP_FLAG_MISSING_DATA);
    EXPECT_FALSE(stream.gap_before(buffer(200).get(), true)) << "once";
    stream.miss(7);
    stream.miss(8);
    event = stream.gap_before(buffer(GST_CLOCK_TIME_NONE).get(), true);
    ASSERT_TRUE(event);
    EXPECT_EQ(gap(event.get()), std::pair(GstClockTime{110}, GstClockTime{15}));
    stream.miss(7);
    EXPECT_FALSE(stream.gap_before(buffer(105).get(), true)) << "it came twice";
    stream.begin();
    stream.miss(7);
    EXPECT_FALSE(stream.gap_before(buffer(500).get(), true)) << "another segment";
    // Times that a peer has made up.
    const BufferPtr absurd = buffer(GST_CLOCK_TIME_NONE - 1);
    GST_BUFFER_DURATION(absurd.get()) = GST_CLOCK_TIME_NONE - 1;
    stream.pass(absurd.get());
    stream.miss(GST_CLOCK_TIME_NONE - 1);
    EXPECT_FALSE(stream.gap_before(buffer(5).get(), true));
}

/// The flags of the next buffer.
std::pair<bool, bool> marked(Continuity& stream) {
    const BufferPtr next = buffer(0);
    stream.mark(next.get());
    return {GST_BUFFER_FLAG_IS_SET(next.get(), GST_BUFFER_FLAG_DISCONT),
            GST_BUFFER_FLAG_IS_SET(next.get(), GST_BUFFER_FLAG_RESYNC)};
}
constexpr std::pair neither{false, false}, discont{true, false}, resync{false, true};

TEST(Continuity, MarksTheNextBufferOnce) {
    Continuity stream;
    EXPECT_EQ(marked(stream), neither);
    stream.interrupt();
    EXPECT_EQ(marked(stream), discont);
    EXPECT_EQ(marked(stream), neither);
    stream.miss(0);
    EXPECT_EQ(marked(stream), discont) << "data is missing";
    stream.set_jump(true);
    EXPECT_EQ(marked(stream), resync);
    EXPECT_EQ(marked(stream), neither);
}

TEST(Continuity, ALaterPlacementDecidesWhetherPlayoutJumps) {
    Continuity stream;
    stream.set_jump(true);
    stream.set_jump(false);
    EXPECT_EQ(marked(stream), neither);
}

TEST(Continuity, AnotherSegmentDoesNotHideAnInterruption) {
    Continuity stream;
    stream.interrupt();
    stream.begin();
    EXPECT_EQ(marked(stream), discont);
}

}  // namespace
}  // namespace stt
