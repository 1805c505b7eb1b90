// SPDX-License-Identifier: LGPL-2.1-or-later
/// One stream after another: a file that is played again, a playlist, one sender after the other.
#include <set>

#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

const char keeping[] = "keep-listening=true ";

/// The names of the events that reach an element, in order, but tags and latency; all but "stream-start"
/// count as one in a row. The caps do so twice where the seek that begins to play comes after them.
class Passed {
  public:
    explicit Passed(GstElement* element) : pad_(gst_element_get_static_pad(element, "sink")) {
        probe_ = gst_pad_add_probe(
            pad_,
            static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_BUFFER |
                                         GST_PAD_PROBE_TYPE_BUFFER_LIST),
            on_data, this, nullptr);
    }
    ~Passed() {
        gst_pad_remove_probe(pad_, probe_);
        gst_object_unref(pad_);
    }
    /// From each STREAM_START to the first buffer behind it. A busy machine may have more segments later on.
    std::vector<std::string> beginnings() const {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> some;
        for (const std::string& name : names_)
            if (name == "stream-start" || (!some.empty() && some.back() != "buffer")) some.push_back(name);
        return some;
    }
    std::vector<std::string> stream_ids() const {
        const std::lock_guard lock(mutex_);
        return stream_ids_;
    }

  private:
    static GstPadProbeReturn on_data(GstPad*, GstPadProbeInfo* info, gpointer user) {
        auto* self = static_cast<Passed*>(user);
        GstEvent* event = GST_IS_EVENT(info->data) ? GST_PAD_PROBE_INFO_EVENT(info) : nullptr;
        const std::string name = event ? GST_EVENT_TYPE_NAME(event) : "buffer";
        const std::lock_guard lock(self->mutex_);
        if (event && GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START) {
            const char* id = nullptr;
            gst_event_parse_stream_start(event, &id);
            self->stream_ids_.emplace_back(id);
        }
        const bool again = name != "stream-start" && !self->names_.empty() && self->names_.back() == name;
        if (!again && name != "latency" && name != "tag") self->names_.push_back(name);
        return GST_PAD_PROBE_OK;
    }
    GstPad* pad_;
    gulong probe_;
    mutable std::mutex mutex_;
    std::vector<std::string> names_, stream_ids_;  // under mutex_
};

/// Plays the first `frames` frames of 10 ms anew, with a flush.
void play_again(Pipeline& sender, unsigned frames) {
    ASSERT_TRUE(gst_element_seek(sender.pipeline(), 1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                 GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_SET,
                                 static_cast<gint64>(frames * 10 * GST_MSECOND)));
}

const char frames_of_10_ms[] = "video/x-raw,format=GRAY8,width=16,height=16,framerate=100/1 ! ";

std::string file_to(unsigned port) {
    return std::string("videotestsrc ! ") + frames_of_10_ms + calling_sink_to(port);
}

void expect_quiet(Pipeline& pipeline) {
    EXPECT_EQ(pipeline.bus().count(GST_MESSAGE_EOS), 0);
    EXPECT_EQ(pipeline.bus().count(GST_MESSAGE_ERROR), 0);
}

TEST(Next, AFileIsPlayedAgain) {
    Pipeline receiver(listening_src(keeping) + "! fakesink name=out sync=true");
    const Played played(receiver.get("out"));
    const Passed passed(receiver.get("out"));
    receiver.play();
    Pipeline sender(file_to(local_port(receiver.get("src"))));
    sender.set(GST_STATE_PAUSED);
    ASSERT_TRUE(sender.settle());
    for (size_t times = 1; times <= 3; times++) {
        play_again(sender, 20);
        sender.play();
        ASSERT_TRUE(sender.ends());
        ASSERT_TRUE(played.reaches(times * 20));
    }
    const std::vector<Played::Item> items = played.items();
    ASSERT_EQ(items.size(), 60u);
    for (const size_t first : {20, 40}) EXPECT_TRUE(items[first].discont);
    std::vector<std::string> expected;
    for (int i = 0; i < 3; i++)
        expected.insert(expected.end(), {"stream-start", "caps", "segment", "buffer"});
    EXPECT_EQ(passed.beginnings(), expected);
    const std::vector<std::string> ids = passed.stream_ids();
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 3u);
    GstStructure* stats = nullptr;
    g_object_get(receiver.get("src"), "stats", &stats, nullptr);
    guint64 sessions = 0;
    EXPECT_TRUE(gst_structure_get_uint64(stats, "sessions", &sessions));
    EXPECT_EQ(sessions, 1u);
    gst_structure_free(stats);
    expect_quiet(receiver);
}

TEST(Next, AStreamStartAfterEosBeginsAnother) {
    Pair pair([](GstElement*, GstElement* src) { g_object_set(src, "keep-listening", TRUE, nullptr); });
    pair.start();
    for (unsigned i = 0; i < 3; i++) {
        if (i > 0) {
            ASSERT_TRUE(pair.push_event(gst_event_new_stream_start("another")));
            pair.start("application/x-other");
        }
        const BufferPtr sent = make_buffer(1000, i);
        ASSERT_EQ(pair.push(gst_buffer_ref(sent.get())), GST_FLOW_OK);
        const BufferPtr got = pair.pull();
        ASSERT_TRUE(got);
        EXPECT_TRUE(same_bytes(sent.get(), got.get()));
        pair.push_eos();
        pair.join();
    }
    EXPECT_EQ(pair.sink_bus->count(GST_MESSAGE_ERROR), 0);
    EXPECT_EQ(pair.src_bus->count(GST_MESSAGE_ERROR), 0);
}

TEST(Next, StreamsWithoutDataArePassedOver) {
    Pair pair([](GstElement* sink, GstElement* src) {
        gst_util_set_object_arg(G_OBJECT(sink), "framing", "bytes");
        g_object_set(src, "keep-listening", TRUE, nullptr);
    });
    const BufferPtr sent = make_buffer(100);
    for (int i = 0; i < 4; i++) {
        pair.start(nullptr);
        if (i == 3) {
            ASSERT_EQ(pair.push(gst_buffer_ref(sent.get())), GST_FLOW_OK);
        } else if (i > 0) {  // an empty buffer begins a stream, and is not sent
            ASSERT_EQ(pair.push(make_buffer(0).release()), GST_FLOW_OK);
        }
        pair.push_eos();
        pair.join();
    }
    const BufferPtr got = pair.pull();
    ASSERT_TRUE(got);
    EXPECT_TRUE(same_bytes(sent.get(), got.get()));
    EXPECT_EQ(pair.src_bus->count(GST_MESSAGE_ERROR), 0);
}

TEST(Next, AnEndAfterAnEndAndAFlushIsDoneAtOnce) {
    Pair pair;
    pair.start();
    pair.push(make_buffer(10).release());
    pair.push_eos();
    pair.join();
    ASSERT_TRUE(pair.push_event(gst_event_new_flush_start()));
    ASSERT_TRUE(pair.push_event(gst_event_new_flush_stop(TRUE)));
    pair.push_eos();
    pair.join();
    EXPECT_EQ(pair.sink_bus->count(GST_MESSAGE_WARNING), 0);
    EXPECT_EQ(pair.sink_bus->count(GST_MESSAGE_ERROR), 0);
}

TEST(Next, OneSenderComesAfterTheOther) {
    Pipeline receiver(listening_src(keeping) + "! fakesink name=out sync=true");
    const Played played(receiver.get("out"));
    receiver.play();
    for (size_t times = 1; times <= 3; times++) {
        Pipeline sender(std::string("videotestsrc num-buffers=10 ! ") + frames_of_10_ms +
                        calling_sink_to(local_port(receiver.get("src"))));
        sender.play();
        ASSERT_TRUE(sender.ends());
        ASSERT_TRUE(played.reaches(times * 10));
    }
    EXPECT_EQ(played.count(), 30u);
    expect_quiet(receiver);
}

TEST(Next, APlainStreamOfBytesFollowsTheOther) {
    Pair pair([](GstElement* sink, GstElement* src) {
        gst_util_set_object_arg(G_OBJECT(sink), "framing", "bytes");
        g_object_set(src, "keep-listening", TRUE, nullptr);
    });
    pair.start(nullptr);
    for (unsigned i = 0; i < 2; i++) {
        if (i > 0) {
            ASSERT_TRUE(pair.push_event(gst_event_new_flush_start()));
            ASSERT_TRUE(pair.push_event(gst_event_new_flush_stop(TRUE)));
            pair.start(nullptr);
        }
        const BufferPtr sent = make_buffer(100, i);
        ASSERT_EQ(pair.push(gst_buffer_ref(sent.get())), GST_FLOW_OK);
        const BufferPtr got = pair.pull();
        ASSERT_TRUE(got);
        EXPECT_TRUE(same_bytes(sent.get(), got.get()));
        pair.push_eos();
        pair.join();
    }
}

TEST(Next, ACallingReceiverWaitsForItsListenersNextStream) {
    const std::string listening_sink =
        std::string("sttsink name=sink local-address=127.0.0.1 seed=") + seed + " uri=stt://:";
    auto sender = std::make_unique<Pipeline>(std::string("videotestsrc num-buffers=10 ! ") + frames_of_10_ms +
                                             listening_sink + "0");
    sender->play();
    const std::string port = std::to_string(local_port(sender->get("sink")));
    Pipeline receiver(
        std::string("sttsrc name=src keep-listening=true retry-initial-delay=20 uri=stt://127.0.0.1:") +
        port + " seed=" + seed + " ! fakesink name=out sync=true");
    const Played played(receiver.get("out"));
    receiver.play();
    ASSERT_TRUE(sender->ends());
    ASSERT_TRUE(played.reaches(10));
    sender.reset();
    sender = std::make_unique<Pipeline>(std::string("videotestsrc num-buffers=10 ! ") + frames_of_10_ms +
                                        listening_sink + port);
    sender->play();
    ASSERT_TRUE(sender->ends());
    ASSERT_TRUE(played.reaches(20));
    expect_quiet(receiver);
}

TEST(Next, ACallerCallsAgainWhenItsReceiverWasStartedAgain) {
    auto receiver = std::make_unique<Pipeline>(listening_src() + "! fakesink");
    receiver->play();
    const unsigned port = local_port(receiver->get("src"));
    Pipeline sender(file_to(port));
    sender.set(GST_STATE_PAUSED);
    ASSERT_TRUE(sender.settle());
    play_again(sender, 10);
    sender.play();
    ASSERT_TRUE(sender.ends());
    ASSERT_TRUE(receiver->ends());
    receiver.reset();
    ASSERT_TRUE(sender.bus().wait_element("stt-session", "state", "closed"));
    receiver = std::make_unique<Pipeline>("sttsrc name=src local-address=127.0.0.1 uri=stt://:" +
                                          std::to_string(port) + " seed=" + seed + " ! fakesink name=out");
    const Played played(receiver->get("out"));
    receiver->play();
    play_again(sender, 10);
    ASSERT_TRUE(sender.ends());
    ASSERT_TRUE(receiver->ends());
    EXPECT_EQ(played.count(), 10u);
}

TEST(Next, AnEosOfTheApplicationsIsTheEnd) {
    Pipeline receiver(listening_src(keeping) + "! fakesink name=out");
    const Played played(receiver.get("out"));
    receiver.play();
    Pipeline sender(std::string("videotestsrc num-buffers=10 ! ") + frames_of_10_ms +
                    calling_sink_to(local_port(receiver.get("src"))));
    sender.play();
    ASSERT_TRUE(sender.ends());
    ASSERT_TRUE(played.reaches(10));
    expect_quiet(receiver);
    gst_element_send_event(receiver.pipeline(), gst_event_new_eos());
    EXPECT_TRUE(receiver.ends());
}

}  // namespace
}  // namespace stt::test
