// SPDX-License-Identifier: LGPL-2.1-or-later
/// The interface of one type of meta on the wire, for the codec only.
#pragma once

#include <gst/gst.h>

#include <span>
#include <string>

#include "gst/media_format.hpp"
#include "gst/meta/fields.hpp"

namespace stt {

/// The outcome of writing a meta.
enum class MetaWritten : uint8_t {
    yes,
    needless,  ///< the receiver knows its content without it
    no,        ///< it cannot be written
};

/// The outcome of reading a meta.
enum class MetaRead : uint8_t {
    yes,
    malformed,
    refused,  ///< well-formed, but not available in this process
};

/// The buffer whose metas are written or read, and the format of its caps.
struct MetaContext {
    GstBuffer* buffer;
    const MediaFormat& format;
};

struct MetaType {
    uint64_t id;  ///< on the wire
    const char* name;
    GType (*api)();  ///< null: custom metas, each of which has an API of its own
    /// Whether the payload would be misread without the meta.
    bool (*needed)(const MediaFormat& format);
    MetaWritten (*write)(const GstMeta* meta, const MetaContext& of, FieldWriter& out);
    /// Adds the meta in `in` to `of.buffer`. If it is refused, `what` is set to its name.
    MetaRead (*read)(FieldReader& in, const MetaContext& of, std::string& what);
};

inline bool never_needed(const MediaFormat&) { return false; }

/// Video frames: planes, crop, regions of interest.
std::span<const MetaType> video_meta_types();
/// Metas that accompany a picture: captions, AFD, bars, time code, SEI.
std::span<const MetaType> ancillary_meta_types();
/// Planes, clipping, level.
std::span<const MetaType> audio_meta_types();
/// Metas of any media: protection, reference timestamps, custom.
std::span<const MetaType> general_meta_types();

/// Whether metas of this type are meaningful at another node and none of the above types handles them.
bool is_foreign(const GstMetaInfo* info);

/// Adds the meta that planar audio requires, if `of.buffer` has none and its size fits contiguous planes.
void add_default_audio_meta(const MetaContext& of);

/// Whether the crop rectangle of `of.buffer`, if it has one, lies within its frame. A receiver checks this
/// when all metas have been added.
bool crop_is_within(const MetaContext& of);

}  // namespace stt
