// SPDX-License-Identifier: LGPL-2.1-or-later
/// The properties of the payload that caps describe, as far as metas describe them too.
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
    /// Constructs the format for the case that no caps are in force.
    MediaFormat() = default;
    /// Constructs the format of `caps`, which must be fixed. Untrusted caps are accepted.
    explicit MediaFormat(const GstCaps* caps);

    /// The layout that these caps give to a buffer without metas. Null if the media is not raw video or not
    /// raw audio, respectively.
    const GstVideoInfo* video() const { return std::get_if<GstVideoInfo>(&raw_); }
    const GstAudioInfo* audio() const { return std::get_if<GstAudioInfo>(&raw_); }
    /// Whether the media is raw audio that is not interleaved.
    bool planar() const;
    /// Whether common encryption applies (application/x-cenc and the like).
    bool encrypted() const;
    /// Whether the media type is `name`.
    bool is(std::string_view name) const { return name_ == name; }
    /// Whether a feature of the caps (meta:NAME) declares that metas of the API `api` belong to the payload.
    bool wants_meta(std::string_view api) const;

  private:
    std::variant<std::monostate, GstVideoInfo, GstAudioInfo> raw_;
    std::string name_;
    std::vector<std::string> metas_;  // the NAMEs of the features
};

}  // namespace stt
