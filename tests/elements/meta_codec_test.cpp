// SPDX-License-Identifier: LGPL-2.1-or-later
/// Metas of buffers as bytes and back: every type, and what of it is needless.
#include <gst/video/video-anc.h>
#include <gst/video/video-sei.h>

#include "tests/elements/meta_ends.hpp"

namespace stt::test {
namespace {

TEST(MetaCodec, WhatCapsSayAlreadyCostsNothing) {
    Ends video(i420_16x8);
    const BufferPtr plain = make_buffer(192);
    EXPECT_EQ(video.encoded(plain.get()), "");
    gst_buffer_add_video_meta(plain.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_I420, 16, 8);
    EXPECT_EQ(video.encoded(plain.get()), "");

    Ends audio(planar_stereo);
    const CapsPtr caps(gst_caps_from_string(planar_stereo));
    GstAudioInfo info;
    ASSERT_TRUE(gst_audio_info_from_caps(&info, caps.get()));
    const BufferPtr planar = make_buffer(400);
    gst_buffer_add_audio_meta(planar.get(), &info, 100, nullptr);
    EXPECT_EQ(audio.encoded(planar.get()), "");
    // Left over in front of an encoder.
    EXPECT_EQ(Ends("video/x-h264").encoded(padded_frame().get()), "");
    EXPECT_EQ(Ends().encoded(padded_frame().get()), "");
    EXPECT_TRUE(video.warnings.empty() && audio.warnings.empty());
}

TEST(MetaCodec, AVideoLayoutTravels) {
    Ends ends(i420_16x8);
    const BufferPtr frame = padded_frame();
    GstVideoMeta* sent = gst_buffer_get_video_meta(frame.get());
    GstVideoAlignment alignment;
    gst_video_alignment_reset(&alignment);
    alignment.padding_right = 16;
    ASSERT_TRUE(gst_video_meta_set_alignment(sent, alignment));
    const BufferPtr back = ends.across(frame.get());
    const GstVideoMeta* got = gst_buffer_get_video_meta(back.get());
    ASSERT_NE(got, nullptr);
    EXPECT_EQ(got->flags, GST_VIDEO_FRAME_FLAG_TFF);
    EXPECT_EQ(got->format, GST_VIDEO_FORMAT_I420);
    EXPECT_EQ(got->n_planes, 3u);
    EXPECT_EQ(got->width, 16u);
    EXPECT_EQ(got->height, 8u);
    EXPECT_EQ(got->alignment.padding_right, 16u);
    for (unsigned i = 0; i < 3; i++) {
        EXPECT_EQ(got->offset[i], sent->offset[i]);
        EXPECT_EQ(got->stride[i], sent->stride[i]);
    }
}

TEST(MetaCodec, AViewOfSeveralEyesAndPicturesOnTheirHead) {
    Ends ends(i420_16x8);
    const BufferPtr frame = make_buffer(2 * 192);
    gsize offsets[GST_VIDEO_MAX_PLANES] = {7 * 16, 128 + 3 * 8, 160 + 3 * 8};
    gint strides[GST_VIDEO_MAX_PLANES] = {-16, -8, -8};
    for (const int eye : {0, 1}) {
        GstVideoMeta* meta = gst_buffer_add_video_meta_full(
            frame.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_I420, 16, 8, 3, offsets, strides);
        meta->id = eye;
        for (gsize& offset : offsets) offset += 192;
    }
    const BufferPtr back = ends.across(frame.get());
    for (const int eye : {0, 1}) {
        const GstVideoMeta* got = gst_buffer_get_video_meta_id(back.get(), eye);
        ASSERT_NE(got, nullptr);
        EXPECT_EQ(got->stride[0], -16);
        EXPECT_EQ(got->offset[0], 7u * 16 + 192u * static_cast<unsigned>(eye));
    }
    EXPECT_TRUE(ends.warnings.empty());
}

TEST(MetaCodec, FormatsOfEveryKindMayBePadded) {
    // Grouped, packed, with a palette, of odd size, high and low.
    for (const char* format : {"v210", "UYVP", "RGB", "RGB8P", "NV12", "P010_10LE", "YUY2", "A420", "GRAY8",
                               "AYUV64", "IYU1", "YVU9", "v308", "GRAY10_LE32", "NV12_10LE32"}) {
        GstVideoInfo info;
        ASSERT_TRUE(gst_video_info_set_format(&info, gst_video_format_from_string(format), 63, 31)) << format;
        const CapsPtr caps(gst_video_info_to_caps(&info));
        char* text = gst_caps_to_string(caps.get());
        Ends ends(text);
        g_free(text);
        gsize offsets[GST_VIDEO_MAX_PLANES];
        gint strides[GST_VIDEO_MAX_PLANES];
        gsize end = 0;
        for (unsigned i = 0; i < GST_VIDEO_INFO_N_PLANES(&info); i++) {
            offsets[i] = end + 64;
            strides[i] = info.stride[i] + 32;
            const gsize next = i + 1 < GST_VIDEO_INFO_N_PLANES(&info) ? info.offset[i + 1] : info.size;
            end = offsets[i] + next - info.offset[i] + 32 * 31;
        }
        const BufferPtr frame = make_buffer(end);
        gst_buffer_add_video_meta_full(frame.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(&info),
                                       63, 31, GST_VIDEO_INFO_N_PLANES(&info), offsets, strides);
        const BufferPtr back = ends.across(frame.get());
        ASSERT_TRUE(back) << format;
        EXPECT_NE(gst_buffer_get_video_meta(back.get()), nullptr) << format;
    }
}

TEST(MetaCodec, AVideoLayoutBeyondTheBufferIsAnError) {
    Ends ends(i420_16x8);
    for (int kind = 0; kind < 5; kind++) {
        const BufferPtr frame = padded_frame();
        GstVideoMeta* meta = gst_buffer_get_video_meta(frame.get());
        if (kind == 0) meta->offset[2] += 9;
        if (kind == 1) meta->stride[1] = 200;
        if (kind == 2) meta->stride[0] = -32;
        if (kind == 3) meta->format = GST_VIDEO_FORMAT_Y42B;
        if (kind == 4) meta->width = 15;
        const Result<Bytes> bytes = ends.sender.encode(frame.get());
        ASSERT_FALSE(bytes.ok()) << kind;
        EXPECT_EQ(bytes.error().reason, Reason::meta_needed);
        EXPECT_NE(bytes.error().text.find("GstVideoMeta"), std::string::npos);
    }
    // The last row need not be padded.
    const BufferPtr frame = padded_frame();
    gst_buffer_set_size(frame.get(), 376);
    EXPECT_TRUE(ends.sender.encode(frame.get()).ok());
    gst_buffer_set_size(frame.get(), 375);
    EXPECT_FALSE(ends.sender.encode(frame.get()).ok());
}

TEST(MetaCodec, AFieldHasHalfTheRows) {
    Ends ends(
        "video/x-raw(format:Interlaced), format=GRAY8, width=16, height=8, framerate=25/1, "
        "interlace-mode=alternate");
    const BufferPtr field = make_buffer(3 * 32 + 16);
    gsize offsets[GST_VIDEO_MAX_PLANES] = {};
    gint strides[GST_VIDEO_MAX_PLANES] = {32};
    gst_buffer_add_video_meta_full(field.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, 16, 8, 1,
                                   offsets, strides);
    EXPECT_NE(gst_buffer_get_video_meta(ends.across(field.get()).get()), nullptr);
    gst_buffer_set_size(field.get(), 3 * 32 + 15);
    EXPECT_FALSE(ends.sender.encode(field.get()).ok());
}

TEST(MetaCodec, CropTravelsAndLiesWithinItsFrame) {
    Ends ends(i420_16x8);
    const BufferPtr frame = make_buffer(192);
    GstVideoCropMeta* crop = gst_buffer_add_video_crop_meta(frame.get());
    crop->x = 2, crop->y = 1, crop->width = 14, crop->height = 7;
    const BufferPtr back = ends.across(frame.get());
    const GstVideoCropMeta* got = gst_buffer_get_video_crop_meta(back.get());
    ASSERT_NE(got, nullptr);
    EXPECT_EQ(got->x, 2u);
    EXPECT_EQ(got->height, 7u);
    crop->width = 15;
    EXPECT_EQ(ends.encoded(frame.get()), "");
    EXPECT_EQ(ends.warnings.size(), 1u);
    // Of a frame that is larger than the caps say; whichever of the two comes first.
    const BufferPtr larger = make_buffer(4 * 192);
    crop = gst_buffer_add_video_crop_meta(larger.get());
    crop->x = 16, crop->y = 8, crop->width = 16, crop->height = 8;
    gst_buffer_add_video_meta(larger.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_I420, 32, 16);
    EXPECT_NE(gst_buffer_get_video_crop_meta(ends.across(larger.get()).get()), nullptr);
    EXPECT_FALSE(ends.takes(bytes_of("010201080105010301100108"), 192)) << "5+16 columns of 16";
}

TEST(MetaCodec, RegionsOfInterestTravel) {
    Ends ends(i420_16x8);
    const BufferPtr frame = make_buffer(192);
    for (const char* type : {"stt-test-face", "stt-test-nose"}) {
        GstVideoRegionOfInterestMeta* region =
            gst_buffer_add_video_region_of_interest_meta(frame.get(), type, 1, 2, 3, 4000000000u);
        region->id = 7;
        region->parent_id = -1;
        gst_video_region_of_interest_meta_add_param(
            region,
            gst_structure_new("detection", "confidence", G_TYPE_DOUBLE, 0.5, "span", GST_TYPE_INT_RANGE, 1, 5,
                              "label", G_TYPE_STRING, "a \"b\", [c=d]", nullptr));
        gst_video_region_of_interest_meta_add_param(region, gst_structure_new_empty("empty"));
    }
    const BufferPtr back = ends.across(frame.get());
    gpointer state = nullptr;
    size_t found = 0;
    while (GstMeta* meta = gst_buffer_iterate_meta_filtered(back.get(), &state,
                                                            GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
        auto* region = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
        EXPECT_STREQ(g_quark_to_string(region->roi_type), found++ ? "stt-test-nose" : "stt-test-face");
        EXPECT_EQ(region->id, 7);
        EXPECT_EQ(region->parent_id, -1);
        EXPECT_EQ(region->h, 4000000000u);
        ASSERT_EQ(g_list_length(region->params), 2u);
        GstStructure* detection = gst_video_region_of_interest_meta_get_param(region, "detection");
        ASSERT_NE(detection, nullptr);
        EXPECT_STREQ(gst_structure_get_string(detection, "label"), "a \"b\", [c=d]");
    }
    EXPECT_EQ(found, 2u);
    EXPECT_TRUE(ends.warnings.empty());
}

TEST(MetaCodec, PlanesOfAudioTravel) {
    Ends ends(planar_stereo);
    const CapsPtr caps(gst_caps_from_string(planar_stereo));
    GstAudioInfo info;
    ASSERT_TRUE(gst_audio_info_from_caps(&info, caps.get()));
    const BufferPtr buffer = make_buffer(1000);
    gsize offsets[] = {600, 100};
    gst_buffer_add_audio_meta(buffer.get(), &info, 200, offsets);
    BufferPtr back = ends.across(buffer.get());
    const GstAudioMeta* got = gst_buffer_get_audio_meta(back.get());
    ASSERT_NE(got, nullptr);
    EXPECT_EQ(got->samples, 200u);
    EXPECT_EQ(got->offsets[0], 600u);
    EXPECT_EQ(got->offsets[1], 100u);
    EXPECT_TRUE(gst_audio_info_is_equal(&got->info, &info));
    // Without any it is the planes one behind the other; nothing can be read without.
    for (const size_t size : {size_t{400}, size_t{0}}) {
        back = ends.across(make_buffer(size).get());
        got = gst_buffer_get_audio_meta(back.get());
        ASSERT_NE(got, nullptr);
        EXPECT_EQ(got->samples, size / 4);
        EXPECT_EQ(got->offsets[1], size / 2);
    }
    // Of one that contradicts the caps nothing is known.
    const BufferPtr other = make_buffer(1000);
    info.layout = GST_AUDIO_LAYOUT_INTERLEAVED;
    gst_buffer_add_audio_meta(other.get(), &info, 100, nullptr);
    const Result<Bytes> bytes = ends.sender.encode(other.get());
    ASSERT_FALSE(bytes.ok());
    EXPECT_EQ(bytes.error().reason, Reason::meta_needed);
}

TEST(MetaCodec, FewerSamplesThanBytes) {
    constexpr char stereo[] = "audio/x-raw, format=S16LE, layout=interleaved, rate=48000, channels=2";
    Ends ends(stereo);
    const CapsPtr caps(gst_caps_from_string(stereo));
    GstAudioInfo info;
    ASSERT_TRUE(gst_audio_info_from_caps(&info, caps.get()));
    const BufferPtr buffer = make_buffer(400);
    gst_buffer_add_audio_meta(buffer.get(), &info, 99, nullptr);
    const BufferPtr back = ends.across(buffer.get());
    ASSERT_NE(gst_buffer_get_audio_meta(back.get()), nullptr);
    EXPECT_EQ(gst_buffer_get_audio_meta(back.get())->samples, 99u);
    EXPECT_EQ(gst_buffer_get_audio_meta(ends.across(make_buffer(400).get()).get()), nullptr);
}

TEST(MetaCodec, ClippingAndLevelTravel) {
    Ends ends("audio/x-opus");
    const BufferPtr buffer = make_buffer(100);
    gst_buffer_add_audio_clipping_meta(buffer.get(), GST_FORMAT_DEFAULT, 312, UINT64_MAX);
    gst_buffer_add_audio_level_meta(buffer.get(), 30, TRUE);
    const BufferPtr back = ends.across(buffer.get());
    const GstAudioClippingMeta* clipping = gst_buffer_get_audio_clipping_meta(back.get());
    ASSERT_NE(clipping, nullptr);
    EXPECT_EQ(clipping->format, GST_FORMAT_DEFAULT);
    EXPECT_EQ(clipping->start, 312u);
    EXPECT_EQ(clipping->end, UINT64_MAX);
    const GstAudioLevelMeta* level = gst_buffer_get_audio_level_meta(back.get());
    ASSERT_NE(level, nullptr);
    EXPECT_EQ(level->level, 30);
    EXPECT_TRUE(level->voice_activity);
}

TEST(MetaCodec, WhatComesBesideAPictureTravels) {
    Ends ends("video/x-h264");
    const BufferPtr buffer = make_buffer(100);
    const guint8 caption[] = {0xfc, 0x94, 0x2c};
    guint8 uuid[16] = {0xdc, 0x45}, sei[] = {1, 2, 3, 4, 5};
    gst_buffer_add_video_caption_meta(buffer.get(), GST_VIDEO_CAPTION_TYPE_CEA708_RAW, caption,
                                      sizeof caption);
    gst_buffer_add_video_afd_meta(buffer.get(), 1, GST_VIDEO_AFD_SPEC_ATSC_A53,
                                  GST_VIDEO_AFD_16_9_LETTER_4_3_CENTER);
    gst_buffer_add_video_bar_meta(buffer.get(), 0, TRUE, 60, 70000);
    gst_buffer_add_video_sei_user_data_unregistered_meta(buffer.get(), uuid, sei, sizeof sei);
    GDateTime* jam = g_date_time_new_from_iso8601("2026-03-04T05:06:07.123456+02:00", nullptr);
    gst_buffer_add_video_time_code_meta_full(buffer.get(), 30000, 1001, jam,
                                             GST_VIDEO_TIME_CODE_FLAGS_DROP_FRAME, 23, 59, 58, 29, 1);
    const BufferPtr back = ends.across(buffer.get());
    const auto* got_caption = reinterpret_cast<GstVideoCaptionMeta*>(
        gst_buffer_get_meta(back.get(), GST_VIDEO_CAPTION_META_API_TYPE));
    ASSERT_NE(got_caption, nullptr);
    EXPECT_EQ(got_caption->caption_type, GST_VIDEO_CAPTION_TYPE_CEA708_RAW);
    EXPECT_EQ(hex_of({got_caption->data, got_caption->size}), "fc942c");
    const auto* afd =
        reinterpret_cast<GstVideoAFDMeta*>(gst_buffer_get_meta(back.get(), GST_VIDEO_AFD_META_API_TYPE));
    ASSERT_NE(afd, nullptr);
    EXPECT_EQ(afd->field, 1);
    EXPECT_EQ(afd->spec, GST_VIDEO_AFD_SPEC_ATSC_A53);
    EXPECT_EQ(afd->afd, GST_VIDEO_AFD_16_9_LETTER_4_3_CENTER);
    const auto* bar =
        reinterpret_cast<GstVideoBarMeta*>(gst_buffer_get_meta(back.get(), GST_VIDEO_BAR_META_API_TYPE));
    ASSERT_NE(bar, nullptr);
    EXPECT_TRUE(bar->is_letterbox);
    EXPECT_EQ(bar->bar_data1, 60u);
    EXPECT_EQ(bar->bar_data2, 70000u);
    const auto* got_sei = reinterpret_cast<GstVideoSEIUserDataUnregisteredMeta*>(
        gst_buffer_get_meta(back.get(), GST_VIDEO_SEI_USER_DATA_UNREGISTERED_META_API_TYPE));
    ASSERT_NE(got_sei, nullptr);
    EXPECT_EQ(got_sei->uuid[1], 0x45);
    EXPECT_EQ(hex_of({got_sei->data, got_sei->size}), "0102030405");
    const GstVideoTimeCodeMeta* code = gst_buffer_get_video_time_code_meta(back.get());
    ASSERT_NE(code, nullptr);
    EXPECT_EQ(code->tc.hours, 23u);
    EXPECT_EQ(code->tc.frames, 29u);
    EXPECT_EQ(code->tc.field_count, 1u);
    EXPECT_EQ(code->tc.config.flags, GST_VIDEO_TIME_CODE_FLAGS_DROP_FRAME);
    ASSERT_NE(code->tc.config.latest_daily_jam, nullptr);
    EXPECT_EQ(g_date_time_compare(code->tc.config.latest_daily_jam, jam), 0);
    g_date_time_unref(jam);
    EXPECT_TRUE(ends.warnings.empty());
}

TEST(MetaCodec, ProtectionTravelsWithItsKeys) {
    Ends ends("application/x-cenc, original-media-type=video/x-h264");
    const BufferPtr buffer = make_buffer(100), kid = make_buffer(16, 1), iv = make_buffer(8, 2);
    const BufferPtr none(gst_buffer_new());
    GstStructure* info =
        gst_structure_new("application/x-cenc", "iv_size", G_TYPE_UINT, 8u, "encrypted", G_TYPE_BOOLEAN, TRUE,
                          "kid", GST_TYPE_BUFFER, kid.get(), "iv", GST_TYPE_BUFFER, iv.get(), "subsamples",
                          GST_TYPE_BUFFER, none.get(), "cipher-mode", G_TYPE_STRING, "cenc", nullptr);
    gst_buffer_add_protection_meta(buffer.get(), gst_structure_copy(info));
    const BufferPtr back = ends.across(buffer.get());
    const GstProtectionMeta* got = gst_buffer_get_protection_meta(back.get());
    ASSERT_NE(got, nullptr);
    EXPECT_TRUE(gst_structure_is_equal(got->info, info));
    gst_structure_free(info);
    EXPECT_TRUE(ends.warnings.empty());

    const BufferPtr bad = make_buffer(100);
    gst_buffer_add_protection_meta(
        bad.get(), gst_structure_new("application/x-cenc", "key", G_TYPE_POINTER, &ends, nullptr));
    const Result<Bytes> bytes = ends.sender.encode(bad.get());
    ASSERT_FALSE(bytes.ok());
    EXPECT_EQ(bytes.error().reason, Reason::meta_needed);
    EXPECT_EQ(Ends("video/x-h264").encoded(bad.get()), "") << "not encrypted";
}

TEST(MetaCodec, ReferenceTimestampsTravelButNotThoseOfTheLastHop) {
    Ends ends;
    const BufferPtr buffer = make_buffer(100);
    const CapsPtr ntp(gst_caps_from_string("timestamp/x-ntp, host=(string)a"));
    const CapsPtr hop(gst_caps_from_string(sender_time_media_type));
    gst_buffer_add_reference_timestamp_meta(buffer.get(), ntp.get(), 5 * GST_SECOND, GST_CLOCK_TIME_NONE);
    gst_buffer_add_reference_timestamp_meta(buffer.get(), hop.get(), 6 * GST_SECOND, 7);
    const BufferPtr back = ends.across(buffer.get());
    const GstReferenceTimestampMeta* got = gst_buffer_get_reference_timestamp_meta(back.get(), ntp.get());
    ASSERT_NE(got, nullptr);
    EXPECT_EQ(got->timestamp, 5 * GST_SECOND);
    EXPECT_EQ(got->duration, GST_CLOCK_TIME_NONE);
    EXPECT_EQ(gst_buffer_get_reference_timestamp_meta(back.get(), hop.get()), nullptr);
    EXPECT_TRUE(ends.warnings.empty());
}

TEST(MetaCodec, CustomMetasTravel) {
    const char* tags[] = {"stt-test-tag", nullptr};
    if (!gst_meta_get_info("stt-test-custom"))
        gst_meta_register_custom("stt-test-custom", tags, nullptr, nullptr, nullptr);
    Ends ends;
    const BufferPtr buffer = make_buffer(100), key = make_buffer(3);
    GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer.get(), "stt-test-custom");
    GstStructure* fields = gst_custom_meta_get_structure(meta);
    gst_structure_set(fields, "n", G_TYPE_INT64, gint64{-3}, "data", GST_TYPE_BUFFER, key.get(), nullptr);
    const std::string sent = ends.encoded(buffer.get());
    const BufferPtr back = ends.across(buffer.get());
    GstCustomMeta* got = gst_buffer_get_custom_meta(back.get(), "stt-test-custom");
    ASSERT_NE(got, nullptr);
    EXPECT_TRUE(gst_structure_is_equal(gst_custom_meta_get_structure(got), fields));

    // A process that does not know the type has it afterwards.
    const std::string known = hex_of({reinterpret_cast<const uint8_t*>("stt-test-custom"), 15});
    const std::string unknown = hex_of({reinterpret_cast<const uint8_t*>("stt-test-unheard"), 15});
    std::string changed = sent;
    for (size_t at; (at = changed.find(known)) != std::string::npos;)
        changed.replace(at, known.size(), unknown);
    const BufferPtr other = make_buffer(100);
    ASSERT_TRUE(ends.receiver.decode(bytes_of(changed), other.get()));
    const GstMetaInfo* type = gst_meta_get_info("stt-test-unhear");
    ASSERT_NE(type, nullptr);
    EXPECT_TRUE(gst_meta_api_type_has_tag(type->api, g_quark_from_string("stt-test-tag")));
    EXPECT_NE(gst_buffer_get_custom_meta(other.get(), "stt-test-unhear"), nullptr);
    EXPECT_TRUE(ends.warnings.empty());
}

}  // namespace
}  // namespace stt::test
