// SPDX-License-Identifier: LGPL-2.1-or-later
/// The description of a stream that STREAM_OPEN carries.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/wire/frame.hpp"

namespace stt {

struct StreamHeader {
    /// Identifies one run of a sender. Running times of different runs cannot be compared.
    uint64_t instance = 0;
    bool bytes = false;  ///< framing=bytes
    std::string label;   ///< as safe_text() leaves it
    /// Whether the sender can send metas as GStreamer serialises them, if the receiver reports that it reads
    /// them.
    bool serializes = false;
};
/// The longest label in bytes: that of every text which peers exchange for people.
inline constexpr size_t label_max = frame_text_max;

/// Encodes `header`. The label ends before its first control character.
std::vector<uint8_t> encode(const StreamHeader& header);
/// Returns null if malformed. The input is untrusted. The label ends before what is not UTF-8 and before the
/// first control character, as a terminal may obey it.
std::optional<StreamHeader> decode_stream_header(Bytes bytes);

}  // namespace stt
