// SPDX-License-Identifier: LGPL-2.1-or-later
/// State changes: against pushes, from handlers, without a network.
#include <atomic>
#include <thread>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

TEST(States, NeverWaitForTheNetwork) {
    GstElement* sink = make_element("sttsink", "stt://192.0.2.1:9");
    gst_element_set_locked_state(sink, FALSE);
    const gint64 begin = g_get_monotonic_time();
    gst_element_set_state(sink, GST_STATE_PLAYING);
    gst_element_set_state(sink, GST_STATE_NULL);
    EXPECT_LT(g_get_monotonic_time() - begin, 5 * G_USEC_PER_SEC);
    gst_object_unref(sink);
}

TEST(States, ThePortIsFreeAtOnce) {
    GstElement* src = make_element("sttsrc", "stt://:0");
    ASSERT_EQ(gst_element_set_state(src, GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
    const unsigned port = local_port(src);
    g_object_set(src, "uri", ("stt://:" + std::to_string(port)).c_str(), nullptr);  // takes effect below
    for (int i = 0; i < 20; i++) {
        gst_element_set_state(src, GST_STATE_NULL);
        ASSERT_EQ(gst_element_set_state(src, GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
        ASSERT_EQ(local_port(src), port);
    }
    gst_element_set_state(src, GST_STATE_NULL);
    gst_object_unref(src);
}

TEST(States, StressAgainstPushes) {
    for (int round = 0; round < 20; round++) {
        Pair pair([](GstElement* sink, GstElement*) {
            g_object_set(sink, "send-queue-bytes", guint64{20000}, nullptr);
        });
        pair.start();
        std::atomic<bool> stop = false;
        std::thread pusher([&] {
            while (!stop && pair.push(make_buffer(3000).release()) != GST_FLOW_EOS) {
            }
        });
        std::thread puller([&] {
            while (!stop) BufferPtr(gst_harness_try_pull(pair.src));
        });
        for (int i = 0; i < 10; i++) {
            for (const GstState state : {GST_STATE_PAUSED, GST_STATE_PLAYING})
                gst_element_set_state(i % 2 ? pair.src_element : pair.sink_element, state);
        }
        gst_element_set_state(round % 2 ? pair.sink_element : pair.src_element, GST_STATE_NULL);
        stop = true;
        gst_element_set_state(pair.sink_element, GST_STATE_NULL);
        pusher.join();
        puller.join();
    }
}

TEST(States, APausedReceiverLosesNothing) {
    Pair pair;
    pair.start();
    Beside pusher(pair.sink_element, [&] {
        for (unsigned i = 0; i < 2000; i++) {
            BufferPtr buffer = make_buffer(100, i);
            GST_BUFFER_OFFSET(buffer.get()) = i;
            pair.push(buffer.release());
        }
    });
    for (unsigned i = 0; i < 2000; i++) {
        if (i % 100 == 0) {
            gst_element_set_state(pair.src_element, GST_STATE_PAUSED);
            gst_element_set_state(pair.src_element, GST_STATE_PLAYING);
        }
        const BufferPtr buffer = pair.pull();
        ASSERT_TRUE(buffer);
        ASSERT_EQ(GST_BUFFER_OFFSET(buffer.get()), i);
    }
    pusher.join();
}

/// Stops the pipeline from whatever thread the first message that `wanted` names comes on.
struct Stopper {
    GstElement* element;
    std::function<bool(GstMessage*)> wanted;
    std::atomic<bool> stopped = false;
};
GstBusSyncReply stop_on(GstBus*, GstMessage* message, gpointer data) {
    auto* stopper = static_cast<Stopper*>(data);
    if (!stopper->stopped && stopper->wanted(message)) {
        gst_element_set_state(stopper->element, GST_STATE_NULL);
        stopper->stopped = true;
    }
    return GST_BUS_PASS;
}

TEST(States, NullFromASyncHandlerDoesNotDeadlock) {
    for (const bool at_error : {false, true}) {
        GstElement* src = make_element("sttsrc", "stt://:0");
        GstHarness* receiver = gst_harness_new_with_element(src, nullptr, "src");
        gst_harness_play(receiver);
        GstElement* pipeline = gst_pipeline_new(nullptr);
        GstElement* test = gst_element_factory_make("fakesrc", nullptr);
        g_object_set(test, "sizetype", 2, "sizemax", 1000, nullptr);
        GstElement* sink = make_element("sttsink", "stt://127.0.0.1:" + std::to_string(local_port(src)),
                                        at_error ? other_seed : seed);
        gst_bin_add_many(GST_BIN(pipeline), test, sink, nullptr);
        gst_element_link(test, sink);
        GstBus* bus = gst_element_get_bus(pipeline);
        Stopper stopper{pipeline, [&](GstMessage* message) {
                            if (at_error) return GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
                            const GstStructure* structure = gst_message_get_structure(message);
                            return structure && gst_structure_has_name(structure, "stt-session") &&
                                   !g_strcmp0(gst_structure_get_string(structure, "state"), "connected");
                        }};
        gst_bus_set_sync_handler(bus, stop_on, &stopper, nullptr);
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        const gint64 end = g_get_monotonic_time() + static_cast<gint64>(deadline / GST_USECOND);
        while (!stopper.stopped && g_get_monotonic_time() < end) g_usleep(1000);
        EXPECT_TRUE(stopper.stopped);
        gst_bus_set_sync_handler(bus, nullptr, nullptr, nullptr);
        gst_element_set_state(pipeline, GST_STATE_NULL);
        gst_object_unref(bus);
        gst_object_unref(pipeline);
        gst_harness_teardown(receiver);
        gst_object_unref(src);
    }
}

TEST(States, AReceiverThatGoesAndComesBackGetsTheStateAgain) {
    Pair pair([](GstElement* sink, GstElement*) { g_object_set(sink, "retry-initial-delay", 10u, nullptr); });
    pair.start("video/x-test, width=5");
    pair.push(make_buffer(1).release());
    EXPECT_TRUE(pair.pull());
    const std::string uri = "stt://:" + std::to_string(local_port(pair.src_element));
    gst_element_set_state(pair.src_element, GST_STATE_NULL);

    GstElement* again = make_element("sttsrc", uri);
    GstHarness* receiver = gst_harness_new_with_element(again, nullptr, "src");
    gst_harness_use_systemclock(receiver);
    gst_harness_play(receiver);
    ASSERT_TRUE(pair.sink_bus->wait_element("stt-session", "state", "connected"));
    pair.push(make_buffer(2).release());
    BufferPtr buffer;
    do buffer.reset(gst_harness_pull(receiver));
    while (buffer && gst_buffer_get_size(buffer.get()) != 2);
    EXPECT_TRUE(buffer);
    bool caps = false, segment = false;
    while (GstEvent* event = gst_harness_try_pull_event(receiver)) {
        caps = caps || GST_EVENT_TYPE(event) == GST_EVENT_CAPS;
        segment = segment || GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT;
        gst_event_unref(event);
    }
    EXPECT_TRUE(caps);
    EXPECT_TRUE(segment);
    gst_harness_teardown(receiver);
    gst_object_unref(again);
}

}  // namespace
}  // namespace stt::test
