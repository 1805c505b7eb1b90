// SPDX-License-Identifier: LGPL-2.1-or-later
/// What of metas does not travel, and how much a peer may bring into a process by them.
#include <gst/video/video-sei.h>

#include "gst/meta/fields.hpp"
#include "tests/elements/meta_ends.hpp"

namespace stt::test {
namespace {

/// A custom meta without fields, as a peer may write it.
std::vector<uint8_t> custom_meta(const std::string& name) {
    std::vector<uint8_t> fields, bytes;
    FieldWriter writer(fields), out(bytes);
    writer.text(name);
    writer.number(0);
    writer.text("a-structure;");
    writer.number(0);
    out.number(14);
    out.bytes(fields);
    return bytes;
}

TEST(MetaBound, APeerRegistersNoMoreThanSomeTypesAndTakesNobodysName) {
    Ends ends;
    for (const char* name : {"GstVideoMeta", "GstH264Parse", "GObject", "gchararray"}) {
        EXPECT_TRUE(ends.takes(custom_meta(name)));
        EXPECT_EQ(ends.warnings.size(), 1u) << name;
        ends.warnings.clear();
    }
    EXPECT_EQ(g_type_from_name("GstH264Parse-api"), 0u);
    for (const char* name : {"", "ab", "1ab", "a b", "a/b"})
        EXPECT_FALSE(ends.takes(custom_meta(name))) << name;
    unsigned registered = 0;
    for (int i = 0; i < 200; i++) {
        const std::string name = "stt-test-flood-" + std::to_string(i);
        EXPECT_TRUE(ends.takes(custom_meta(name)));
        registered += gst_meta_get_info(name.c_str()) != nullptr;
    }
    EXPECT_GT(registered, 50u);
    EXPECT_LE(registered, 64u);
    EXPECT_LE(ends.warnings.size(), 64u);
}

/// A region of interest of the type `name`, as a peer may write it, with `params` as its parameter.
std::vector<uint8_t> region_meta(const std::string& name, const std::string& params = "") {
    std::vector<uint8_t> fields, bytes;
    FieldWriter writer(fields), out(bytes);
    writer.text(name);
    for (int i = 0; i < 6; i++) writer.number(0);
    writer.number(params.empty() ? 0 : 1);
    if (!params.empty()) writer.text(params), writer.number(0);
    out.number(3);
    out.bytes(fields);
    return bytes;
}

TEST(MetaBound, APeerBringsNoMoreThanSomeNamesIntoTheProcess) {
    Ends ends;
    const auto regions = [&](int i, const char* params) {
        const std::string number = std::to_string(i);
        char* text = g_strdup_printf(params, i);
        ends.takes(region_meta("face", text));
        g_free(text);
        EXPECT_TRUE(ends.takes(region_meta("stt-name-" + number)));
    };
    EXPECT_TRUE(
        ends.takes(region_meta("face", "before, a=(int)1, l=(int)1, s=(int)1, stt-field-early=(int)1;")));
    // From 1.26 on names of fields are strings.
    unsigned major = 0, minor = 0, micro = 0, nano = 0;
    gst_version(&major, &minor, &micro, &nano);
    if (minor < 26) {
        EXPECT_NE(g_quark_try_string("stt-field-early"), 0u);
    }
    for (int i = 0; i < 3000; i++) regions(i, "before, stt-field-%d=(int)1;");
    EXPECT_EQ(g_quark_try_string("stt-name-2999"), 0u);
    EXPECT_EQ(g_quark_try_string("stt-field-2999"), 0u);
    // Wherever in a text they stand; what else is in it is known.
    int number = 0;
    for (const char* params :
         {"late-name-%d;", "before, late-name-%d = 1", "before, s=(structure)[late-name-%d, a=(int)1;];",
          "before, s=[late-name-%d, a=1;];", "before, l={ [late-name-%d, a=1;] };",
          "before, l=(structure){ [late-name-%d, a=1;] };",
          "before, l=(string)< (structure)[late-name-%d, a=1;] >;",
          "before, s=(structure)\"late-name-%d\\,\\ a\\=\\(int\\)1\\;\";",
          "before, s=( GstStructure )\"\\154ate-name-%d\\;\";", "before, s=(GstCaps)\"\\154ate-name-%d\";",
          "before, s=(taglist)\"taglist\\,\\ late-name-%d\\=1\";",
          "before, s=(string)[ (structure)late-name-%d, a ];", "before, a=(int)1; late-name-%d, a=(int)1;"}) {
        ends.warnings.clear();
        regions(++number, params);
        EXPECT_EQ(g_quark_try_string(("late-name-" + std::to_string(number)).c_str()), 0u) << params;
    }
    // What is known is taken as before.
    ends.warnings.clear();
    EXPECT_TRUE(ends.takes(region_meta("stt-name-0", "before, stt-field-early=(int)2;")));
    EXPECT_TRUE(ends.warnings.empty());
}

TEST(MetaBound, StructuresWithNamesWithinAreNamedAndLeftOut) {
    Ends ends;
    for (const GType type : {GST_TYPE_STRUCTURE, GST_TYPE_CAPS, GST_TYPE_TAG_LIST}) {
        ends.sender.start();
        ends.warnings.clear();
        const BufferPtr buffer = make_buffer(10);
        GstStructure* fields =
            gst_structure_new("application/x-cenc", "kind", G_TYPE_STRING, "a (male) face", nullptr);
        GValue value = G_VALUE_INIT;
        g_value_init(&value, type);
        ASSERT_TRUE(gst_value_deserialize(
            &value, type == GST_TYPE_TAG_LIST ? "taglist, title=(string)a;" : "inner/x, a=(int)1"));
        gst_structure_take_value(fields, "within", &value);
        gst_buffer_add_protection_meta(buffer.get(), fields);
        EXPECT_EQ(ends.encoded(buffer.get()), "") << g_type_name(type);
        EXPECT_EQ(ends.warnings.size(), 1u);
        gst_structure_remove_field(fields, "within");
        EXPECT_NE(ends.encoded(buffer.get()), "");
    }
}

TEST(MetaBound, AFormatThatOnlyTheSenderKnowsCostsTheMeta) {
    Ends here("video/x-raw, format=GRAY8, width=16, height=8"),
        there("video/x-raw, format=GRAY9, width=16, height=8");
    const BufferPtr frame = make_buffer(32 * 8);
    gsize offsets[GST_VIDEO_MAX_PLANES] = {};
    gint strides[GST_VIDEO_MAX_PLANES] = {32};
    gst_buffer_add_video_meta_full(frame.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, 16, 8, 1,
                                   offsets, strides);
    gst_buffer_add_video_crop_meta(frame.get());
    const Result<Bytes> bytes = here.sender.encode(frame.get());
    ASSERT_TRUE(bytes.ok());
    EXPECT_TRUE(there.takes(*bytes));
    EXPECT_EQ(there.warnings.size(), 2u);
}

TEST(MetaBound, WhatDoesNotTravelIsNamedOncePerTypeAndRun) {
    Ends ends(i420_16x8);
    const BufferPtr frame = make_buffer(192);
    static const char* tags[] = {"memory", nullptr};
    static const GType api = gst_meta_api_type_register("SttTestMetaAPI", tags);
    static const GstMetaInfo* info = gst_meta_register(
        api, "SttTestMeta", sizeof(GstMeta), [](GstMeta*, gpointer, GstBuffer*) -> gboolean { return TRUE; },
        nullptr, nullptr);
    gst_buffer_add_meta(frame.get(), info, nullptr);
    const BufferPtr parent = make_buffer(1);
    gst_buffer_add_parent_buffer_meta(frame.get(), parent.get());
    for (int run = 0; run < 2; run++) {
        ends.sender.start();
        ends.warnings.clear();
        for (int i = 0; i < 3; i++) EXPECT_EQ(ends.encoded(frame.get()), "");
        ASSERT_EQ(ends.warnings.size(), 1u);
        EXPECT_NE(ends.warnings[0].find("SttTestMeta"), std::string::npos);
    }

    Ends needed("video/x-raw(meta:SttTest), format=I420, width=16, height=8, framerate=25/1");
    const Result<Bytes> bytes = needed.sender.encode(frame.get());
    ASSERT_FALSE(bytes.ok());
    EXPECT_EQ(bytes.error().reason, Reason::meta_needed);
    EXPECT_TRUE(needed.sender.encode(make_buffer(192).get()).ok());
}

TEST(MetaBound, MoreThanTheBoundIsNamedAndLeftOut) {
    Ends ends("video/x-h264");
    const BufferPtr buffer = make_buffer(100);
    std::vector<guint8> sei(60000, 1);
    guint8 uuid[16] = {};
    for (int i = 0; i < 6; i++)
        gst_buffer_add_video_sei_user_data_unregistered_meta(buffer.get(), uuid, sei.data(), sei.size());
    const Result<Bytes> bytes = ends.sender.encode(buffer.get());
    ASSERT_TRUE(bytes.ok());
    EXPECT_LE(bytes->size(), metas_size_max);
    EXPECT_GT(bytes->size(), 4 * sei.size());
    EXPECT_EQ(ends.warnings.size(), 1u);
    const BufferPtr many = make_buffer(100);
    for (int i = 0; i < 2000; i++) gst_buffer_add_audio_level_meta(many.get(), 1, FALSE);
    const BufferPtr back = ends.across(many.get());
    EXPECT_EQ(gst_buffer_get_n_meta(back.get(), GST_AUDIO_LEVEL_META_API_TYPE), 1024u);
    EXPECT_EQ(ends.warnings.size(), 2u);
    std::vector<uint8_t> empty;
    for (int i = 0; i < 1025; i++) empty.insert(empty.end(), {1, 99, 0});
    EXPECT_FALSE(ends.takes(empty));
    empty.resize(1024 * 3);
    EXPECT_TRUE(ends.takes(empty)) << "types of a later version";
    EXPECT_FALSE(ends.takes(std::vector<uint8_t>(metas_size_max + 1)));
}

TEST(MetaBound, ManyChannelsAreNoReasonToAllocateForThem) {
    Ends ends(
        "audio/x-raw, format=S8, layout=non-interleaved, rate=48000, channels=1000000, "
        "channel-mask=(bitmask)0");
    const BufferPtr buffer = make_buffer(0);
    EXPECT_TRUE(ends.receiver.decode({}, buffer.get()));
    EXPECT_EQ(gst_buffer_get_audio_meta(buffer.get()), nullptr);
}

}  // namespace
}  // namespace stt::test
