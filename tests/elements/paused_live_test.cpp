// SPDX-License-Identifier: LGPL-2.1-or-later
/// Receivers of live streams that are paused, and current when they play again.
#include <algorithm>
#include <atomic>

#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

struct Missing {
    guint64 buffers = 0, bytes = 0, duration = 0;
    bool operator==(const Missing&) const = default;
};

/// The sum of the gaps that were told on `bus`.
class Gaps {
  public:
    explicit Gaps(Bus& bus) : bus_(bus) {}
    Missing sum() {
        while (GstMessage* message = gst_bus_pop_filtered(bus_.get(), GST_MESSAGE_ELEMENT)) {
            const GstStructure* structure = gst_message_get_structure(message);
            if (gst_structure_has_name(structure, "stt-stream") &&
                g_strcmp0(gst_structure_get_string(structure, "event"), "gap") == 0)
                add(structure);
            gst_message_unref(message);
        }
        return sum_;
    }

  private:
    void add(const GstStructure* structure) {
        guint64 buffers = 0, bytes = 0, duration = 0;
        gst_structure_get_uint64(structure, "buffers", &buffers);
        gst_structure_get_uint64(structure, "bytes", &bytes);
        gst_structure_get_uint64(structure, "duration", &duration);
        sum_.buffers += buffers, sum_.bytes += bytes, sum_.duration += duration;
    }
    Bus& bus_;
    Missing sum_;
};

/// What comes by a pad.
class Counted {
  public:
    explicit Counted(GstElement* element, const char* name)
        : pad_(gst_element_get_static_pad(element, name)) {
        constexpr auto data =
            static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST);
        gst_pad_add_probe(pad_, data, look, this, nullptr);
    }
    ~Counted() { gst_object_unref(pad_); }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    std::atomic<guint64> buffers = 0, bytes = 0;

  private:
    void add(GstBuffer* buffer) {
        buffers++;
        bytes += gst_buffer_get_size(buffer);
    }
    static GstPadProbeReturn look(GstPad*, GstPadProbeInfo* info, gpointer counted) {
        auto* self = static_cast<Counted*>(counted);
        if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
            self->add(GST_PAD_PROBE_INFO_BUFFER(info));
        } else {
            GstBufferList* list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
            for (unsigned i = 0; i < gst_buffer_list_length(list); i++)
                self->add(gst_buffer_list_get(list, i));
        }
        return GST_PAD_PROBE_OK;
    }
    GstPad* pad_;
};

struct Medium {
    const char* name;
    const char* source;
    unsigned unit;  ///< buffers from one key unit to the next
};

class PausedLive : public testing::TestWithParam<Medium> {};

/// Buffers that the sender goes on with in the pause: more than its queue and the window hold, and many
/// against a key unit.
constexpr unsigned pause = 200;
constexpr unsigned queue_bytes = 100'000;

TEST_P(PausedLive, IsCurrentWhenItPlaysAgain) {
    Pipeline receiver(listening_src("latency=200 max-window=65536") + " ! fakesink name=played sync=true");
    Counted arrived(receiver.get("src"), "src");
    Played played(receiver.get("played"));
    Gaps here(receiver.bus());
    receiver.play();
    Pipeline sender(
        std::string(GetParam().source) +
        calling_sink_to(local_port(receiver.get("src")),
                        "wait-for-connection=true send-queue-bytes=" + std::to_string(queue_bytes)));
    GstElement* sink = sender.get("sink");
    Counted sent(sink, "sink");
    Gaps there(sender.bus());
    sender.play();
    ASSERT_TRUE(played.reaches(20));

    receiver.set(GST_STATE_PAUSED);
    const guint64 before = sent.buffers;
    ASSERT_TRUE(eventually([&] { return sent.buffers >= before + pause; })) << "the sender is held back";
    ASSERT_TRUE(eventually([&] { return queued_bytes(sink) < queue_bytes / 2; })) << queued_bytes(sink);

    const size_t shown = played.count();
    receiver.set(GST_STATE_PLAYING);
    // What the sink had taken before the pause is followed by a discontinuity, and in the end nothing is
    // late.
    ASSERT_TRUE(eventually([&] {
        const auto items = played.items();
        const bool again = std::any_of(items.begin() + static_cast<ptrdiff_t>(shown), items.end(),
                                       [](const auto& item) { return item.discont; });
        return again && items.back().lead > -static_cast<GstClockTimeDiff>(300 * GST_MSECOND);
    })) << played.items().back().lead;

    gst_element_send_event(sender.pipeline(), gst_event_new_eos());
    ASSERT_TRUE(eventually([&] { return there.sum().buffers > 0; }));
    ASSERT_TRUE(eventually([&] { return arrived.buffers + here.sum().buffers == sent.buffers; }))
        << arrived.buffers << " of " << sent.buffers << " arrived, " << here.sum().buffers << " missing";
    EXPECT_EQ(arrived.bytes + here.sum().bytes, sent.bytes);
    EXPECT_EQ(here.sum(), there.sum());
    EXPECT_GT(here.sum().buffers, pause / 2)
        << "what was kept is a key unit, " << GetParam().unit << " buffers";
}

INSTANTIATE_TEST_SUITE_P(
    Of, PausedLive,
    testing::Values(Medium{"H264",
                           "videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=30/1 ! "
                           "x264enc tune=zerolatency key-int-max=30 ! ",
                           30},
                    Medium{"RawVideo",
                           "videotestsrc is-live=true ! "
                           "video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! ",
                           1}),
    [](const auto& of) { return of.param.name; });

/// The pause ends with the stream.
TEST(PausedLiveStopped, TellsWhatWasDiscarded) {
    Pipeline receiver(listening_src() + " ! fakesink name=played sync=true");
    Played played(receiver.get("played"));
    Gaps here(receiver.bus());
    receiver.play();
    Pipeline sender("videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=30/1 ! " +
                    calling_sink_to(local_port(receiver.get("src"))));
    Counted sent(sender.get("sink"), "sink");
    sender.play();
    ASSERT_TRUE(played.reaches(5));
    receiver.set(GST_STATE_PAUSED);
    const guint64 before = sent.buffers;
    ASSERT_TRUE(eventually([&] { return sent.buffers > before + pause; }));
    receiver.set(GST_STATE_READY);
    EXPECT_TRUE(eventually([&] { return here.sum().buffers > 0; }));
}

/// A pause of a stored stream holds the sender back, and nothing is lost.
TEST(PausedStored, IsNotReadOn) {
    constexpr unsigned count = 200;
    Pipeline receiver(listening_src() + " ! fakesink name=played sync=true");
    Played played(receiver.get("played"));
    Gaps here(receiver.bus());
    receiver.play();
    Pipeline sender("videotestsrc num-buffers=" + std::to_string(count) +
                    " ! video/x-raw,width=64,height=48,framerate=100/1 ! " +
                    calling_sink_to(local_port(receiver.get("src"))));
    Counted sent(sender.get("sink"), "sink");
    sender.play();
    ASSERT_TRUE(played.reaches(5));
    receiver.set(GST_STATE_PAUSED);
    ASSERT_TRUE(eventually([&] { return sent.buffers == count; }));
    receiver.set(GST_STATE_PLAYING);
    EXPECT_TRUE(played.reaches(count));
    EXPECT_EQ(here.sum(), Missing{});
}

}  // namespace
}  // namespace stt::test
