// SPDX-License-Identifier: LGPL-2.1-or-later
/// One type of meta on the wire. Of the codec's own use.
#pragma once

#include <gst/gst.h>

#include <span>
#include <string>

#include "gst/media_format.hpp"
#include "gst/meta/fields.hpp"

namespace stt {

/// How writing a meta went.
enum class MetaWritten : uint8_t {
    yes,
    needless,  ///< it says what the receiver knows without it
    no,        ///< it cannot be written
};

/// How reading one went.
enum class MetaRead : uint8_t {
    yes,
    malformed,
    refused,  ///< well-formed, and not to be had in this process
};

/// A buffer whose metas are written or read, and what its caps say.
struct MetaContext {
    GstBuffer* buffer;
    const MediaFormat& format;
};

struct MetaType {
    uint64_t id;  ///< on the wire
    const char* name;
    GType (*api)();  ///< null: of custom metas, each of which has its own
    /// Whether the payload is misread without it.
    bool (*needed)(const MediaFormat& format);
    MetaWritten (*write)(const GstMeta* meta, const MetaContext& of, FieldWriter& out);
    /// Adds to `of.buffer` what `in` holds. `what`, if it is refused: which one.
    MetaRead (*read)(FieldReader& in, const MetaContext& of, std::string& what);
};

inline bool never_needed(const MediaFormat&) { return false; }

/// Video frames: planes, crop, regions of interest.
std::span<const MetaType> video_meta_types();
/// What comes beside a picture: captions, AFD, bars, time code, SEI.
std::span<const MetaType> ancillary_meta_types();
/// Planes, clipping, level.
std::span<const MetaType> audio_meta_types();
/// Of any media: protection, reference timestamps, custom.
std::span<const MetaType> general_meta_types();

/// Whether metas of this type mean something elsewhere and none of the above is for them.
bool is_foreign(const GstMetaInfo* info);

/// Adds the meta without which planar audio cannot be read, where `of.buffer` has none and planes that follow
/// each other fit.
void add_default_audio_meta(const MetaContext& of);

/// Whether the crop rectangle of `of.buffer`, if it has one, lies within its frame. A receiver looks when all
/// metas are there.
bool crop_is_within(const MetaContext& of);

}  // namespace stt
