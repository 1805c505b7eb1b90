// SPDX-License-Identifier: LGPL-2.1-or-later
/// A receiving pipeline that is paused: while its streaming thread pushes, and while it waits for data.
#include <atomic>
#include <mutex>
#include <vector>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

/// `sttsrc ! fakesink sync=true` and a sttsink that calls it.
class Receiver {
  public:
    Receiver() {
        src = make_element("sttsrc", "stt://:0?mode=listener");
        g_object_set(src, "local-address", "127.0.0.1", "latency", 20u, nullptr);
        GstElement* target = gst_element_factory_make("fakesink", nullptr);
        g_object_set(target, "sync", TRUE, "signal-handoffs", TRUE, nullptr);
        g_signal_connect(target, "handoff", G_CALLBACK(take), this);
        pipeline = gst_pipeline_new(nullptr);
        gst_bin_add_many(GST_BIN(pipeline), src, target, nullptr);
        gst_element_link(src, target);
        GstPad* pad = gst_element_get_static_pad(target, "sink");
        gst_pad_add_probe(pad, buffers, look, this, nullptr);
        gst_object_unref(pad);
        set(GST_STATE_PLAYING);

        sink = make_element("sttsink", "stt://127.0.0.1:" + std::to_string(local_port(src)));
        g_object_set(sink, "sync", FALSE, nullptr);
        sender = gst_harness_new_with_element(sink, "sink", nullptr);
        gst_harness_use_systemclock(sender);
        gst_harness_play(sender);
        gst_harness_set_src_caps_str(sender, "application/x-test");
    }
    ~Receiver() {
        gst_element_set_state(sink, GST_STATE_NULL);
        gst_element_set_state(pipeline, GST_STATE_NULL);
        gst_harness_teardown(sender);
        gst_object_unref(sink);
        gst_object_unref(pipeline);
    }
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;

    void set(GstState state) { ASSERT_NE(gst_element_set_state(pipeline, state), GST_STATE_CHANGE_FAILURE); }
    /// Numbered buffers, which play 2 ms each.
    void send(unsigned count) {
        for (unsigned i = 0; i < count; i++, sent++) {
            BufferPtr buffer = make_buffer(10, sent);
            GST_BUFFER_OFFSET(buffer.get()) = sent;
            GST_BUFFER_PTS(buffer.get()) = sent * 2 * GST_MSECOND;
            ASSERT_EQ(gst_harness_push(sender, buffer.release()), GST_FLOW_OK);
        }
    }
    size_t played() {
        const std::lock_guard lock(mutex);
        return numbers.size();
    }
    bool wait_played(size_t count) {
        return eventually([&] { return played() >= count; });
    }
    /// The streaming thread is in the sink, which waits until the next buffer is due or the state changes.
    bool wait_pushing() {
        return eventually([&] { return arrived > played(); });
    }
    void expect_all() {
        ASSERT_TRUE(wait_played(sent));
        const std::lock_guard lock(mutex);
        for (unsigned i = 0; i < numbers.size(); i++) ASSERT_EQ(numbers[i], i);
    }
    void expect_eos() {
        GstBus* bus = gst_element_get_bus(pipeline);
        const MessagePtr message(gst_bus_timed_pop_filtered(
            bus, deadline, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
        gst_object_unref(bus);
        ASSERT_TRUE(message);
        EXPECT_EQ(GST_MESSAGE_TYPE(message.get()), GST_MESSAGE_EOS);
    }

    GstElement* src;
    GstElement* sink;
    GstElement* pipeline;
    GstHarness* sender;
    unsigned sent = 0;

  private:
    static constexpr auto buffers =
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST);

    static void take(GstElement*, GstBuffer* buffer, GstPad*, gpointer receiver) {
        auto* self = static_cast<Receiver*>(receiver);
        const std::lock_guard lock(self->mutex);
        self->numbers.push_back(GST_BUFFER_OFFSET(buffer));
    }
    static GstPadProbeReturn look(GstPad*, GstPadProbeInfo* info, gpointer receiver) {
        GstBufferList* list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
        const bool is_list = (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0;
        static_cast<Receiver*>(receiver)->arrived += is_list ? gst_buffer_list_length(list) : 1;
        return GST_PAD_PROBE_OK;
    }

    std::atomic<size_t> arrived = 0;
    std::mutex mutex;
    std::vector<guint64> numbers;  // under the mutex
};

/// Where the streaming thread is when the state changes.
enum class Thread { pushes, waits };
class Paused : public testing::TestWithParam<Thread> {
  protected:
    /// Brings the streaming thread where the test wants it.
    void arrange(Receiver& receiver) {
        if (GetParam() == Thread::pushes) {
            receiver.send(200);
            ASSERT_TRUE(receiver.wait_pushing());
        } else {
            receiver.send(1);
            ASSERT_TRUE(receiver.wait_played(receiver.sent));
        }
    }
};

TEST_P(Paused, GoesOnAndLosesNothing) {
    Receiver receiver;
    for (int round = 0; round < 5; round++) {
        arrange(receiver);
        receiver.set(GST_STATE_PAUSED);
        receiver.send(10);
        const size_t before = receiver.played();
        receiver.set(GST_STATE_PLAYING);
        ASSERT_TRUE(receiver.wait_played(before + 1)) << "round " << round;
    }
    receiver.expect_all();
    gst_harness_push_event(receiver.sender, gst_event_new_eos());
    receiver.expect_eos();
}

TEST_P(Paused, ForAMomentGoesOnAndLosesNothing) {
    Receiver receiver;
    arrange(receiver);
    for (int round = 0; round < 100; round++) {
        receiver.set(GST_STATE_PAUSED);
        receiver.set(GST_STATE_PLAYING);
    }
    receiver.send(10);
    receiver.expect_all();
}

TEST_P(Paused, StopsAtOnce) {
    for (int round = 0; round < 5; round++) {
        Receiver receiver;
        arrange(receiver);
        receiver.set(GST_STATE_PAUSED);
        receiver.set(GST_STATE_NULL);
    }
}

TEST_P(Paused, JustResumedStopsAtOnce) {
    for (int round = 0; round < 5; round++) {
        Receiver receiver;
        arrange(receiver);
        receiver.set(GST_STATE_PAUSED);
        receiver.set(GST_STATE_PLAYING);
        receiver.set(GST_STATE_NULL);
    }
}

TEST_P(Paused, TakesTheApplicationsEos) {
    Receiver receiver;
    arrange(receiver);
    receiver.set(GST_STATE_PAUSED);
    EXPECT_TRUE(gst_element_send_event(receiver.src, gst_event_new_eos()));
    receiver.set(GST_STATE_PLAYING);
    receiver.expect_eos();
}

TEST_P(Paused, JustResumedTakesTheApplicationsEos) {
    Receiver receiver;
    arrange(receiver);
    receiver.set(GST_STATE_PAUSED);
    receiver.set(GST_STATE_PLAYING);
    EXPECT_TRUE(gst_element_send_event(receiver.src, gst_event_new_eos()));
    receiver.expect_eos();
}

TEST_P(Paused, NeverTakesTheApplicationsEos) {
    Receiver receiver;
    arrange(receiver);
    GstEvent* eos = gst_event_new_eos();
    const guint32 seqnum = gst_event_get_seqnum(eos);
    EXPECT_TRUE(gst_element_send_event(receiver.pipeline, eos));
    GstBus* bus = gst_element_get_bus(receiver.pipeline);
    const MessagePtr message(gst_bus_timed_pop_filtered(bus, deadline, GST_MESSAGE_EOS));
    gst_object_unref(bus);
    ASSERT_TRUE(message);
    EXPECT_EQ(gst_message_get_seqnum(message.get()), seqnum);
}

INSTANTIATE_TEST_SUITE_P(WhileItsThread, Paused, testing::Values(Thread::pushes, Thread::waits),
                         [](const auto& of) { return of.param == Thread::pushes ? "Pushes" : "Waits"; });

}  // namespace
}  // namespace stt::test
