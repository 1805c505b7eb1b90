// SPDX-License-Identifier: LGPL-2.1-or-later
/// The metas of buffers on the wire (docs/elements.md, "On the wire"): a list that ends a buffer's header, of
/// a number that names the type, a number that is the length, and the fields of the type. One form on all
/// versions of GStreamer. Streaming thread.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "gst/media_format.hpp"

namespace stt {

/// All metas of one buffer. A header may have 1 MiB; regions of interest, by far the most that is in use,
/// take some 100 bytes each.
inline constexpr size_t metas_size_max = 256 * 1024;
inline constexpr size_t metas_count_max = 1024;

/// The media type of the reference timestamps that sttsrc adds itself. They are about the last hop.
inline constexpr char sender_time_media_type[] = "timestamp/x-stt-sender";

/// Says that metas of a type do not travel. Called once per type and run, on the streaming thread.
using MetaWarning = std::function<void(const Error&)>;

class MetaEncoder {
  public:
    explicit MetaEncoder(MetaWarning warning) : warning_(std::move(warning)) {}

    /// Another run from READY to PAUSED: every type may be named again.
    void start() { told_.clear(); }
    /// Those of the buffers that follow.
    void set_caps(const GstCaps* caps) { format_ = MediaFormat(caps); }
    /// Whether the receiver of the buffers that follow has said that it reads metas as GStreamer serialises
    /// them.
    void set_peer_reads_serialized(bool reads) { peer_reads_serialized_ = reads; }

    /// What is to end the header of `buffer`, until the next call; empty where its metas say nothing that the
    /// receiver would not know without them. Error: the payload would be misread without one that cannot be
    /// carried.
    Result<Bytes> encode(GstBuffer* buffer);

  private:
    void warn_of(const GstMeta* meta);

    const MetaWarning warning_;
    MediaFormat format_;
    bool peer_reads_serialized_ = false;
    std::set<GType> told_;
    std::vector<uint8_t> bytes_, fields_;  // keep their memory
};

class MetaDecoder {
  public:
    explicit MetaDecoder(MetaWarning warning) : warning_(std::move(warning)) {}

    /// Another run from READY to PAUSED.
    void start() {
        told_.clear();
        format_ = {};
    }
    /// Those of the buffers that follow.
    void set_caps(const GstCaps* caps) { format_ = MediaFormat(caps); }

    /// Adds to `buffer`, which is writable and has its payload, what `bytes` hold; untrusted. Empty: no metas
    /// came. What planar audio cannot be read without is added in any case. False: malformed.
    bool decode(Bytes bytes, GstBuffer* buffer);

  private:
    const MetaWarning warning_;
    MediaFormat format_;
    std::set<std::string> told_;
};

}  // namespace stt
