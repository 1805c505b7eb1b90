// SPDX-License-Identifier: LGPL-2.1-or-later
/// The bytes of each type of meta, and what damage to them does.
#include <gst/video/video-anc.h>
#include <gst/video/video-sei.h>

#include <random>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include "gst/buffer_codec.hpp"
#include "tests/elements/meta_ends.hpp"

namespace stt::test {
namespace {

/// One of everything, for caps that make each of them right.
struct Sample {
    const char* name;
    const char* caps;
    std::string hex;
};
std::vector<Sample> samples() {
    return {
        // flags TFF, I420, id 0, 16 × 8, three planes at 0, 256, 320 with stride 32, 16, 16, no padding
        {"video", i420_16x8,
         "01010123"
         "0102"
         "010449343230"
         "00"
         "0110"
         "0108"
         "0103"
         "000140"
         "0201000120"
         "0201400120"
         "00000000"
         "000000"},
        {"crop", i420_16x8,
         "01020108"
         "0102"
         "0101"
         "010e"
         "0107"},
        // face, id 7, parent −1, a rectangle, one structure of text without buffers
        {"region", i420_16x8,
         "01030129"
         "010466616365"
         "010e"
         "0101"
         "0101"
         "0102"
         "0103"
         "0104"
         "0101"
         "0112616e737765722c20783d28696e742934323b"
         "00"},
        {"audio", planar_stereo,
         "01040107"
         "01c8"
         "020258"
         "0164"},
        {"clipping", "audio/x-opus",
         "01050106"
         "0101"
         "020138"
         "00"},
        {"level", "audio/x-raw",
         "01060104"
         "011e"
         "0101"},
        {"caption", "video/x-h264",
         "01070107"
         "0103"
         "0103fc942c"},
        {"afd", "video/x-h264",
         "01080106"
         "0101"
         "0101"
         "010f"},
        {"bar", "video/x-h264",
         "01090109"
         "00"
         "0101"
         "013c"
         "03011170"},
        // 25/1, no flags, 10:20:30:24, no fields, 2026-03-04T00:00:00Z
        {"time code", "video/x-h264",
         "010a0124"
         "01190101"
         "00"
         "010a0114011e0118"
         "00"
         "0114323032362d30332d30345430303a30303a30305a"},
        {"sei", "video/x-h264",
         "010b0115"
         "0110dc450000000000000000000000000000"
         "010107"},
        // the text without its buffer, and that
        {"protection", "application/x-cenc",
         "010c013a"
         "012c6170706c69636174696f6e2f782d63656e632c20656e637279707465643d28626f6f6c65616e29747275653b"
         "0101"
         "01036b6964"
         "0103fc942c"},
        {"timestamp", "video/x-h264",
         "010d011f"
         "011074696d657374616d702f782d6e74703b"
         "00"
         "0203e8"
         "08ffffffffffffffff"},
        // name, tags, structure
        {"custom", "video/x-h264",
         "010e012e"
         "010a7374742d73616d706c65"
         "01010105612d746167"
         "01167374742d73616d706c652c20783d28696e742934323b"
         "00"},
    };
}

/// A buffer with one meta, as the sample of that name.
BufferPtr sample_buffer(const std::string& name) {
    if (name == "video") return padded_frame();
    BufferPtr buffer = make_buffer(1000);
    guint8 uuid[16] = {0xdc, 0x45}, seven[] = {7};
    const guint8 caption[] = {0xfc, 0x94, 0x2c};
    if (name == "crop") {
        GstVideoCropMeta* crop = gst_buffer_add_video_crop_meta(buffer.get());
        crop->x = 2, crop->y = 1, crop->width = 14, crop->height = 7;
    } else if (name == "region") {
        auto* region = gst_buffer_add_video_region_of_interest_meta(buffer.get(), "face", 1, 2, 3, 4);
        region->id = 7, region->parent_id = -1;
        gst_video_region_of_interest_meta_add_param(
            region, gst_structure_new("answer", "x", G_TYPE_INT, 42, nullptr));
    } else if (name == "audio") {
        const CapsPtr caps(gst_caps_from_string(planar_stereo));
        GstAudioInfo info;
        gst_audio_info_from_caps(&info, caps.get());
        gsize offsets[] = {600, 100};
        gst_buffer_add_audio_meta(buffer.get(), &info, 200, offsets);
    } else if (name == "clipping") {
        gst_buffer_add_audio_clipping_meta(buffer.get(), GST_FORMAT_DEFAULT, 312, 0);
    } else if (name == "level") {
        gst_buffer_add_audio_level_meta(buffer.get(), 30, TRUE);
    } else if (name == "caption") {
        gst_buffer_add_video_caption_meta(buffer.get(), GST_VIDEO_CAPTION_TYPE_CEA708_RAW, caption,
                                          sizeof caption);
    } else if (name == "afd") {
        gst_buffer_add_video_afd_meta(buffer.get(), 1, GST_VIDEO_AFD_SPEC_ATSC_A53,
                                      GST_VIDEO_AFD_16_9_LETTER_4_3_CENTER);
    } else if (name == "bar") {
        gst_buffer_add_video_bar_meta(buffer.get(), 0, TRUE, 60, 70000);
    } else if (name == "time code") {
        GDateTime* jam = g_date_time_new_utc(2026, 3, 4, 0, 0, 0);
        gst_buffer_add_video_time_code_meta_full(buffer.get(), 25, 1, jam, GST_VIDEO_TIME_CODE_FLAGS_NONE, 10,
                                                 20, 30, 24, 0);
        g_date_time_unref(jam);
    } else if (name == "sei") {
        gst_buffer_add_video_sei_user_data_unregistered_meta(buffer.get(), uuid, seven, 1);
    } else if (name == "protection") {
        const BufferPtr key(gst_buffer_new_memdup(caption, sizeof caption));
        gst_buffer_add_protection_meta(
            buffer.get(), gst_structure_new("application/x-cenc", "encrypted", G_TYPE_BOOLEAN, TRUE, "kid",
                                            GST_TYPE_BUFFER, key.get(), nullptr));
    } else if (name == "timestamp") {
        const CapsPtr ntp(gst_caps_from_string("timestamp/x-ntp"));
        gst_buffer_add_reference_timestamp_meta(buffer.get(), ntp.get(), 1000, GST_CLOCK_TIME_NONE);
    } else if (name == "custom") {
        const char* tags[] = {"a-tag", nullptr};
        if (!gst_meta_get_info("stt-sample"))
            gst_meta_register_custom("stt-sample", tags, nullptr, nullptr, nullptr);
        gst_structure_set(
            gst_custom_meta_get_structure(gst_buffer_add_custom_meta(buffer.get(), "stt-sample")), "x",
            G_TYPE_INT, 42, nullptr);
    }
    return buffer;
}

TEST(MetaWire, TheBytesOfEachType) {
    for (const Sample& sample : samples())
        EXPECT_EQ(Ends(sample.caps).encoded(sample_buffer(sample.name).get()), sample.hex) << sample.name;
}

TEST(MetaWire, DamagedMetasNeverHarm) {
#if defined(__SANITIZE_ADDRESS__)
    const __lsan::ScopedDisabler parser_leaks;  // GStreamer's parser, when it gives up inside of a list
#endif
    // GStreamer's parser calls bad names inside of nested structures critical, and goes on.
    const GLogLevelFlags fatal = g_log_set_always_fatal(static_cast<GLogLevelFlags>(G_LOG_FATAL_MASK));
    GLogFunc quiet = [](const gchar*, GLogLevelFlags, const gchar*, gpointer) {};
    const GLogFunc loud = g_log_set_default_handler(quiet, nullptr);
    std::mt19937 random(20260101);
    for (const Sample& sample : samples()) {
        Ends ends(sample.caps);
        const std::vector<uint8_t> good = bytes_of(ends.encoded(sample_buffer(sample.name).get()));
        ASSERT_FALSE(good.empty()) << sample.name;
        // Every cut is malformed: the list ends where the header does.
        for (size_t size = 1; size < good.size(); size++)
            EXPECT_FALSE(ends.takes(Bytes(good).first(size))) << sample.name << " " << size;
        for (int i = 0; i < 20000; i++) {
            std::vector<uint8_t> bytes = good;
            for (auto changes = 1 + random() % 3; changes > 0; changes--) {
                const size_t at = random() % bytes.size();
                if (random() % 2)
                    bytes[at] = static_cast<uint8_t>(random());
                else
                    bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(at), static_cast<uint8_t>(random()));
            }
            const BufferPtr buffer = make_buffer(600);
            if (!ends.receiver.decode(bytes, buffer.get())) continue;
            // What is taken may be read.
            const CapsPtr caps(gst_caps_from_string(sample.caps));
            GstVideoInfo info;
            GstVideoFrame frame;
            if (std::string(sample.name) != "video" || !gst_video_info_from_caps(&info, caps.get()) ||
                !gst_video_frame_map(&frame, &info, buffer.get(), GST_MAP_READ))
                continue;
            unsigned sum = 0;
            for (unsigned c = 0; c < 3; c++)
                for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, c); y++)
                    for (int x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(&frame, c); x++)
                        sum += GST_VIDEO_FRAME_COMP_DATA(&frame,
                                                         c)[y * GST_VIDEO_FRAME_COMP_STRIDE(&frame, c) + x];
            gst_video_frame_unmap(&frame);
            EXPECT_LE(sum, 600u * 600u * 255u);
        }
    }
    g_log_set_default_handler(loud, nullptr);
    g_log_set_always_fatal(fatal);
}

TEST(MetaWire, MetasThatContradictTheCapsAreMalformed) {
    const std::vector<Sample> all = samples();
    const auto hex = [&](const char* name) {
        for (const Sample& sample : all)
            if (std::string(sample.name) == name) return sample.hex;
        return std::string();
    };
    EXPECT_TRUE(Ends(i420_16x8).takes(bytes_of(hex("video"))));
    EXPECT_FALSE(Ends("video/x-h264").takes(bytes_of(hex("video"))));
    EXPECT_FALSE(Ends("video/x-raw, format=I420, width=17, height=8").takes(bytes_of(hex("video"))));
    EXPECT_FALSE(Ends("video/x-raw, format=NV12, width=16, height=8").takes(bytes_of(hex("video"))));
    EXPECT_FALSE(Ends(i420_16x8).takes(bytes_of(hex("video")), 375));
    EXPECT_TRUE(Ends(i420_16x8).takes(bytes_of(hex("video")), 376));
    EXPECT_TRUE(Ends(planar_stereo).takes(bytes_of(hex("audio"))));
    EXPECT_FALSE(Ends(planar_stereo).takes(bytes_of(hex("audio") + hex("audio")))) << "two";
    EXPECT_FALSE(Ends(planar_stereo).takes(bytes_of("0104010801c8020258020257"))) << "planes overlap";
    EXPECT_FALSE(Ends(planar_stereo).takes(bytes_of(hex("audio")), 999));
    EXPECT_FALSE(Ends("audio/x-raw").takes(bytes_of(hex("audio"))));
    EXPECT_FALSE(Ends("audio/x-opus").takes(bytes_of("01050106010302013800"))) << "opusdec ends at times";
    EXPECT_TRUE(Ends("audio/mpeg").takes(bytes_of("01050106010302013800")));
    EXPECT_FALSE(Ends("video/x-h264").takes(bytes_of("01070106010001020000"))) << "captions of no type";
}

TEST(MetaWire, FlagsOfALaterVersionAreLeftOut) {
    Ends ends("video/x-raw, format=GRAY8, width=16, height=8, framerate=25/1");
    const BufferPtr buffer = make_buffer(256);
    // flags, format, id, size, one plane at 0 with stride 32, no padding; a field more than there is today
    ASSERT_TRUE(ends.receiver.decode(bytes_of("0101"
                                              "011a"
                                              "01ff"
                                              "01054752415938"
                                              "00"
                                              "0110"
                                              "0108"
                                              "0101"
                                              "000140"
                                              "00000000"
                                              "00"
                                              "0107"),
                                     buffer.get()));
    const GstVideoMeta* meta = gst_buffer_get_video_meta(buffer.get());
    ASSERT_NE(meta, nullptr);
    EXPECT_EQ(static_cast<int>(meta->flags), 0x3f);
}

TEST(MetaWire, AMessageHasThemAtTheEndOfItsHeader) {
    Ends ends("audio/x-opus");
    const BufferPtr buffer = make_buffer(10);
    GST_BUFFER_PTS(buffer.get()) = 5;
    {
        const auto plain = encode_buffer(buffer.get(), &ends.sender);
        ASSERT_TRUE(plain.ok());
        EXPECT_EQ(hex_of(plain.value().head),
                  "01030a"
                  "02"
                  "0105");
    }
    gst_buffer_add_audio_level_meta(buffer.get(), 30, TRUE);
    const auto out = encode_buffer(buffer.get(), &ends.sender);
    ASSERT_TRUE(out.ok());
    EXPECT_EQ(hex_of(out.value().head),
              "010b0a"
              "42"
              "0105"
              "01060104"
              "011e"
              "0101");
    GstMapInfo info;
    ASSERT_TRUE(gst_buffer_map(buffer.get(), &info, GST_MAP_READ));
    EXPECT_EQ(out.value().payload.data(), info.data) << "the payload is not copied";
    gst_buffer_unmap(buffer.get(), &info);
}

}  // namespace
}  // namespace stt::test
