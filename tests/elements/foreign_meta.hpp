// SPDX-License-Identifier: LGPL-2.1-or-later
/// Types of metas that are the test's own. From GStreamer 1.24 on they have functions that serialise them.
#pragma once

#include <gst/gst.h>

#include <cstddef>

namespace stt::test {

/// Whether GStreamer is new enough for the functions.
bool gstreamer_serializes();
/// Skips a test that is about them.
#define SKIP_WITHOUT_SERIALIZATION() \
    if (!stt::test::gstreamer_serializes()) GTEST_SKIP() << "GStreamer before 1.24 does not serialise metas"

/// A number, and as many bytes that are the same everywhere as `size` says: what is read is looked at.
struct ForeignMeta {
    GstMeta meta;
    guint32 number;
    gsize size;
};
/// "SttForeignMeta", of the API "SttForeignMetaAPI".
const GstMetaInfo* foreign_meta_info();
void add_foreign_meta(GstBuffer* buffer, guint32 number, gsize size = 0);
/// Null: it has none.
const ForeignMeta* foreign_meta_of(GstBuffer* buffer);

/// "SttMemoryMeta": the same, but its API says that it goes with the buffer's memory.
const GstMetaInfo* memory_meta_info();

/// What the reading function of "SttLyingMeta" does.
enum class Lie : guint8 { none, adds_without_saying, says_without_adding, adds_two, adds_another };
/// "SttLyingMeta".
const GstMetaInfo* lying_meta_info();
void add_lying_meta(GstBuffer* buffer, Lie lie);

}  // namespace stt::test
