// SPDX-License-Identifier: LGPL-2.1-or-later
/// A session packet while its frames are written.
#pragma once

#include <utility>

#include "core/proto/sent_packet.hpp"
#include "core/wire/frame.hpp"
#include "core/wire/packet.hpp"

namespace stt {

struct PacketBuilder {
    /// `packet` is the memory for the whole packet, including header and tag. It must be longer than
    /// session_overhead.
    explicit PacketBuilder(MutableBytes packet)
        : out(packet.subspan(session_header_size, packet.size() - session_overhead)) {}

    ByteWriter out;     ///< the frames
    SentFrames frames;  ///< what must be sent again if the packet is lost
    bool ack_eliciting = false;
    bool mtu_probe = false;  ///< its loss says nothing about congestion

    bool empty() const { return out.size() == 0; }

    /// Writes an ack-eliciting frame that need not be repeated when lost. Returns false if it does not fit.
    bool add(const Frame& frame) {
        if (!write_frame(out, frame)) return false;
        ack_eliciting = true;
        return true;
    }
    /// Writes an ack-eliciting frame that must be repeated when lost, as described by `record`. Returns false
    /// if it does not fit.
    bool add(const Frame& frame, ControlRecord record) {
        if (!add(frame)) return false;
        frames.add(record);
        return true;
    }
};

}  // namespace stt
