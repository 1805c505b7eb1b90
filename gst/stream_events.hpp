// SPDX-License-Identifier: LGPL-2.1-or-later
/// The events that describe the streams: STREAM_START and STREAM_COLLECTION.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <optional>
#include <string>

#include "gst/message_kind.hpp"
#include "gst/owned.hpp"
#include "gst/text_parser.hpp"

namespace stt {

/// The longest stream id on the wire in bytes. A longer id is replaced by its SHA-256.
inline constexpr size_t stream_id_max = 1024;
/// The largest number of streams in a collection.
inline constexpr size_t streams_max = 1024;
/// The longest text of a stream's caps or tags in bytes.
inline constexpr size_t stream_text_max = 1 << 20;

Result<std::optional<OutMessage>> encode_stream_start(GstEvent* event);
Result<std::optional<OutMessage>> encode_stream_collection(GstEvent* event);

/// Decode an event, with the sender's ids, from a message whose sequence number has been read from `in`. They
/// return null if it is malformed or `parser` refuses a text. The input is untrusted.
EventPtr decode_stream_start(ByteReader& in, const InMessage& message, TextParser& parser);
EventPtr decode_stream_collection(ByteReader& in, const InMessage& message, TextParser& parser);

/// Returns the hash in hexadecimal digits.
std::string sha256(const std::string& text);

struct ObjectDeleter {
    void operator()(gpointer object) const { gst_object_unref(object); }
};
using StreamPtr = std::unique_ptr<GstStream, ObjectDeleter>;
using CollectionPtr = std::unique_ptr<GstStreamCollection, ObjectDeleter>;

/// The content of a STREAM_START event.
struct StreamStart {
    const char* id = nullptr;  ///< owned by the event
    GstStreamFlags flags = GST_STREAM_FLAG_NONE;
    unsigned group = GST_GROUP_ID_INVALID;
    StreamPtr stream;
};
StreamStart parse_stream_start(GstEvent* event);

}  // namespace stt
