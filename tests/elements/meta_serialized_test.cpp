// SPDX-License-Identifier: LGPL-2.1-or-later
/// Metas of foreign types as bytes and back, by functions of the types: what is carried so, and what is not.
#include <gst/audio/audio.h>
#include <gst/video/video.h>

#include <random>

#include "gst/meta/fields.hpp"
#include "gst/meta/serialized.hpp"
#include "tests/elements/foreign_meta.hpp"
#include "tests/elements/meta_ends.hpp"

namespace stt::test {
namespace {

/// Both ends, which have said what they have.
struct SerializingEnds : Ends {
    explicit SerializingEnds(const char* text = nullptr) : Ends(text) {
        sender.set_peer_reads_serialized(true);
    }
};

/// A meta, as a peer may write it.
std::vector<uint8_t> serialized(const std::string& name, Bytes data, uint64_t version = 0) {
    std::vector<uint8_t> fields, bytes;
    FieldWriter writer(fields), out(bytes);
    writer.text(name);
    writer.number(version);
    writer.bytes(data);
    out.number(15);
    out.bytes(fields);
    return bytes;
}

unsigned metas_of(GstBuffer* buffer) {
    unsigned count = 0;
    gpointer state = nullptr;
    while (gst_buffer_iterate_meta(buffer, &state)) count++;
    return count;
}

TEST(MetaSerialized, AForeignTypeIsCarriedByItsOwnFunctions) {
    SKIP_WITHOUT_SERIALIZATION();
    SerializingEnds ends;
    const BufferPtr buffer = make_buffer(100);
    add_foreign_meta(buffer.get(), 0x01020304, 2);
    // name, version, what the function has written
    EXPECT_EQ(ends.encoded(buffer.get()),
              "010f011a"
              "010e537474466f726569676e4d657461"
              "0103"
              "0106040302015555");
    const BufferPtr back = ends.across(buffer.get());
    const ForeignMeta* got = foreign_meta_of(back.get());
    ASSERT_NE(got, nullptr);
    EXPECT_EQ(got->number, 0x01020304u);
    EXPECT_EQ(got->size, 2u);
    EXPECT_TRUE(ends.warnings.empty());
}

TEST(MetaSerialized, WithoutTheReceiversWordTheTypeIsNamedOnce) {
    Ends ends;
    const BufferPtr buffer = make_buffer(100);
    add_foreign_meta(buffer.get(), 1);
    for (int i = 0; i < 3; i++) EXPECT_EQ(ends.encoded(buffer.get()), "");
    ASSERT_EQ(ends.warnings.size(), 1u);
    EXPECT_NE(ends.warnings[0].find("SttForeignMeta"), std::string::npos);
}

TEST(MetaSerialized, WhereTheCapsNameItItIsCarriedOrAnError) {
    constexpr char caps[] = "video/x-raw(meta:SttForeign), format=I420, width=16, height=8, framerate=25/1";
    const BufferPtr buffer = make_buffer(192);
    add_foreign_meta(buffer.get(), 7);
    const Result<Bytes> without = Ends(caps).sender.encode(buffer.get());
    ASSERT_FALSE(without.ok());
    EXPECT_EQ(without.error().reason, Reason::meta_needed);
    SKIP_WITHOUT_SERIALIZATION();
    SerializingEnds ends(caps);
    EXPECT_NE(foreign_meta_of(ends.across(buffer.get()).get()), nullptr);
    const BufferPtr large = make_buffer(192);
    add_foreign_meta(large.get(), 7, serialized_size_max);
    const Result<Bytes> refused = ends.sender.encode(large.get());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().reason, Reason::meta_needed);
}

TEST(MetaSerialized, WhatIsTiedToMemoryIsNotCarried) {
    SerializingEnds ends;
    const BufferPtr buffer = make_buffer(100);
    gst_buffer_add_meta(buffer.get(), memory_meta_info(), nullptr);
    EXPECT_EQ(ends.encoded(buffer.get()), "");
    ASSERT_EQ(ends.warnings.size(), 1u);
    EXPECT_NE(ends.warnings[0].find("SttMemoryMeta"), std::string::npos);
}

TEST(MetaSerialized, MoreThanTheBoundsIsNamedAndLeftOut) {
    SKIP_WITHOUT_SERIALIZATION();
    SerializingEnds ends;
    for (const gsize size : {serialized_size_max - 4, serialized_size_max - 3, gsize{1} << 40}) {
        const BufferPtr buffer = make_buffer(10);
        add_foreign_meta(buffer.get(), 1, size);
        EXPECT_EQ(metas_of(ends.across(buffer.get()).get()), size == serialized_size_max - 4 ? 1u : 0u);
    }
    EXPECT_EQ(ends.warnings.size(), 1u);
    ends.sender.start();
    ends.warnings.clear();
    const BufferPtr many = make_buffer(10);
    for (guint32 i = 0; i < serialized_count_max + 5; i++) add_foreign_meta(many.get(), i);
    EXPECT_EQ(metas_of(ends.across(many.get()).get()), serialized_count_max);
    EXPECT_EQ(ends.warnings.size(), 1u);
    const BufferPtr large = make_buffer(10);
    for (guint32 i = 0; i < 6; i++) add_foreign_meta(large.get(), i, 60000);
    EXPECT_LE(ends.sender.encode(large.get())->size(), metas_size_max);
    EXPECT_EQ(metas_of(ends.across(large.get()).get()), 4u);
}

TEST(MetaSerialized, APeerMayNotExceedThem) {
    Ends ends;
    const uint8_t one[] = {0};
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i < serialized_count_max; i++) {
        const std::vector<uint8_t> meta = serialized("SttForeignMeta", one);
        bytes.insert(bytes.end(), meta.begin(), meta.end());
    }
    EXPECT_TRUE(ends.takes(bytes));
    const std::vector<uint8_t> meta = serialized("SttForeignMeta", one);
    bytes.insert(bytes.end(), meta.begin(), meta.end());
    EXPECT_FALSE(ends.takes(bytes));
    EXPECT_TRUE(ends.takes(serialized("SttForeignMeta", std::vector<uint8_t>(serialized_size_max))));
    EXPECT_FALSE(ends.takes(serialized("SttForeignMeta", std::vector<uint8_t>(serialized_size_max + 1))));
    EXPECT_FALSE(ends.takes(serialized("SttForeignMeta", one, 256)));
    for (const char* name : {"", "ab", "a b", "1ab", "\xff\xff\xff"})
        EXPECT_FALSE(ends.takes(serialized(name, one)));
}

TEST(MetaSerialized, APeerMakesNoMetasThatHaveAnotherFormOrNone) {
    foreign_meta_info();
    memory_meta_info();
    gst_video_meta_get_info();
    gst_audio_meta_get_info();
    gst_reference_timestamp_meta_get_info();
    gst_parent_buffer_meta_get_info();
    const char* tags[] = {nullptr};
    if (!gst_meta_get_info("stt-custom"))
        gst_meta_register_custom("stt-custom", tags, nullptr, nullptr, nullptr);
    // As GStreamer's own functions would read it.
    std::vector<uint8_t> data(64);
    for (const std::string text : {"", "stt-custom, a-name-that-is-new=(int)1;"}) {
        if (!text.empty()) data.assign(text.c_str(), text.c_str() + text.size() + 1);
        for (const char* name : {"GstVideoMeta", "GstAudioMeta", "GstReferenceTimestampMeta",
                                 "GstParentBufferMeta", "stt-custom", "SttMemoryMeta", "SttNobodysMeta"}) {
            Ends ends(i420_16x8);
            const BufferPtr buffer = make_buffer(192);
            for (int i = 0; i < 3; i++)
                EXPECT_TRUE(ends.receiver.decode(serialized(name, data), buffer.get())) << name;
            EXPECT_EQ(metas_of(buffer.get()), 0u) << name;
            ASSERT_EQ(ends.warnings.size(), 1u) << name;
            EXPECT_NE(ends.warnings[0].find(name), std::string::npos);
        }
    }
    EXPECT_EQ(g_quark_try_string("a-name-that-is-new"), 0u);
    EXPECT_EQ(g_type_from_name("SttNobodysMeta"), 0u);
}

TEST(MetaSerialized, AReadingFunctionThatLiesCostsTheMeta) {
    SKIP_WITHOUT_SERIALIZATION();
    SerializingEnds ends;
    for (const Lie lie :
         {Lie::none, Lie::adds_without_saying, Lie::says_without_adding, Lie::adds_two, Lie::adds_another}) {
        const BufferPtr buffer = make_buffer(100);
        add_foreign_meta(buffer.get(), 5);
        add_lying_meta(buffer.get(), lie);
        const BufferPtr back = ends.across(buffer.get());
        // What came before it stays.
        EXPECT_EQ(metas_of(back.get()), lie == Lie::none ? 2u : 1u) << static_cast<int>(lie);
        ASSERT_NE(foreign_meta_of(back.get()), nullptr);
        EXPECT_EQ(foreign_meta_of(back.get())->number, 5u);
        EXPECT_TRUE(same_bytes(back.get(), buffer.get()));
    }
    EXPECT_EQ(ends.warnings.size(), 1u);
}

TEST(MetaSerialized, HostileBytesNeverHarm) {
    SerializingEnds ends;
    lying_meta_info();
    const BufferPtr buffer = make_buffer(100);
    add_foreign_meta(buffer.get(), 9, 20);
    add_lying_meta(buffer.get(), Lie::none);
    std::vector<uint8_t> good = bytes_of(ends.encoded(buffer.get()));
    if (good.empty()) good = serialized("SttForeignMeta", std::vector<uint8_t>(24, 0x55), 3);
    // A list of two may end behind the first.
    size_t cuts = 0;
    for (size_t size = 1; size < good.size(); size++) cuts += ends.takes(Bytes(good).first(size));
    EXPECT_LE(cuts, 1u);
    std::mt19937 random(20261130);
    unsigned taken = 0;
    for (int i = 0; i < 20000; i++) {
        std::vector<uint8_t> bytes = good;
        for (auto changes = 1 + random() % 3; changes > 0; changes--) {
            const size_t at = random() % bytes.size();
            if (random() % 2)
                bytes[at] = static_cast<uint8_t>(random());
            else
                bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(at), static_cast<uint8_t>(random()));
        }
        const BufferPtr got = make_buffer(100);
        taken += ends.receiver.decode(bytes, got.get());
        EXPECT_LE(metas_of(got.get()), 3u);
    }
    EXPECT_GT(taken, 1000u);
}

TEST(MetaSerialized, DsdPlanesAreStillNeeded) {
#if GST_CHECK_VERSION(1, 24, 0)
    SerializingEnds ends("audio/x-dsd, format=DSDU8, rate=2822400, channels=2, layout=non-interleaved");
    const BufferPtr buffer = make_buffer(200);
    gst_buffer_add_dsd_plane_offset_meta(buffer.get(), 2, 100, nullptr);
    const Result<Bytes> bytes = ends.sender.encode(buffer.get());
    ASSERT_FALSE(bytes.ok());
    EXPECT_EQ(bytes.error().reason, Reason::meta_needed);
#else
    GTEST_SKIP() << "GStreamer before 1.24 has no DSD";
#endif
}

}  // namespace
}  // namespace stt::test
