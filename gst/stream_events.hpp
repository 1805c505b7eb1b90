// SPDX-License-Identifier: LGPL-2.1-or-later
/// Events that say which streams there are: STREAM_START and STREAM_COLLECTION.
#pragma once

#include <string>

#include "gst/metadata.hpp"

namespace stt {

/// A stream's id has at most this many bytes on the wire; a longer one is replaced by its SHA-256.
inline constexpr size_t stream_id_max = 1024;
/// Of one collection.
inline constexpr size_t streams_max = 1024;
/// Of the text of a stream's caps or tags, bytes.
inline constexpr size_t stream_text_max = 1 << 20;

Result<std::optional<OutMessage>> encode_stream_start(GstEvent* event);
Result<std::optional<OutMessage>> encode_stream_collection(GstEvent* event);

/// The event, with the sender's ids, of a message behind its sequence number; null when it is malformed.
/// Untrusted.
EventPtr decode_stream_start(ByteReader& in, const InMessage& message);
EventPtr decode_stream_collection(ByteReader& in, const InMessage& message);

/// In hexadecimal digits.
std::string sha256(const std::string& text);

struct ObjectDeleter {
    void operator()(gpointer object) const { gst_object_unref(object); }
};
using StreamPtr = std::unique_ptr<GstStream, ObjectDeleter>;
using CollectionPtr = std::unique_ptr<GstStreamCollection, ObjectDeleter>;

/// What a STREAM_START event says.
struct StreamStart {
    const char* id = nullptr;  ///< the event's
    GstStreamFlags flags = GST_STREAM_FLAG_NONE;
    unsigned group = GST_GROUP_ID_INVALID;
    StreamPtr stream;
};
StreamStart parse_stream_start(GstEvent* event);

}  // namespace stt
