// SPDX-License-Identifier: LGPL-2.1-or-later
/// What sttsrc pushes as a buffer, and what as a list.
#include <mutex>

#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

/// What a probe on sttsrc's source pad sees.
class Pushed {
  public:
    explicit Pushed(GstElement* src) {
        GstPad* pad = gst_element_get_static_pad(src, "src");
        gst_pad_add_probe(
            pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
            look, this, nullptr);
        gst_object_unref(pad);
    }
    size_t singles() const {
        const std::lock_guard lock(mutex_);
        return singles_;
    }
    size_t all() const {
        const std::lock_guard lock(mutex_);
        return all_;
    }
    /// Of the lists, the longest time between the first and another of its buffers.
    GstClockTime longest() const {
        const std::lock_guard lock(mutex_);
        return longest_;
    }

  private:
    static GstPadProbeReturn look(GstPad*, GstPadProbeInfo* info, gpointer pushed) {
        auto* self = static_cast<Pushed*>(pushed);
        const std::lock_guard lock(self->mutex_);
        if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
            self->singles_++;
            self->all_++;
            return GST_PAD_PROBE_OK;
        }
        GstBufferList* list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
        const GstClockTime first = GST_BUFFER_PTS(gst_buffer_list_get(list, 0));
        for (unsigned i = 0; i < gst_buffer_list_length(list); i++) {
            const GstClockTime pts = GST_BUFFER_PTS(gst_buffer_list_get(list, i));
            if (GST_CLOCK_TIME_IS_VALID(pts)) self->longest_ = std::max(self->longest_, pts - first);
            self->all_++;
        }
        return GST_PAD_PROBE_OK;
    }
    mutable std::mutex mutex_;
    size_t singles_ = 0, all_ = 0;  // under mutex_
    GstClockTime longest_ = 0;      // under mutex_
};

/// `count` buffers, `apart` from each other (none: without a time), which the receiver finds all at once.
void send_at_once(Pair& pair, int count, GstClockTime apart) {
    gst_element_set_state(pair.src_element, GST_STATE_PAUSED);
    pair.start();
    for (int i = 0; i < count; i++) {
        BufferPtr buffer = make_buffer(100, static_cast<unsigned>(i));
        if (GST_CLOCK_TIME_IS_VALID(apart)) GST_BUFFER_PTS(buffer.get()) = static_cast<guint64>(i) * apart;
        ASSERT_EQ(pair.push(buffer.release()), GST_FLOW_OK);
    }
    gst_element_set_state(pair.src_element, GST_STATE_PLAYING);
}

TEST(Batch, MediaComeAsBuffers) {
    Pair pair;
    Pushed pushed(pair.src_element);
    send_at_once(pair, 300, 20 * GST_MSECOND);
    EXPECT_TRUE(eventually([&] { return pushed.all() == 300; }));
    EXPECT_EQ(pushed.singles(), 300u);
}

TEST(Batch, OfWhatIsDueTogetherIsAList) {
    for (const GstClockTime apart : {GstClockTime{0}, GstClockTime{10 * GST_USECOND}, GST_CLOCK_TIME_NONE}) {
        Pair pair;
        Pushed pushed(pair.src_element);
        send_at_once(pair, 300, apart);
        EXPECT_TRUE(eventually([&] { return pushed.all() == 300; }));
        EXPECT_LT(pushed.singles(), 100u);
        EXPECT_LE(pushed.longest(), static_cast<GstClockTime>(5 * GST_MSECOND));
    }
}

TEST(Batch, NeverSpansMoreThanIsDueTogether) {
    Pair pair;
    Pushed pushed(pair.src_element);
    send_at_once(pair, 300, GST_MSECOND);
    EXPECT_TRUE(eventually([&] { return pushed.all() == 300; }));
    EXPECT_LE(pushed.longest(), static_cast<GstClockTime>(5 * GST_MSECOND));
}

TEST(Batch, NumBuffersEndsWithTheLastOne) {
    Pair pair([](GstElement*, GstElement* src) { g_object_set(src, "num-buffers", 2, nullptr); });
    Pushed pushed(pair.src_element);
    send_at_once(pair, 10, 20 * GST_MSECOND);
    EXPECT_TRUE(pair.pull_event(GST_EVENT_EOS));
    EXPECT_EQ(pushed.all(), 2u);
}

}  // namespace
}  // namespace stt::test
