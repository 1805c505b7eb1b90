// SPDX-License-Identifier: LGPL-2.1-or-later
/// Metas of foreign types on the wire: bytes that functions of the type itself make and read, which GStreamer
/// has from 1.24 on. Of use only to a receiver that has said that it reads them.
#pragma once

#include <gst/gst.h>

#include "gst/meta/type.hpp"

namespace stt {

/// Bytes of one meta: as many as a structure's text may have.
inline constexpr size_t serialized_size_max = 64 * 1024;
/// Of one buffer. What reads them is foreign code, and may allocate more than came.
inline constexpr size_t serialized_count_max = 64;

/// Whether there are such functions: GStreamer is new enough, the one this was built for and the one it runs
/// with.
bool has_serialization();
/// Whether metas of this type have them and are foreign.
bool is_serializable(const GstMetaInfo* info);
/// Whether `buffer` has such a meta.
bool has_serializable_meta(GstBuffer* buffer);
/// Their form on the wire.
const MetaType& serialized_meta_type();

}  // namespace stt
