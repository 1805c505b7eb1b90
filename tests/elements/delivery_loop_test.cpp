// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/delivery_loop.hpp"

#include <algorithm>
#include <future>
#include <mutex>

#include "gst/elements.hpp"
#include "gst/event_codec.hpp"
#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

constexpr std::chrono::seconds patience{20};

/// A pad that lists what arrives at it. It can hold up the thread that pushes.
class ListingPad {
  public:
    ListingPad() : pad_(gst_pad_new("sink", GST_PAD_SINK)) {
        gst_object_ref_sink(pad_);
        gst_pad_set_element_private(pad_, this);
        gst_pad_set_event_function(pad_, [](GstPad* pad, GstObject*, GstEvent* event) -> gboolean {
            of(pad).add(GST_EVENT_TYPE_NAME(event));
            gst_event_unref(event);
            return TRUE;
        });
        gst_pad_set_chain_function(pad_, [](GstPad* pad, GstObject*, GstBuffer* buffer) {
            of(pad).add("buffer");
            gst_buffer_unref(buffer);
            const std::lock_guard wait(of(pad).hold_up);
            return GST_FLOW_OK;
        });
        gst_pad_set_active(pad_, TRUE);
    }
    ~ListingPad() { gst_object_unref(pad_); }
    ListingPad(const ListingPad&) = delete;
    ListingPad& operator=(const ListingPad&) = delete;
    GstPad* get() { return pad_; }
    std::vector<std::string> names() {
        const std::lock_guard lock(mutex_);
        return names_;
    }
    size_t count(const char* name) {
        const auto seen = names();
        return static_cast<size_t>(std::count(seen.begin(), seen.end(), name));
    }

    std::mutex hold_up;  // held: a buffer does not return

  private:
    static ListingPad& of(GstPad* pad) { return *static_cast<ListingPad*>(gst_pad_get_element_private(pad)); }
    void add(const char* name) {
        const std::lock_guard lock(mutex_);
        names_.emplace_back(name);
    }

    GstPad* pad_;
    std::mutex mutex_;
    std::vector<std::string> names_;  // under mutex_
};

/// A loop over the inbox of a real link. No peer is connected: the tests put into the inbox what would
/// arrive.
class DeliveryLoopTest : public testing::Test {
  protected:
    void SetUp() override {
        g_object_set(element, "uri", "stt://:0", "local-address", "127.0.0.1", "seed", seed, nullptr);
        GstPad* pad = GST_BASE_SRC_PAD(element);
        // The base class would start a streaming thread of its own.
        gst_pad_set_activatemode_function(
            pad, [](GstPad*, GstObject*, GstPadMode, gboolean) -> gboolean { return TRUE; });
        ASSERT_EQ(gst_pad_link(pad, sink.get()), GST_PAD_LINK_OK);
        gst_pad_set_active(pad, TRUE);
        GST_STATE_TARGET(element) = GST_STATE_PAUSED;
    }
    ~DeliveryLoopTest() override {
        if (result.valid()) loop.interrupt();
        result = {};
        connection.close();
        gst_pad_set_active(GST_BASE_SRC_PAD(element), FALSE);
    }
    void open() {
        receiver.start(Timestamps::rebase);
        upstream.start();
        loop.start();
        ASSERT_TRUE(connection.open());
        receiver.opened(1);
    }
    void run() {
        result = std::async(std::launch::async, [this] { return loop.run(); });
    }
    GstFlowReturn flow() {
        if (result.wait_for(patience) != std::future_status::ready) return GST_FLOW_CUSTOM_ERROR;
        return result.get();
    }
    /// Waits until the end of the stream has been passed on.
    bool end_is_passed_on() {
        return eventually([this] {
            const auto consumed = inbox().take_consumed();
            return consumed && consumed->finished;
        });
    }
    ReceiveQueue& inbox() { return connection.link()->inbox(); }
    void arrive(const OutMessage& message) {
        std::vector<uint8_t> bytes(message.head.begin(), message.head.end());
        bytes.insert(bytes.end(), message.payload.begin(), message.payload.end());
        inbox().push({Chunk::copy_of(bytes)}, false);
    }
    void arrive(GstEvent* event) {
        arrive(**encode_event(event));
        gst_event_unref(event);
    }
    void buffer_arrives() { arrive(*encode_buffer(make_buffer(10).get())); }
    /// The beginning of a stream of the sender, with one buffer.
    void stream_begins(const char* id) {
        arrive(gst_event_new_stream_start(id));
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        arrive(encode_segment(segment, 1));
        buffer_arrives();
    }
    void stream_ends() { inbox().push({}, true); }

    // The parts below refer to it.
    const std::shared_ptr<void> owner{gst_object_ref_sink(g_object_new(sttsrc_get_type(), nullptr)),
                                      gst_object_unref};
    GstElement* const element = GST_ELEMENT(owner.get());
    Connection& connection = Connection::of(element);
    Receiver receiver{GST_BASE_SRC(element), connection};
    UpstreamEvents upstream;
    DeliveryLoop loop{GST_BASE_SRC(element), connection, receiver, upstream};
    ListingPad sink;
    std::future<GstFlowReturn> result;
};

TEST_F(DeliveryLoopTest, PassesOnWhatArrivesUpToTheEnd) {
    open();
    stream_begins("a");
    stream_ends();
    run();
    EXPECT_EQ(flow(), GST_FLOW_FLUSHING);
    EXPECT_EQ(sink.names(), (std::vector<std::string>{"stream-start", "segment", "buffer", "eos"}));
    EXPECT_TRUE(inbox().take_consumed()->finished) << "the sender learns of it";
    run();
    EXPECT_EQ(flow(), GST_FLOW_FLUSHING) << "nothing follows EOS";
    EXPECT_EQ(sink.count("eos"), 1u);
}

TEST_F(DeliveryLoopTest, AnApplicationsEosFollowsWhatWasTaken) {
    open();
    stream_begins("a");
    run();
    ASSERT_TRUE(eventually([&] { return sink.count("buffer") == 1; }));
    loop.request_eos(EventPtr(gst_event_new_eos()));
    EXPECT_EQ(flow(), GST_FLOW_FLUSHING);
    EXPECT_EQ(sink.names().back(), "eos");
    const auto consumed = inbox().take_consumed();
    EXPECT_FALSE(consumed && consumed->finished) << "the sender's stream has not ended";
}

TEST_F(DeliveryLoopTest, AFlushDiscardsAnEosThatWasRequested) {
    open();
    loop.request_eos(EventPtr(gst_event_new_eos()));
    loop.interrupt();
    run();
    EXPECT_EQ(flow(), GST_FLOW_FLUSHING);
    EXPECT_EQ(sink.count("eos"), 0u);
    loop.resume();
    stream_begins("a");
    run();
    EXPECT_TRUE(eventually([&] { return sink.count("buffer") == 1; }));
}

TEST_F(DeliveryLoopTest, AnInterruptionEndsItAfterThePush) {
    open();
    std::unique_lock held(sink.hold_up);
    stream_begins("a");
    run();
    ASSERT_TRUE(eventually([&] { return sink.count("buffer") == 1; }));
    loop.interrupt();
    held.unlock();
    buffer_arrives();
    EXPECT_EQ(flow(), GST_FLOW_FLUSHING);
    EXPECT_EQ(sink.count("buffer"), 1u);
}

TEST_F(DeliveryLoopTest, OneStreamFollowsAnotherWithoutEos) {
    g_object_set(element, "keep-listening", TRUE, nullptr);
    open();
    stream_begins("a");
    stream_ends();
    run();
    ASSERT_TRUE(end_is_passed_on());
    receiver.opened(2);
    inbox().restart();
    stream_begins("b");
    ASSERT_TRUE(eventually([&] { return sink.count("buffer") == 2; }));
    EXPECT_EQ(sink.count("stream-start"), 2u);
    EXPECT_EQ(sink.count("eos"), 0u);
}

TEST_F(DeliveryLoopTest, ASilentPeerIsATimeout) {
    g_object_set(element, "receive-timeout", 1u, nullptr);
    open();
    run();
    EXPECT_EQ(flow(), GST_FLOW_EOS);
    EXPECT_TRUE(connection.peer().failed());
}

TEST_F(DeliveryLoopTest, WithoutAStreamToWaitForThereIsNoTimeout) {
    g_object_set(element, "receive-timeout", 1u, "keep-listening", TRUE, nullptr);
    open();
    stream_begins("a");
    stream_ends();
    run();
    ASSERT_TRUE(end_is_passed_on());
    EXPECT_EQ(result.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
    EXPECT_FALSE(connection.peer().failed());
}

TEST_F(DeliveryLoopTest, WhatIsMalformedEndsTheStream) {
    open();
    arrive(OutMessage::copy_of(static_cast<uint8_t>(MessageKind::timing), std::vector<uint8_t>{1}));
    run();
    EXPECT_EQ(flow(), GST_FLOW_EOS);
    EXPECT_TRUE(connection.peer().failed());
}

TEST_F(DeliveryLoopTest, EventsThatNoBufferFollowsAreReleased) {
    open();
    arrive(gst_event_new_stream_start("a"));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    arrive(encode_segment(segment, 1));
    arrive(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "x", nullptr)));
    run();
    EXPECT_TRUE(eventually([&] { return sink.count("tag") == 1; }));
    EXPECT_EQ(sink.count("buffer"), 0u);
}

TEST_F(DeliveryLoopTest, WithoutALinkThereIsNothingToDo) {
    run();
    EXPECT_EQ(flow(), GST_FLOW_FLUSHING);
}

}  // namespace
}  // namespace stt::test
