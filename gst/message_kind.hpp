// SPDX-License-Identifier: LGPL-2.1-or-later
/// The kinds of messages in a stream (docs/elements.md, "On the wire"). Each message can be decoded by
/// itself, so that a stream can resume at any of them.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/wire/message.hpp"

namespace stt {

/// The kind byte of a message.
enum class MessageKind : uint8_t {
    bytes = 0,  ///< payload only
    buffer = 1,
    caps = 2,
    segment = 3,
    flush = 4,  ///< a discontinuity: the sender has flushed, or had begun to send earlier
    gap = 5,
    tag = 6,
    toc = 7,
    protection = 8,
    custom = 9,
    force_key_unit = 10,  ///< upstream
    given_up = 11,        ///< what the sender has dropped before the next message
    timing = 12,          ///< the sender pipeline's clock and the stream's relation to it
    stream_start = 13,
    stream_collection = 14,
    segment_done = 15,
    instant_rate_change = 16,
    ended = 17,      ///< replaces something that is no longer in force
    qos = 18,        ///< upstream
    upstream = 19,   ///< upstream: NAVIGATION and custom events
    discarded = 20,  ///< upstream: what a paused receiver has discarded
    playout = 21,    ///< upstream: how long after its running time the receiver plays an item without delay
    /// Upstream: whether the receiver reads metas as GStreamer serialises them.
    reads_serialized = 22,
};

/// Returns a message without a payload, which owns a copy of `header`.
inline OutMessage header_message(MessageKind kind, Bytes header = {}) {
    return OutMessage::copy_of(static_cast<uint8_t>(kind), header);
}
inline OutMessage encode_flush() { return header_message(MessageKind::flush); }
inline OutMessage encode_ended() { return header_message(MessageKind::ended); }

/// Returns the error of a peer that has sent a malformed message. It ends the session.
inline Error malformed_message(std::string text) {
    return make_error(ErrorCode::invalid_frame, Reason::malformed_message, ErrorOrigin::peer, std::move(text))
        .ending();
}

}  // namespace stt
