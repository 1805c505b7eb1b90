// SPDX-License-Identifier: LGPL-2.1-or-later
/// The metas of buffers on the wire (docs/elements.md, "On the wire"): a list at the end of a buffer's
/// header. Each entry has a number for the type, a number for the length, and the fields of the type. The
/// form is the same for all versions of GStreamer. Used on the streaming thread.
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

/// Limits for all metas of one buffer. A header may have 1 MiB. Regions of interest, by far the most numerous
/// in use, take some 100 bytes each.
inline constexpr size_t metas_size_max = 256 * 1024;
inline constexpr size_t metas_count_max = 1024;

/// The media type of the reference timestamps that sttsrc adds itself. They describe the last hop only.
inline constexpr char sender_time_media_type[] = "timestamp/x-stt-sender";

/// Reports that metas of a type are not sent or not added. Called once per type and run, on the streaming
/// thread.
using MetaWarning = std::function<void(const Error&)>;

class MetaEncoder {
  public:
    explicit MetaEncoder(MetaWarning warning) : warning_(std::move(warning)) {}

    /// Begins another run from READY to PAUSED, in which every type may be reported again.
    void start() { told_.clear(); }
    /// Sets the caps of the buffers that follow.
    void set_caps(const GstCaps* caps) { format_ = MediaFormat(caps); }
    /// Sets whether the receiver has reported that it reads metas as GStreamer serialises them.
    void set_peer_reads_serialized(bool reads) { peer_reads_serialized_ = reads; }

    /// Returns the bytes that end the header of `buffer`; they are valid until the next call. They are empty
    /// if the metas say nothing that the receiver would not know without them. Error: a meta without which
    /// the payload would be misread cannot be sent.
    Result<Bytes> encode(GstBuffer* buffer);

  private:
    void warn_of(const GstMeta* meta);

    const MetaWarning warning_;
    MediaFormat format_;
    bool peer_reads_serialized_ = false;
    std::set<GType> told_;
    std::vector<uint8_t> bytes_, fields_;  // members, to keep their capacity
};

class MetaDecoder {
  public:
    explicit MetaDecoder(MetaWarning warning) : warning_(std::move(warning)) {}

    /// Begins another run from READY to PAUSED.
    void start() {
        told_.clear();
        format_ = {};
    }
    /// Sets the caps of the buffers that follow.
    void set_caps(const GstCaps* caps) { format_ = MediaFormat(caps); }

    /// Adds the metas in `bytes`, which are untrusted, to `buffer`, which must be writable and have its
    /// payload. Empty `bytes` hold no metas. The meta that planar audio requires is added in any case.
    /// Returns false if `bytes` is malformed.
    bool decode(Bytes bytes, GstBuffer* buffer);

  private:
    const MetaWarning warning_;
    MediaFormat format_;
    std::set<std::string> told_;
};

}  // namespace stt
