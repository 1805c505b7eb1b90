// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/paused_backlog.hpp"

#include <gtest/gtest.h>

#include "gst/buffer_codec.hpp"
#include "gst/event_codec.hpp"
#include "gst/timing.hpp"

namespace stt {
namespace {

using Want = PausedBacklog::Want;

/// Messages as they come of a stream.
class PausedBacklogTest : public testing::Test {
  protected:
    InMessage received(const OutMessage& out) {
        reader_.push(Chunk::copy_of(out.head));
        if (!out.payload.empty()) reader_.push(Chunk::copy_of(out.payload));
        InMessage message;
        EXPECT_TRUE(reader_.next(message));
        return message;
    }
    InMessage buffer(unsigned flags, size_t size = 10, GstClockTime pts = GST_SECOND) {
        GstBuffer* made = gst_buffer_new_allocate(nullptr, size, nullptr);
        GST_BUFFER_FLAG_SET(made, flags);
        GST_BUFFER_PTS(made) = pts;
        GST_BUFFER_DURATION(made) = GST_MSECOND;
        InMessage message = received(*encode_buffer(made));
        gst_buffer_unref(made);
        return message;
    }
    InMessage key(size_t size = 10) { return buffer(0, size); }
    InMessage delta(size_t size = 10) { return buffer(GST_BUFFER_FLAG_DELTA_UNIT, size); }
    InMessage header() { return buffer(GST_BUFFER_FLAG_HEADER, 10, GST_CLOCK_TIME_NONE); }
    InMessage timing(bool live) {
        Timing timing;
        timing.epoch = 1;
        timing.live = live;
        return received(encode_timing(timing));
    }
    InMessage caps(const char* name) {
        GstCaps* made = gst_caps_new_empty_simple(name);
        GstEvent* event = gst_event_new_caps(made);
        InMessage message = received(**encode_event(event));
        gst_event_unref(event);
        gst_caps_unref(made);
        return message;
    }
    InMessage tags(GstTagScope scope) {
        GstTagList* made = gst_tag_list_new(GST_TAG_TITLE, "x", nullptr);
        gst_tag_list_set_scope(made, scope);
        GstEvent* event = gst_event_new_tag(made);
        InMessage message = received(**encode_event(event));
        gst_event_unref(event);
        return message;
    }
    static std::vector<MessageKind> kinds(const std::vector<InMessage>& messages) {
        std::vector<MessageKind> kinds;
        for (const InMessage& message : messages) kinds.push_back(static_cast<MessageKind>(message.kind));
        return kinds;
    }
    using Kinds = std::vector<MessageKind>;
    static constexpr MessageKind b = MessageKind::buffer;

    PausedBacklog backlog{true};

  private:
    MessageReader reader_;
};

TEST_F(PausedBacklogTest, KeepsTheNewestKeyUnitAndWhatFollows) {
    uint64_t before_last_key = 0;
    for (int unit = 0; unit < 3; unit++) {
        EXPECT_EQ(backlog.take(key()), Want::more);
        InMessage last = delta();
        before_last_key = unit < 2 ? last.end_offset : before_last_key;
        EXPECT_EQ(backlog.take(std::move(last)), Want::more);
    }
    EXPECT_EQ(backlog.discarded().buffers, 4u);
    EXPECT_EQ(backlog.discarded().bytes, 40u);
    EXPECT_EQ(backlog.discarded().duration, 4 * GST_MSECOND);
    EXPECT_FALSE(backlog.discarded().uncertain);
    EXPECT_EQ(backlog.passed(), before_last_key);
    const auto messages = backlog.finish();
    EXPECT_EQ(kinds(messages), (Kinds{MessageKind::given_up, b, b}));
    EXPECT_EQ(decode_given_up(messages[0])->bytes, 40u);
}

TEST_F(PausedBacklogTest, LosesNothingBeforeAKeyUnitComes) {
    for (int i = 0; i < 3; i++) EXPECT_EQ(backlog.take(delta()), Want::more);
    EXPECT_EQ(backlog.passed(), 0u);
    EXPECT_EQ(kinds(backlog.finish()), (Kinds{b, b, b})) << "it goes on where it stopped";
}

TEST_F(PausedBacklogTest, StateAndHeadersStayInOrder) {
    backlog.take(timing(true));
    backlog.take(caps("a/old"));
    backlog.take(key());
    backlog.take(caps("a/new"));
    backlog.take(header());
    backlog.take(timing(true));
    backlog.take(key());
    const auto messages = backlog.finish();
    EXPECT_EQ(kinds(messages), (Kinds{MessageKind::given_up, MessageKind::caps, b, MessageKind::timing, b}));
    TextParser parser;
    const EventPtr event = decode_event(messages[1], parser);
    GstCaps* kept = nullptr;
    gst_event_parse_caps(event.get(), &kept);
    EXPECT_TRUE(gst_structure_has_name(gst_caps_get_structure(kept, 0), "a/new"));
}

TEST_F(PausedBacklogTest, TagsOfEitherScopeStay) {
    backlog.take(tags(GST_TAG_SCOPE_GLOBAL));
    for (int i = 0; i < 3; i++) {
        backlog.take(key());
        backlog.take(tags(GST_TAG_SCOPE_STREAM));
    }
    backlog.take(key());
    EXPECT_EQ(kinds(backlog.finish()), (Kinds{MessageKind::given_up, MessageKind::tag, MessageKind::tag, b}));
}

TEST_F(PausedBacklogTest, StateThatMediaNeedStays) {
    backlog.take(caps("a/old"));
    backlog.take(key());
    backlog.take(caps("a/new"));
    backlog.take(delta());
    EXPECT_EQ(kinds(backlog.finish()), (Kinds{MessageKind::caps, b, MessageKind::caps, b}));
}

TEST_F(PausedBacklogTest, HeadersThatRepeatWithATimeAreUnitsLikeOthers) {
    for (int i = 0; i < 10; i++) {
        backlog.take(buffer(GST_BUFFER_FLAG_HEADER));
        backlog.take(delta());
    }
    EXPECT_EQ(kinds(backlog.finish()), (Kinds{MessageKind::given_up, b, b}));
}

TEST_F(PausedBacklogTest, WhatTheSenderGaveUpIsAddedUp) {
    for (int i = 0; i < 3; i++) backlog.take(received(encode_given_up({1, 2, 3, i == 0})));
    const auto messages = backlog.finish();
    ASSERT_EQ(kinds(messages), (Kinds{MessageKind::given_up}));
    const Gap gap = *decode_given_up(messages[0]);
    EXPECT_EQ(gap.buffers, 3u);
    EXPECT_EQ(gap.duration, 9u);
    EXPECT_TRUE(gap.uncertain);
    EXPECT_EQ(backlog.discarded().buffers, 0u) << "the sender knows already";
}

TEST_F(PausedBacklogTest, AUnitWithoutEndIsGivenUpAndTheNextKeyUnitWaitedFor) {
    constexpr size_t size = 1 << 20;
    backlog.take(key(size));
    unsigned taken = 1;
    while (backlog.discarded().buffers == 0) {
        ASSERT_EQ(backlog.take(delta(size)), Want::more);
        taken++;
        ASSERT_LE(taken, PausedBacklog::media_max / size + 1);
    }
    EXPECT_EQ(backlog.discarded().buffers, taken);
    EXPECT_TRUE(backlog.lacks_key_unit());
    InMessage last = delta();
    const uint64_t end = last.end_offset;
    backlog.take(std::move(last));
    EXPECT_EQ(backlog.discarded().buffers, taken + 1);
    EXPECT_EQ(backlog.passed(), end);
    backlog.take(key());
    EXPECT_FALSE(backlog.lacks_key_unit());
    EXPECT_EQ(kinds(backlog.finish()), (Kinds{MessageKind::given_up, b}));
}

TEST_F(PausedBacklogTest, ASingleBufferMayBeLarge) {
    backlog.take(key(PausedBacklog::media_max + 1));
    EXPECT_EQ(backlog.discarded().buffers, 0u);
    backlog.take(key(PausedBacklog::media_max + 1));
    EXPECT_EQ(backlog.discarded().buffers, 1u);
    EXPECT_EQ(kinds(backlog.finish()), (Kinds{MessageKind::given_up, b}));
}

TEST_F(PausedBacklogTest, StateWithoutEndHoldsTheSenderBack) {
    GstEvent* event = gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("x"));
    unsigned taken = 0;
    while (backlog.take(received(**encode_event(event))) == Want::more) {
        taken++;
        ASSERT_LE(taken, PausedBacklog::state_max / PausedBacklog::overhead);
    }
    gst_event_unref(event);
    EXPECT_EQ(backlog.finish().size(), taken + 1) << "and nothing is lost";
}

TEST_F(PausedBacklogTest, StateThatReplacesItselfForHoursDoesNot) {
    for (int i = 0; i < 10000; i++) {
        ASSERT_EQ(backlog.take(timing(true)), Want::more);
        ASSERT_EQ(backlog.take(key()), Want::more);
    }
    EXPECT_EQ(kinds(backlog.finish()), (Kinds{MessageKind::given_up, MessageKind::timing, b}));
}

TEST_F(PausedBacklogTest, GapsOfASparseStreamAreNoMedia) {
    GstEvent* event = gst_event_new_gap(0, GST_SECOND);
    const size_t count = 2 * PausedBacklog::media_max / PausedBacklog::overhead;
    for (size_t i = 0; i < count; i++) ASSERT_EQ(backlog.take(received(**encode_event(event))), Want::more);
    gst_event_unref(event);
    EXPECT_EQ(backlog.discarded().buffers, 0u);
    EXPECT_FALSE(backlog.lacks_key_unit());
    EXPECT_LE(backlog.finish().size(), count / 2 + 1);
}

TEST_F(PausedBacklogTest, AStreamThatIsNotLiveStaysWhereItIs) {
    PausedBacklog unknown{std::nullopt};
    EXPECT_EQ(unknown.take(timing(false)), Want::more);
    EXPECT_EQ(unknown.take(key()), Want::no_more);
    EXPECT_EQ(kinds(unknown.finish()), (Kinds{MessageKind::timing, b}));
}

TEST_F(PausedBacklogTest, TheTimingSaysWhetherItIsLive) {
    PausedBacklog unknown{std::nullopt};
    EXPECT_EQ(unknown.take(timing(true)), Want::more);
    EXPECT_EQ(unknown.take(key()), Want::more);
    EXPECT_EQ(unknown.take(key()), Want::more);
    EXPECT_EQ(kinds(unknown.finish()), (Kinds{MessageKind::given_up, MessageKind::timing, b}));
}

TEST_F(PausedBacklogTest, AnotherStreamMakesThisOneUseless) {
    backlog.take(caps("a/b"));
    backlog.take(key());
    backlog.begin_stream();
    EXPECT_EQ(backlog.discarded().buffers, 1u);
    EXPECT_EQ(backlog.passed(), 0u);
    backlog.take(timing(true));
    backlog.take(key());
    EXPECT_EQ(kinds(backlog.finish()), (Kinds{MessageKind::given_up, MessageKind::timing, b}));
}

TEST_F(PausedBacklogTest, WhatIsMalformedIsLeftToWhoeverReadsIt) {
    InMessage message = key();
    message.header.push_back(0);
    EXPECT_EQ(backlog.take(std::move(message)), Want::no_more);
    EXPECT_EQ(kinds(backlog.finish()), (Kinds{b}));
}

}  // namespace
}  // namespace stt
