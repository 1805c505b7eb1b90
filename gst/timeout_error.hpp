// SPDX-License-Identifier: LGPL-2.1-or-later
/// The error of an element that has waited for its peer in vain.
#pragma once

#include <cstdint>

#include "core/base/error.hpp"
#include "gst/awaited_peer.hpp"

namespace stt {

/// What an element waited for.
struct VainWait {
    Reason reason;         ///< of the error, if there was a peer
    const char* format;    ///< the sentence for that case, with placeholders for `property` and `limit_ms`
    const char* property;  ///< the name of the property that holds the limit
    uint32_t limit_ms;     ///< its value
};

/// Returns the error for `wait`. If no peer of a listener ever reached a stream, the text says how far one
/// got
/// (`reached`). The reason is `no-caller` if there was no call. For a caller, `caller`, that makes no
/// difference, as its attempts are reported. The origin is the peer while the stream is open (`ready`), and
/// for a listener whose peer had a session but opened no stream. Otherwise it is the network.
Error timeout_error(const VainWait& wait, bool caller, Reached reached, bool ready);

}  // namespace stt
