// SPDX-License-Identifier: LGPL-2.1-or-later
/// What sttsink offers to those who ask which caps it takes, and how many errors there are when nobody asks.
#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

constexpr char both_kinds[] =
    "video/x-raw(memory:GLMemory), format=RGBA; video/x-raw(memory:SystemMemory, meta:GstVideoMeta), "
    "format=RGBA; video/x-raw, format=I420; video/x-raw(meta:Other, memory:DMABuf), format=NV12";
constexpr char sendable[] =
    "video/x-raw(memory:SystemMemory, meta:GstVideoMeta), format=RGBA; video/x-raw, format=I420";

using CapsPtr = std::unique_ptr<GstCaps, decltype(&gst_caps_unref)>;
CapsPtr caps_of(const char* text) { return {gst_caps_from_string(text), gst_caps_unref}; }

/// A sttsink that nobody listens to.
class SinkCaps : public testing::Test {
  protected:
    SinkCaps() : sink(GST_ELEMENT(gst_object_ref_sink(make_element("sttsink", "stt://127.0.0.1:1")))) {
        pad = gst_element_get_static_pad(sink, "sink");
    }
    ~SinkCaps() override {
        gst_object_unref(pad);
        gst_object_unref(sink);
    }
    GstElement* sink;
    GstPad* pad;
};

TEST_F(SinkCaps, WithoutAFilterAreAny) {
    const CapsPtr caps(gst_pad_query_caps(pad, nullptr), gst_caps_unref);
    EXPECT_TRUE(gst_caps_is_any(caps.get()));
}

TEST_F(SinkCaps, WithAFilterAreThoseOfSystemMemory) {
    const CapsPtr filter = caps_of(both_kinds), expected = caps_of(sendable);
    const CapsPtr caps(gst_pad_query_caps(pad, filter.get()), gst_caps_unref);
    EXPECT_TRUE(gst_caps_is_strictly_equal(caps.get(), expected.get()));
}

TEST_F(SinkCaps, OfOtherMemoryAreNotAccepted) {
    EXPECT_FALSE(gst_pad_query_accept_caps(pad, caps_of("video/x-raw(memory:GLMemory), format=RGBA").get()));
    EXPECT_TRUE(gst_pad_query_accept_caps(pad, caps_of("video/x-raw, format=RGBA").get()));
    EXPECT_TRUE(gst_pad_query_accept_caps(
        pad, caps_of("video/x-raw(meta:GstVideoOverlayComposition), format=RGBA").get()));
    EXPECT_TRUE(gst_pad_query_accept_caps(pad, caps_of("application/x-anything").get()));
}

/// Posts an ERROR of its own for any result but OK and EOS, as every source does.
TEST_F(SinkCaps, ThatAreForcedOnItAreOneErrorInThePipeline) {
    // A queue asks in the place of who pushes.
    const std::pair<const char*, const char*> pipelines[] = {
        {"", "live=false"}, {"", "live=true wait-for-connection=false"}, {"queue ! queue ! ", "live=false"}};
    for (const auto& [between, properties] : pipelines) {
        Pipeline receiver(listening_src() + " ! fakesink sync=false");
        receiver.play();
        // appsrc sends its caps without asking.
        Pipeline sender(
            "appsrc name=in format=time caps=video/x-raw(memory:GLMemory),format=RGBA,width=1,"
            "height=1,framerate=25/1 ! " +
            std::string(between) + calling_sink_to(local_port(receiver.get("src")), properties));
        sender.play();
        GstFlowReturn flow = GST_FLOW_OK;
        for (int i = 0; i < 3; i++) {
            BufferPtr buffer = make_buffer(4);
            GST_BUFFER_PTS(buffer.get()) = 0;
            g_signal_emit_by_name(sender.get("in"), "push-buffer", buffer.get(), &flow);
        }
        const MessagePtr error = sender.bus().wait_type(GST_MESSAGE_ERROR);
        ASSERT_TRUE(error);
        EXPECT_EQ(GST_MESSAGE_SRC(error.get()), GST_OBJECT(sender.get("sink")));
        sender.set(GST_STATE_NULL);
        EXPECT_EQ(sender.bus().count(GST_MESSAGE_ERROR), 0);
    }
}

TEST_F(SinkCaps, LetOverlaysBeDrawnUpstream) {
    if (!gst_registry_check_feature_version(gst_registry_get(), "qroverlay", 1, 0, 0)) GTEST_SKIP();
    Pipeline receiver(listening_src() + " ! fakesink name=out sync=false");
    Played played(receiver.get("out"));
    receiver.play();
    Pipeline sender("videotestsrc num-buffers=2 ! qroverlay data=x ! " +
                    calling_sink_to(local_port(receiver.get("src"))));
    sender.play();
    EXPECT_TRUE(sender.ends());
    EXPECT_TRUE(played.reaches(2));
    GstPad* out = gst_element_get_static_pad(receiver.get("out"), "sink");
    const CapsPtr caps(gst_pad_get_current_caps(out), gst_caps_unref);
    gst_object_unref(out);
    EXPECT_EQ(gst_caps_features_get_size(gst_caps_get_features(caps.get(), 0)), 1u);
}

}  // namespace
}  // namespace stt::test
