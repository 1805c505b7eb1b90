// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the application sends to sttsrc itself: flushes, and events that belong in order with the data.
#include <atomic>
#include <optional>

#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

/// How a flush reaches the element.
enum class Way { element, pad };

/// Sends FLUSH_START and FLUSH_STOP to `src`.
void flush(GstElement* src, Way way) {
    GstPad* pad = gst_element_get_static_pad(src, "src");
    for (GstEvent* event : {gst_event_new_flush_start(), gst_event_new_flush_stop(TRUE)}) {
        if (way == Way::element)
            EXPECT_TRUE(gst_element_send_event(src, event));
        else
            EXPECT_TRUE(gst_pad_send_event(pad, event));
    }
    gst_object_unref(pad);
}

/// Makes a failure of what GStreamer complains of, such as data without a segment.
class Complaints {
  public:
    Complaints() : handler_(g_log_set_handler("GStreamer", G_LOG_LEVEL_WARNING, fail, nullptr)) {}
    ~Complaints() { g_log_remove_handler("GStreamer", handler_); }
    Complaints(const Complaints&) = delete;
    Complaints& operator=(const Complaints&) = delete;

  private:
    static void fail(const char*, GLogLevelFlags, const char* text, gpointer) { ADD_FAILURE() << text; }
    const unsigned handler_;
};

class Flush : public testing::TestWithParam<std::tuple<Way, bool>> {};

TEST_P(Flush, LeavesASegmentAndTheStreamGoesOn) {
    const auto [way, live] = GetParam();
    // By the pad, a buffer that is just being pushed may meet a pad without a segment. Downstream has its
    // own.
    std::optional<Complaints> complaints;
    if (way == Way::element) complaints.emplace();
    Pipeline receiver(listening_src("latency=50") + " ! fakesink name=out sync=true");
    Played played(receiver.get("out"));
    receiver.play();
    Pipeline sender(std::string("videotestsrc is-live=") + (live ? "true" : "false") +
                    " ! video/x-raw,width=64,height=48,framerate=50/1 ! " +
                    calling_sink_to(local_port(receiver.get("src"))));
    sender.play();
    ASSERT_TRUE(played.reaches(10));
    for (int i = 0; i < 3; i++) {
        flush(receiver.get("src"), way);
        const size_t before = played.count();
        EXPECT_TRUE(played.reaches(before + 25)) << "after flush " << i;
    }
    EXPECT_TRUE(eventually([&] {
        const Played::Item last = played.items().back();
        return GST_CLOCK_TIME_IS_VALID(last.running_time) &&
               last.lead > -static_cast<GstClockTimeDiff>(GST_SECOND);
    })) << "it is current again";
    EXPECT_EQ(receiver.bus().count(GST_MESSAGE_ERROR), 0);
}

INSTANTIATE_TEST_SUITE_P(All, Flush,
                         testing::Combine(testing::Values(Way::element, Way::pad), testing::Bool()));

TEST(Flush, KeepsTheCaps) {
    Pair pair;
    pair.start("application/x-test");
    BufferPtr first = make_buffer(1);
    GST_BUFFER_PTS(first.get()) = 0;
    pair.push(first.release());
    ASSERT_TRUE(pair.pull());
    // Caps that arrive while the pad flushes belong to what comes after.
    gst_element_send_event(pair.src_element, gst_event_new_flush_start());
    GstCaps* caps = gst_caps_from_string("application/x-other");
    pair.push_event(gst_event_new_caps(caps));
    gst_element_send_event(pair.src_element, gst_event_new_flush_stop(TRUE));
    BufferPtr second = make_buffer(2);
    GST_BUFFER_PTS(second.get()) = GST_SECOND;
    pair.push(second.release());
    const BufferPtr got = pair.pull();
    ASSERT_TRUE(got);
    EXPECT_EQ(gst_buffer_get_size(got.get()), 2u);
    EXPECT_TRUE(GST_BUFFER_IS_DISCONT(got.get()));
    GstCaps* current = gst_pad_get_current_caps(pair.src->sinkpad);
    EXPECT_TRUE(gst_caps_is_equal(current, caps));
    gst_caps_unref(current);
    gst_caps_unref(caps);
    GstEvent* segment = gst_pad_get_sticky_event(pair.src->sinkpad, GST_EVENT_SEGMENT, 0);
    ASSERT_NE(segment, nullptr);
    gst_event_unref(segment);
}

TEST(Injected, EventsDoNotWaitForTheNextMessage) {
    Pair pair;
    pair.start();
    BufferPtr buffer = make_buffer(1);
    GST_BUFFER_PTS(buffer.get()) = 0;
    pair.push(buffer.release());
    ASSERT_TRUE(pair.pull());
    // Nothing more comes from the peer.
    for (int i = 0; i < 100; i++) {
        ASSERT_TRUE(gst_element_send_event(
            pair.src_element,
            gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                                 gst_structure_new("of-the-application", "number", G_TYPE_INT, i, nullptr))));
        const EventPtr event = pair.pull_event(GST_EVENT_CUSTOM_DOWNSTREAM);
        ASSERT_TRUE(event) << i;
        int number = -1;
        gst_structure_get_int(gst_event_get_structure(event.get()), "number", &number);
        EXPECT_EQ(number, i);
    }
    EXPECT_EQ(gst_harness_buffers_received(pair.src), 1u);
}

TEST(Injected, EventsBeforeTheFirstBufferComeSoon) {
    Pair pair;
    ASSERT_TRUE(gst_element_send_event(pair.src_element,
                                       gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "x", nullptr))));
    EXPECT_TRUE(pair.pull_event(GST_EVENT_TAG));
}

TEST(Injected, EventsDoNotLengthenTheReceiveTimeout) {
    Pair pair([](GstElement*, GstElement* src) { g_object_set(src, "receive-timeout", 300u, nullptr); });
    std::atomic<bool> stop = false;
    Beside sending(pair.src_element, [&] {
        while (!stop) {
            gst_element_send_event(pair.src_element,
                                   gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                                                        gst_structure_new_empty("again-and-again")));
            g_usleep(10'000);
        }
    });
    EXPECT_TRUE(pair.src_bus->wait_type(GST_MESSAGE_ERROR));
    stop = true;
    sending.join();
}

TEST(Injected, EventsBetweenStreamsDoNotEndTheWait) {
    Pair pair([](GstElement*, GstElement* src) {
        g_object_set(src, "receive-timeout", 100u, "keep-listening", TRUE, nullptr);
    });
    pair.start();
    BufferPtr buffer = make_buffer(1);
    GST_BUFFER_PTS(buffer.get()) = 0;
    pair.push(buffer.release());
    ASSERT_TRUE(pair.pull());
    pair.push_event(gst_event_new_eos());
    // Longer than receive-timeout, twice, by the clock that it goes by.
    for (int i = 0; i < 2; i++) {
        const gint64 until = g_get_monotonic_time() + 200'000;
        ASSERT_TRUE(eventually([&] { return g_get_monotonic_time() > until; }));
        gst_element_send_event(
            pair.src_element,
            gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("of-the-application")));
        EXPECT_TRUE(pair.pull_event(GST_EVENT_CUSTOM_DOWNSTREAM));
    }
    EXPECT_EQ(pair.src_bus->count(GST_MESSAGE_ERROR), 0);
}

}  // namespace
}  // namespace stt::test
