// SPDX-License-Identifier: LGPL-2.1-or-later
/// Decodes what a sender's stream consists of.
#pragma once

#include <variant>

#include "gst/buffer_codec.hpp"
#include "gst/gap.hpp"
#include "gst/owned.hpp"
#include "gst/segment_codec.hpp"
#include "gst/text_parser.hpp"
#include "gst/timing.hpp"

namespace stt {

struct DecodedFlush {};
/// A message of a kind that this version does not know. The caller skips it.
struct DecodedUnknown {};

/// The result of decoding. A buffer owns a copy of the payload.
using Decoded = std::variant<BufferPtr, EventPtr, DecodedSegment, Timing, DecodedFlush, Gap, DecodedUnknown>;

/// Owns what the messages of one receiver share: the format that metas depend on, the memory of payloads, and
/// the limit for new names. Used on the streaming thread, except where noted.
class MessageDecoder {
  public:
    /// `warning` is called on the streaming thread for each type of meta that cannot be added.
    explicit MessageDecoder(MetaWarning warning) : metas_(std::move(warning)) {}

    /// Begins another run from READY to PAUSED. Called while no streaming thread runs.
    void start();
    /// Releases unused memory. Called while no streaming thread runs.
    void stop() { payloads_.stop(); }
    /// Sets the caps of the buffers that follow.
    void set_caps(const GstCaps* caps) { metas_.set_caps(caps); }

    /// Decodes a downstream message, which is untrusted. The error is malformed_message() or, for a buffer,
    /// that there is no memory.
    Result<Decoded> decode(const InMessage& message);

  private:
    Result<Decoded> decode_as_event(const InMessage& message);

    MetaDecoder metas_;
    PayloadPool payloads_;
    TextParser parser_;
};

}  // namespace stt
