// SPDX-License-Identifier: LGPL-2.1-or-later
/// How pipelines end that the application ends, as gst-launch-1.0 -e does on Ctrl-C.
#include "tests/elements/pipeline.hpp"
#include "tests/lib/loopback_socket.hpp"

namespace stt::test {
namespace {

/// A sink that nobody calls.
std::string listening_sink(const std::string& properties) {
    return std::string("sttsink name=sink uri=stt://:0 local-address=127.0.0.1 drain-timeout=300 seed=") +
           seed + " " + properties;
}

void send_eos(Pipeline& pipeline) { gst_element_send_event(pipeline.pipeline(), gst_event_new_eos()); }

/// Waits for the ERROR that says that nobody got the stream's end.
void expect_drain_timeout(Pipeline& pipeline) {
    const MessagePtr message = pipeline.bus().wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(message);
    const GstStructure* details = nullptr;
    gst_message_parse_error_details(message.get(), &details);
    ASSERT_NE(details, nullptr);
    EXPECT_STREQ(gst_structure_get_string(details, "reason"), "drain-timeout");
    guint64 buffers = 0;
    EXPECT_TRUE(gst_structure_get_uint64(details, "buffers", &buffers));
    EXPECT_GT(buffers, 0u) << "what is missing";
}

TEST(Eos, AListenerThatNobodyCalledEnds) {
    Pipeline pipeline("videotestsrc ! " + listening_sink("live=false"));
    pipeline.play();
    ASSERT_TRUE(pipeline.settle());
    send_eos(pipeline);
    expect_drain_timeout(pipeline);
}

TEST(Eos, ALiveListenerThatNobodyCalledEndsWell) {
    Pipeline pipeline("videotestsrc is-live=true ! " + listening_sink(""));
    pipeline.play();
    ASSERT_TRUE(pipeline.settle());
    send_eos(pipeline);
    EXPECT_TRUE(pipeline.ends());
}

TEST(Eos, ACallerWithAFullQueueEnds) {
    const LoopbackSocket silent;
    Pipeline pipeline(
        "videotestsrc ! video/x-raw,format=I420 ! sttsink name=sink live=false sync=false drain-timeout=300 "
        "send-queue-bytes=500000 uri=stt://127.0.0.1:" +
        std::to_string(silent.port()) + " seed=" + seed);
    pipeline.play();
    ASSERT_TRUE(eventually([&] {
        GstStructure* stats = nullptr;
        g_object_get(pipeline.get("sink"), "stats", &stats, nullptr);
        guint64 queued = 0;
        gst_structure_get_uint64(stats, "queued-bytes", &queued);
        gst_structure_free(stats);
        return queued > 300'000;
    })) << "until no other frame of 115200 bytes fits";
    send_eos(pipeline);
    expect_drain_timeout(pipeline);
}

}  // namespace
}  // namespace stt::test
