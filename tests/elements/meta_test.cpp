// SPDX-License-Identifier: LGPL-2.1-or-later
/// What buffers' metas say arrives with them, over the network and through real elements.
#include <gst/app/gstappsink.h>
#include <gst/video/video-anc.h>
#include <gst/video/video.h>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

/// A pipeline as gst-launch-1.0 has it.
class Pipeline {
  public:
    explicit Pipeline(const std::string& text) {
        GError* error = nullptr;
        element_ = gst_parse_launch(text.c_str(), &error);
        if (error) throw std::runtime_error(error->message);
    }
    ~Pipeline() {
        gst_element_set_state(element_, GST_STATE_NULL);
        gst_object_unref(element_);
    }
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    void play() { gst_element_set_state(element_, GST_STATE_PLAYING); }
    GstElement* named(const char* name) {
        GstElement* found = gst_bin_get_by_name(GST_BIN(element_), name);
        gst_object_unref(found);  // the bin holds it
        return found;
    }
    /// The first message of these types.
    MessagePtr wait(int types) {
        GstBus* bus = gst_element_get_bus(element_);
        MessagePtr message(gst_bus_timed_pop_filtered(bus, deadline, static_cast<GstMessageType>(types)));
        gst_object_unref(bus);
        return message;
    }
    /// Warnings that are there now.
    std::vector<MessagePtr> warnings() {
        std::vector<MessagePtr> found;
        GstBus* bus = gst_element_get_bus(element_);
        while (GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING))
            found.emplace_back(message);
        gst_object_unref(bus);
        return found;
    }

  private:
    GstElement* element_ = nullptr;
};

std::string reason_of(GstMessage* message) {
    const GstStructure* details = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
        gst_message_parse_error_details(message, &details);
    else
        gst_message_parse_warning_details(message, &details);
    const char* reason = details ? gst_structure_get_string(details, "reason") : nullptr;
    return reason ? reason : "";
}

struct SampleDeleter {
    void operator()(GstSample* sample) const { gst_sample_unref(sample); }
};
using SamplePtr = std::unique_ptr<GstSample, SampleDeleter>;

/// `source ! sttsink` and `sttsrc ! sink`, where the sink's end is an appsink called "out".
struct Stream {
    Stream(const std::string& source, const std::string& sink)
        : receiver("sttsrc name=stt uri=stt://:0?mode=listener local-address=127.0.0.1 seed=" +
                   std::string(seed) + " ! " + sink) {
        receiver.play();
        sender = std::make_unique<Pipeline>(
            source + " ! sttsink name=stt sync=false seed=" + seed +
            " uri=stt://127.0.0.1:" + std::to_string(local_port(receiver.named("stt"))));
        sender->play();
    }
    /// Null: the end.
    SamplePtr pull() {
        return SamplePtr(gst_app_sink_try_pull_sample(GST_APP_SINK(receiver.named("out")), deadline));
    }
    Pipeline receiver;
    std::unique_ptr<Pipeline> sender;
};

/// Everything that `out` of a pipeline gets, as one string of bytes.
std::string contents(GstElement* out) {
    std::string all;
    while (const SamplePtr sample{gst_app_sink_try_pull_sample(GST_APP_SINK(out), deadline)}) {
        GstMapInfo info;
        if (!gst_buffer_map(gst_sample_get_buffer(sample.get()), &info, GST_MAP_READ)) return "";
        all.append(reinterpret_cast<const char*>(info.data), info.size);
        gst_buffer_unmap(gst_sample_get_buffer(sample.get()), &info);
    }
    return all;
}

TEST(Meta, PlanarAudioArrivesAsItWas) {
    const std::string source =
        "audiotestsrc wave=white-noise num-buffers=50 ! audio/x-raw,format=S16LE,channels=2,"
        "rate=48000 ! audioconvert dithering=none ! ";
    const std::string planar = "audio/x-raw,layout=non-interleaved,format=F32LE,channels=2";
    const std::string out =
        "audioconvert dithering=none ! audio/x-raw,layout=interleaved,format=F32LE ! "
        "appsink name=out sync=false";
    // White noise differs from run to run, so that both are fed from one.
    Stream stream(source + planar +
                      " ! tee name=t t. ! queue ! audioconvert dithering=none ! "
                      "audio/x-raw,layout=interleaved ! appsink name=here sync=false t. ! queue",
                  out);
    const std::string there = contents(stream.receiver.named("out"));
    const std::string here = contents(stream.sender->named("here"));
    EXPECT_EQ(there.size(), 50u * 1024 * 2 * 4);
    EXPECT_TRUE(there == here);
    EXPECT_TRUE(stream.sender->warnings().empty());
    EXPECT_TRUE(stream.receiver.warnings().empty());
}

TEST(Meta, TimeCodesAreThoseOfTheSender) {
    Stream stream(
        "videotestsrc num-buffers=60 ! video/x-raw,width=32,height=32,framerate=25/1 ! "
        "timecodestamper set=always source=internal",
        "appsink name=out sync=false");
    unsigned count = 0;
    for (; const SamplePtr sample = stream.pull(); count++) {
        const GstVideoTimeCodeMeta* code =
            gst_buffer_get_video_time_code_meta(gst_sample_get_buffer(sample.get()));
        ASSERT_NE(code, nullptr) << count;
        EXPECT_EQ(code->tc.seconds, count / 25);
        EXPECT_EQ(code->tc.frames, count % 25);
    }
    EXPECT_EQ(count, 60u);
    EXPECT_TRUE(stream.sender->warnings().empty());
}

/// The samples of a frame's components, row by row, without what surrounds them in memory.
std::string pixels(GstBuffer* buffer, const GstVideoInfo& caps) {
    GstVideoInfo info = caps;
    GstVideoFrame frame;
    if (!gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ)) return "unreadable";
    std::string all;
    for (unsigned c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS(&frame); c++)
        for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, c); y++)
            for (int x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(&frame, c); x++)
                all += static_cast<char>(
                    GST_VIDEO_FRAME_COMP_DATA(&frame, c)[y * GST_VIDEO_FRAME_COMP_STRIDE(&frame, c) +
                                                         x * GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, c)]);
    gst_video_frame_unmap(&frame);
    return all;
}

/// A frame with padding around each plane, in one memory or in one for each plane.
BufferPtr padded(const GstVideoInfo& info, bool memories, unsigned salt) {
    gsize offsets[GST_VIDEO_MAX_PLANES];
    gint strides[GST_VIDEO_MAX_PLANES];
    BufferPtr buffer(gst_buffer_new());
    for (unsigned i = 0; i < GST_VIDEO_INFO_N_PLANES(&info); i++) {
        strides[i] = info.stride[i] + 48;
        offsets[i] = gst_buffer_get_size(buffer.get()) + 13;
        const size_t size =
            13 + static_cast<size_t>(strides[i]) * static_cast<size_t>(GST_VIDEO_INFO_HEIGHT(&info));
        buffer.reset(gst_buffer_append(buffer.release(), make_buffer(size, salt * 10 + i).release()));
    }
    if (!memories) {
        GstMapInfo map;
        EXPECT_TRUE(gst_buffer_map(buffer.get(), &map, GST_MAP_READWRITE));  // merges them
        gst_buffer_unmap(buffer.get(), &map);
    }
    gst_buffer_add_video_meta_full(buffer.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(&info),
                                   static_cast<unsigned>(GST_VIDEO_INFO_WIDTH(&info)),
                                   static_cast<unsigned>(GST_VIDEO_INFO_HEIGHT(&info)),
                                   GST_VIDEO_INFO_N_PLANES(&info), offsets, strides);
    return buffer;
}

TEST(Meta, PaddedPicturesAreTheSamePictures) {
    for (const GstVideoFormat format : {GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_RGB}) {
        GstVideoInfo info;
        gst_video_info_set_format(&info, format, 62, 30);
        GstCaps* caps = gst_video_info_to_caps(&info);
        char* text = gst_caps_to_string(caps);
        gst_caps_unref(caps);
        Pair pair;
        pair.start(text);
        g_free(text);
        for (unsigned i = 0; i < 4; i++) {
            const BufferPtr sent = padded(info, i % 2 == 1, i);
            EXPECT_EQ(gst_buffer_n_memory(sent.get()), i % 2 == 1 ? GST_VIDEO_INFO_N_PLANES(&info) : 1u);
            const std::string picture = pixels(sent.get(), info);
            ASSERT_EQ(pair.push(gst_buffer_ref(sent.get())), GST_FLOW_OK);
            const BufferPtr got = pair.pull();
            ASSERT_TRUE(got);
            EXPECT_TRUE(pixels(got.get(), info) == picture) << gst_video_format_to_string(format) << i;
        }
        EXPECT_EQ(pair.sink_bus->count(GST_MESSAGE_WARNING), 0);
    }
}

TEST(Meta, LayoutsFollowTheCaps) {
    Pair pair;
    GstVideoInfo small, large;
    gst_video_info_set_format(&small, GST_VIDEO_FORMAT_GRAY8, 16, 8);
    gst_video_info_set_format(&large, GST_VIDEO_FORMAT_GRAY8, 32, 16);
    pair.start("video/x-raw, format=GRAY8, width=16, height=8, framerate=0/1");
    for (const GstVideoInfo& info : {small, large, small}) {
        GstCaps* caps = gst_video_info_to_caps(&info);
        ASSERT_TRUE(pair.push_event(gst_event_new_caps(caps)));
        gst_caps_unref(caps);
        const BufferPtr sent = padded(info, false, 1);
        ASSERT_EQ(pair.push(gst_buffer_ref(sent.get())), GST_FLOW_OK);
        const BufferPtr got = pair.pull();
        ASSERT_TRUE(got);
        EXPECT_TRUE(pixels(got.get(), info) == pixels(sent.get(), info));
    }
}

TEST(Meta, CaptionsAndCropArrive) {
    Pair pair;
    pair.start("video/x-raw, format=I420, width=32, height=16, framerate=25/1");
    BufferPtr buffer = make_buffer(32 * 16 * 3 / 2);
    const guint8 data[] = {0x80, 0x94, 0x2c};
    gst_buffer_add_video_caption_meta(buffer.get(), GST_VIDEO_CAPTION_TYPE_CEA608_S334_1A, data, sizeof data);
    GstVideoCropMeta* crop = gst_buffer_add_video_crop_meta(buffer.get());
    crop->x = 4, crop->y = 2, crop->width = 28, crop->height = 14;
    ASSERT_EQ(pair.push(buffer.release()), GST_FLOW_OK);
    const BufferPtr got = pair.pull();
    const auto* caption = reinterpret_cast<GstVideoCaptionMeta*>(
        gst_buffer_get_meta(got.get(), GST_VIDEO_CAPTION_META_API_TYPE));
    ASSERT_NE(caption, nullptr);
    ASSERT_EQ(caption->size, sizeof data);
    EXPECT_EQ(memcmp(caption->data, data, sizeof data), 0);
    ASSERT_NE(gst_buffer_get_video_crop_meta(got.get()), nullptr);
    EXPECT_EQ(gst_buffer_get_video_crop_meta(got.get())->x, 4u);
}

TEST(Meta, ProtectionArrivesWithItsEventBeforeIt) {
    Pair pair;
    pair.start("application/x-cenc, original-media-type=video/x-h264");
    const BufferPtr pssh = make_buffer(32), iv = make_buffer(8);
    ASSERT_TRUE(pair.push_event(
        gst_event_new_protection("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed", pssh.get(), "isobmff/moov")));
    BufferPtr buffer = make_buffer(1000);
    gst_buffer_add_protection_meta(
        buffer.get(), gst_structure_new("application/x-cenc", "iv", GST_TYPE_BUFFER, iv.get(), "encrypted",
                                        G_TYPE_BOOLEAN, TRUE, nullptr));
    ASSERT_EQ(pair.push(buffer.release()), GST_FLOW_OK);
    ASSERT_TRUE(pair.pull_event(GST_EVENT_PROTECTION));
    const BufferPtr got = pair.pull();
    const GstProtectionMeta* meta = gst_buffer_get_protection_meta(got.get());
    ASSERT_NE(meta, nullptr);
    EXPECT_TRUE(same_bytes(iv.get(), gst_value_get_buffer(gst_structure_get_value(meta->info, "iv"))));
}

TEST(Meta, ASenderTimeIsThatOfTheLastHop) {
    Pair pair;
    pair.start();
    GstCaps* hop = gst_caps_new_empty_simple("timestamp/x-stt-sender");
    BufferPtr buffer = make_buffer(100);
    GST_BUFFER_PTS(buffer.get()) = 3 * GST_SECOND;
    gst_buffer_add_reference_timestamp_meta(buffer.get(), hop, 99 * GST_SECOND, GST_CLOCK_TIME_NONE);
    ASSERT_EQ(pair.push(buffer.release()), GST_FLOW_OK);
    const BufferPtr got = pair.pull();
    const GstReferenceTimestampMeta* meta = gst_buffer_get_reference_timestamp_meta(got.get(), hop);
    gst_caps_unref(hop);
    ASSERT_NE(meta, nullptr);
    EXPECT_EQ(meta->timestamp, 3 * GST_SECOND);
    EXPECT_EQ(gst_buffer_get_n_meta(got.get(), GST_REFERENCE_TIMESTAMP_META_API_TYPE), 1u);
}

/// One that this version does not carry.
void add_overlay(GstBuffer* buffer) {
    BufferPtr dot(gst_buffer_new_allocate(nullptr, 4, nullptr));
    gst_buffer_add_video_meta(dot.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB,
                              1, 1);
    GstVideoOverlayRectangle* rectangle =
        gst_video_overlay_rectangle_new_raw(dot.get(), 0, 0, 1, 1, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
    GstVideoOverlayComposition* overlay = gst_video_overlay_composition_new(rectangle);
    gst_video_overlay_rectangle_unref(rectangle);
    gst_buffer_add_video_overlay_composition_meta(buffer, overlay);
    gst_video_overlay_composition_unref(overlay);
}

TEST(Meta, WhatDoesNotTravelIsOneWarning) {
    Pair pair;
    pair.start("video/x-raw, format=I420, width=32, height=16, framerate=25/1");
    for (int i = 0; i < 3; i++) {
        BufferPtr buffer = make_buffer(32 * 16 * 3 / 2);
        add_overlay(buffer.get());
        ASSERT_EQ(pair.push(buffer.release()), GST_FLOW_OK);
        EXPECT_TRUE(pair.pull());
    }
    const MessagePtr warning = pair.sink_bus->wait_type(GST_MESSAGE_WARNING);
    ASSERT_TRUE(warning);
    EXPECT_EQ(reason_of(warning.get()), "meta-dropped");
    GError* error = nullptr;
    gst_message_parse_warning(warning.get(), &error, nullptr);
    EXPECT_NE(std::string(error->message).find("GstVideoOverlayCompositionMeta"), std::string::npos)
        << error->message;
    EXPECT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE));
    g_error_free(error);
    // In order: had there been a second warning, it would be before this.
    pair.push_eos();
    EXPECT_TRUE(pair.pull_event(GST_EVENT_EOS));
    EXPECT_EQ(pair.sink_bus->count(GST_MESSAGE_WARNING), 0);
}

TEST(Meta, WithoutAMetaThatThePayloadNeedsThereIsAnError) {
    Pair pair;
    pair.start(
        "video/x-raw(meta:GstVideoOverlayComposition), format=I420, width=32, height=16, framerate=25/1");
    ASSERT_EQ(pair.push(make_buffer(32 * 16 * 3 / 2).release()), GST_FLOW_OK);
    BufferPtr buffer = make_buffer(32 * 16 * 3 / 2);
    add_overlay(buffer.get());
    EXPECT_EQ(pair.push(buffer.release()), GST_FLOW_EOS);
    const MessagePtr error = pair.sink_bus->wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(error);
    EXPECT_EQ(reason_of(error.get()), "meta-needed");
}

TEST(Meta, CapsThatOfferAMetaAreNoErrorByThemselves) {
    // textoverlay begins like this, and draws by itself when nobody asks for its meta.
    Pair pair;
    pair.start(
        "video/x-raw(meta:GstVideoOverlayComposition), format=GRAY8, width=32, height=16, framerate=25/1");
    GstCaps* caps = gst_caps_from_string("video/x-raw, format=GRAY8, width=32, height=16, framerate=25/1");
    ASSERT_TRUE(pair.push_event(gst_event_new_caps(caps)));
    gst_caps_unref(caps);
    ASSERT_EQ(pair.push(make_buffer(32 * 16).release()), GST_FLOW_OK);
    EXPECT_TRUE(pair.pull());
    EXPECT_EQ(pair.sink_bus->count(static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)), 0);
}

}  // namespace
}  // namespace stt::test
