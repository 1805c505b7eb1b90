// SPDX-License-Identifier: LGPL-2.1-or-later
/// `timestamps=arrival`: buffers carry the time at which they arrived, whenever downstream takes them.
#include <gst/app/gstappsrc.h>

#include <atomic>

#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

void push(GstElement* app, GstClockTime dts, GstClockTime pts) {
    GstBuffer* buffer = make_buffer(1).release();
    GST_BUFFER_DTS(buffer) = dts;
    GST_BUFFER_PTS(buffer) = pts;
    ASSERT_EQ(gst_app_src_push_buffer(GST_APP_SRC(app), buffer), GST_FLOW_OK);
}

GstPadProbeReturn count(GstPad*, GstPadProbeInfo*, gpointer counter) {
    ++*static_cast<std::atomic<unsigned>*>(counter);
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn hold(GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; }

TEST(Arrival, IsWhenItCameNotWhenDownstreamTookIt) {
    constexpr GstClockTime held = 500 * GST_MSECOND, reorder = 80 * GST_MSECOND;
    Pipeline receiver(listening_src("timestamps=arrival") + " ! fakesink name=out sync=false");
    Played played(receiver.get("out"));
    receiver.play();
    Pipeline sender("appsrc name=app format=time ! application/x-test ! " +
                    calling_sink_to(local_port(receiver.get("src")), "sync=false"));
    std::atomic<unsigned> sent = 0;
    GstPad* in = gst_element_get_static_pad(sender.get("sink"), "sink");
    gst_pad_add_probe(in, GST_PAD_PROBE_TYPE_BUFFER, count, &sent, nullptr);
    gst_object_unref(in);
    sender.play();
    push(sender.get("app"), 0, reorder);
    ASSERT_TRUE(played.reaches(1));

    GstPad* pad = gst_element_get_static_pad(receiver.get("src"), "src");
    const gulong probe = gst_pad_add_probe(
        pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER), hold,
        nullptr, nullptr);
    for (GstClockTime i = 1; i <= 3; i++) push(sender.get("app"), i, i + reorder);
    // Each push waits for room that there is: all are in the queue once the last is taken.
    ASSERT_TRUE(eventually([&] { return sent.load() == 4 && queued_bytes(sender.get("sink")) == 0; }));
    const GstClockTime arrived = gst_element_get_current_running_time(receiver.pipeline());
    ASSERT_TRUE(eventually(
        [&] { return gst_element_get_current_running_time(receiver.pipeline()) >= arrived + held; }));
    gst_pad_remove_probe(pad, probe);
    gst_object_unref(pad);
    ASSERT_TRUE(played.reaches(4));
    const auto items = played.items();
    for (size_t i = 1; i < items.size(); i++) {
        EXPECT_LE(items[i].pts, arrived + reorder) << i;
        EXPECT_GE(items[i].pts, items[i - 1].pts) << i;
    }
}

}  // namespace
}  // namespace stt::test
