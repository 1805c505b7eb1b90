// SPDX-License-Identifier: LGPL-2.1-or-later
/// What is missing from a stream, and the two messages that report it.
#pragma once

#include <optional>

#include "gst/message_kind.hpp"

namespace stt {

/// The data that is missing from a stream.
struct Gap {
    uint64_t buffers = 0, bytes = 0, duration = 0;  ///< duration is in ns
    bool uncertain = false;                         ///< some or all of it may have been delivered
    Gap& operator+=(const Gap& other) {
        buffers += other.buffers, bytes += other.bytes, duration += other.duration;
        uncertain = uncertain || other.uncertain;
        return *this;
    }
};

/// Encodes what the sender has dropped before the next message.
OutMessage encode_given_up(const Gap& gap);
/// Returns null if `message` is of another kind or malformed. The input is untrusted.
std::optional<Gap> decode_given_up(const InMessage& message);

/// Encodes an upstream message: what a paused receiver has discarded.
OutMessage encode_discarded(const Gap& gap);
/// Returns null if `message` is of another kind or malformed. The input is untrusted.
std::optional<Gap> decode_discarded(const InMessage& message);

}  // namespace stt
