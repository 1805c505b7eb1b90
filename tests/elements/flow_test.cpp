// SPDX-License-Identifier: LGPL-2.1-or-later
/// Flushes, waits and how they end, and the end of the stream.
#include <gio/gio.h>

#include <atomic>
#include <thread>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

void flush(Pair& pair) {
    pair.push_event(gst_event_new_flush_start());
    pair.push_event(gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.time = 77 * GST_SECOND;
    pair.push_event(gst_event_new_segment(&segment));
}

/// A sink that calls a port where nobody answers, with room for little; and a thread that pushes until it
/// fails.
class Stuck {
  private:
    /// A port that is bound, so that no ICMP comes, and never read.
    unsigned deaf_port() {
        GInetAddress* any = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
        GSocketAddress* address = g_inet_socket_address_new(any, 0);
        deaf = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, nullptr);
        g_socket_bind(deaf, address, FALSE, nullptr);
        GSocketAddress* bound = g_socket_get_local_address(deaf, nullptr);
        const unsigned port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
        g_object_unref(bound);
        g_object_unref(address);
        g_object_unref(any);
        return port;
    }

    GSocket* deaf = nullptr;

  public:
    explicit Stuck(const std::function<void(GstElement*)>& configure = {})
        : element(make_element("sttsink", "stt://127.0.0.1:" + std::to_string(deaf_port()))), bus(element) {
        g_object_set(element, "sync", FALSE, "send-queue-bytes", guint64{10000}, "retry-initial-delay", 50,
                     nullptr);
        if (configure) configure(element);
        harness = gst_harness_new_with_element(element, "sink", nullptr);
        gst_harness_use_systemclock(harness);
        gst_harness_play(harness);
        gst_harness_set_src_caps_str(harness, "a/b");
    }
    ~Stuck() {
        gst_element_set_state(element, GST_STATE_NULL);
        if (thread.joinable()) thread.join();
        gst_harness_teardown(harness);
        gst_object_unref(element);
        g_clear_object(&deaf);
    }
    /// Pushes buffers of 1000 bytes, 10 ms each, until one is refused; the sink blocks after about ten.
    void push_on_thread() {
        thread = std::thread([this] {
            for (;;) {
                BufferPtr buffer = make_buffer(1000);
                GST_BUFFER_DURATION(buffer.get()) = 10 * GST_MSECOND;
                result = gst_harness_push(harness, buffer.release());
                if (result != GST_FLOW_OK) break;
                pushed++;
            }
            ended = true;
        });
    }
    /// Until the sink blocks: no buffer more for a while.
    void wait_blocked() {
        for (int same = 0, last = -1; same < 20;) {
            g_usleep(5000);
            same = last == pushed ? same + 1 : 0;
            last = pushed;
        }
    }

    GstElement* element;
    Bus bus;
    GstHarness* harness;
    std::thread thread;
    std::atomic<int> pushed = 0;
    std::atomic<GstFlowReturn> result = GST_FLOW_OK;
    std::atomic<bool> ended = false;
};

TEST(Flow, AfterAFlushTheFarEndGetsASegmentAndDiscont) {
    Pair pair([](GstElement*, GstElement* src) {
        gst_util_set_object_arg(G_OBJECT(src), "timestamps", "original");
    });
    pair.start();
    pair.push(make_buffer(1).release());
    EXPECT_TRUE(pair.pull());
    flush(pair);
    BufferPtr buffer = make_buffer(2);
    GST_BUFFER_PTS(buffer.get()) = 77 * GST_SECOND;
    pair.push(buffer.release());
    const BufferPtr after = pair.pull();
    ASSERT_TRUE(after);
    EXPECT_EQ(gst_buffer_get_size(after.get()), 2u);
    EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(after.get(), GST_BUFFER_FLAG_DISCONT));
    ASSERT_TRUE(pair.pull_event(GST_EVENT_SEGMENT));
    const EventPtr event = pair.pull_event(GST_EVENT_SEGMENT);
    ASSERT_TRUE(event);
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(event.get(), &segment);
    EXPECT_EQ(segment->start, static_cast<guint64>(77 * GST_SECOND));
}

TEST(Flow, AFlushEndsABlockedPushAndDiscardsWhatIsUnsent) {
    Stuck sink;
    sink.push_on_thread();
    sink.wait_blocked();
    EXPECT_FALSE(sink.ended);
    gst_harness_push_event(sink.harness, gst_event_new_flush_start());
    sink.thread.join();
    EXPECT_EQ(sink.result, GST_FLOW_FLUSHING);
    gst_harness_push_event(sink.harness, gst_event_new_flush_stop(TRUE));
    guint64 queued = 1;
    GstStructure* stats = nullptr;
    g_object_get(sink.element, "stats", &stats, nullptr);
    EXPECT_TRUE(gst_structure_get_uint64(stats, "queued-bytes", &queued));
    gst_structure_free(stats);
    EXPECT_EQ(queued, 0u);
}

TEST(Flow, StoppingEndsABlockedPush) {
    Stuck sink;
    sink.push_on_thread();
    sink.wait_blocked();
    gst_element_set_state(sink.element, GST_STATE_NULL);
    sink.thread.join();
    EXPECT_EQ(sink.result, GST_FLOW_FLUSHING);
}

TEST(Flow, APauseKeepsWhatIsQueued) {
    Stuck sink;
    sink.push_on_thread();
    sink.wait_blocked();
    const int before = sink.pushed;
    const auto queued_bytes = [&] {
        guint64 queued = 0;
        GstStructure* stats = nullptr;
        g_object_get(sink.element, "stats", &stats, nullptr);
        EXPECT_TRUE(gst_structure_get_uint64(stats, "queued-bytes", &queued));
        gst_structure_free(stats);
        return queued;
    };
    const guint64 queued = queued_bytes();
    EXPECT_GT(queued, 0u);
    EXPECT_NE(gst_element_set_state(sink.element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    EXPECT_FALSE(sink.ended);
    EXPECT_EQ(queued_bytes(), queued);
    gst_element_set_state(sink.element, GST_STATE_PLAYING);
    sink.wait_blocked();
    EXPECT_EQ(sink.pushed, before);
    EXPECT_FALSE(sink.ended);
}

TEST(Flow, SendTimeoutIsAnError) {
    Stuck sink([](GstElement* element) { g_object_set(element, "send-timeout", 50u, nullptr); });
    sink.push_on_thread();
    sink.thread.join();
    const MessagePtr error = sink.bus.wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(error);
    const GstStructure* details = nullptr;
    gst_message_parse_error_details(error.get(), &details);
    ASSERT_NE(details, nullptr);
    EXPECT_STREQ(gst_structure_get_string(details, "name"), "TIMEOUT");
    EXPECT_EQ(sink.bus.count(GST_MESSAGE_ERROR), 0);
}

TEST(Flow, ReceiveTimeoutIsAnError) {
    GstElement* src = make_element("sttsrc", "stt://:0");
    g_object_set(src, "receive-timeout", 50u, nullptr);
    {
        Bus bus(src);
        GstHarness* harness = gst_harness_new_with_element(src, nullptr, "src");
        gst_harness_use_systemclock(harness);
        gst_harness_play(harness);
        const MessagePtr error = bus.wait_type(GST_MESSAGE_ERROR);
        ASSERT_TRUE(error);
        const GstStructure* details = nullptr;
        gst_message_parse_error_details(error.get(), &details);
        EXPECT_STREQ(gst_structure_get_string(details, "name"), "TIMEOUT");
        gst_element_set_state(src, GST_STATE_NULL);
        EXPECT_EQ(bus.count(GST_MESSAGE_ERROR), 0);
        gst_harness_teardown(harness);
    }
    gst_object_unref(src);
}

TEST(Flow, EosWaitsUntilThePeersPipelineHasEverything) {
    Pair pair;
    pair.start();
    for (unsigned i = 0; i < 200; i++) pair.push(make_buffer(10000, i).release());
    pair.push_eos();
    pair.join();  // blocks until the harness at the far end holds all of it
    EXPECT_EQ(gst_harness_buffers_received(pair.src), 200u);
    EXPECT_TRUE(pair.sink_bus->wait_type(GST_MESSAGE_EOS));
}

TEST(Flow, DrainTimeoutReportsExactlyWhatIsMissing) {
    Stuck sink([](GstElement* element) {
        g_object_set(element, "drain-timeout", 50u, "send-queue-bytes", guint64{1000000}, nullptr);
    });
    for (int i = 0; i < 7; i++) {
        BufferPtr buffer = make_buffer(1000);
        GST_BUFFER_DURATION(buffer.get()) = 10 * GST_MSECOND;
        ASSERT_EQ(gst_harness_push(sink.harness, buffer.release()), GST_FLOW_OK);
    }
    gst_harness_push_event(sink.harness, gst_event_new_eos());
    const MessagePtr gap = sink.bus.wait_element("stt-stream", "event", "gap");
    ASSERT_TRUE(gap);
    const MessagePtr error = sink.bus.wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(error);
    const GstStructure* details = nullptr;
    gst_message_parse_error_details(error.get(), &details);
    ASSERT_NE(details, nullptr);
    for (const GstStructure* structure : {gst_message_get_structure(gap.get()), details}) {
        guint64 buffers = 0, bytes = 0, duration = 0;
        gst_structure_get_uint64(structure, "buffers", &buffers);
        gst_structure_get_uint64(structure, "bytes", &bytes);
        gst_structure_get_uint64(structure, "duration", &duration);
        EXPECT_EQ(buffers, 7u);
        EXPECT_EQ(bytes, 7000u);
        EXPECT_EQ(duration, static_cast<guint64>(70 * GST_MSECOND));
    }
    EXPECT_STREQ(
        gst_structure_get_string(details, "message"),
        "no connection was established within the drain-timeout of 50 ms; data was not sent (buffers: 7, "
        "bytes: 7000, duration: 0.070 s)");
    EXPECT_STREQ(gst_structure_get_string(details, "hint"),
                 "Start the listener, and check host and port in uri and the firewalls on the path. Raise "
                 "drain-timeout if the listener starts later.");
}

TEST(Flow, AListenerWithoutCallersWaitsOrLetsThePipelineRun) {
    for (const bool wait : {false, true}) {
        GstElement* element = make_element("sttsink", "stt://:0");
        g_object_set(element, "sync", FALSE, "wait-for-connection", static_cast<gboolean>(wait), nullptr);
        GstHarness* harness = gst_harness_new_with_element(element, "sink", nullptr);
        gst_harness_use_systemclock(harness);
        gst_harness_play(harness);
        gst_harness_set_src_caps_str(harness, "a/b");
        std::atomic<bool> ended = false;
        std::thread pusher([&] {
            for (int i = 0; i < 100; i++) gst_harness_push(harness, make_buffer(10).release());
            ended = true;
        });
        if (!wait) {
            pusher.join();
        } else {
            GstElement* src =
                make_element("sttsrc", "stt://127.0.0.1:" + std::to_string(local_port(element)));
            GstHarness* receiver = gst_harness_new_with_element(src, nullptr, "src");
            gst_harness_use_systemclock(receiver);
            gst_harness_play(receiver);
            for (int i = 0; i < 100; i++) EXPECT_TRUE(BufferPtr(gst_harness_pull(receiver)));
            pusher.join();
            gst_harness_teardown(receiver);
            gst_object_unref(src);
        }
        EXPECT_TRUE(ended);
        gst_harness_teardown(harness);
        gst_object_unref(element);
    }
}

TEST(Flow, AFlushTakesAnEndBackThatWentNowhere) {
    Stuck sink;
    ASSERT_EQ(gst_harness_push(sink.harness, make_buffer(10).release()), GST_FLOW_OK);
    sink.thread = std::thread([&] { gst_harness_push_event(sink.harness, gst_event_new_eos()); });
    ASSERT_TRUE(eventually([&] {
        return static_cast<bool>(EventPtr(gst_pad_get_sticky_event(sink.harness->srcpad, GST_EVENT_EOS, 0)));
    }));
    sink.wait_blocked();
    gst_harness_push_event(sink.harness, gst_event_new_flush_start());
    sink.thread.join();
    gst_harness_push_event(sink.harness, gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(sink.harness, gst_event_new_segment(&segment));
    EXPECT_EQ(gst_harness_push(sink.harness, make_buffer(10).release()), GST_FLOW_OK);
    EXPECT_EQ(sink.bus.count(GST_MESSAGE_ERROR), 0);
}

}  // namespace
}  // namespace stt::test
