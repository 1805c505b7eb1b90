// SPDX-License-Identifier: LGPL-2.1-or-later
/// What caps say of the payload of the buffers that follow them, as far as metas speak of it too.
#pragma once

#include <gst/audio/audio.h>
#include <gst/video/video.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stt {

class MediaFormat {
  public:
    /// No caps are in force.
    MediaFormat() = default;
    /// Those of `caps`, which are fixed. Caps from a peer are welcome.
    explicit MediaFormat(const GstCaps* caps);

    /// The layout that these caps give a buffer without metas. Null: not raw video, not raw audio.
    const GstVideoInfo* video() const { return std::get_if<GstVideoInfo>(&raw_); }
    const GstAudioInfo* audio() const { return std::get_if<GstAudioInfo>(&raw_); }
    /// Raw audio whose channels follow each other instead of alternating.
    bool planar() const;
    /// Common encryption (application/x-cenc and the like).
    bool encrypted() const;
    /// Whether the media type is `name`.
    bool is(std::string_view name) const { return name_ == name; }
    /// Whether a feature of the caps (meta:NAME) says that metas of the API `api` belong to the payload.
    bool wants_meta(std::string_view api) const;

  private:
    std::variant<std::monostate, GstVideoInfo, GstAudioInfo> raw_;
    std::string name_;
    std::vector<std::string> metas_;  // the features' NAMEs
};

}  // namespace stt
