// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/media_format.hpp"

namespace stt {

MediaFormat::MediaFormat(const GstCaps* caps) {
    if (gst_caps_is_empty(caps) || gst_caps_is_any(caps)) return;
    name_ = gst_structure_get_name(gst_caps_get_structure(caps, 0));
    const GstCapsFeatures* features = gst_caps_get_features(caps, 0);
    for (unsigned i = 0; features && i < gst_caps_features_get_size(features); i++) {
        const std::string_view feature = gst_caps_features_get_nth(features, i);
        constexpr std::string_view prefix = "meta:";
        if (feature.starts_with(prefix)) metas_.emplace_back(feature.substr(prefix.size()));
    }
    GstVideoInfo video;
    GstAudioInfo audio;
    if (name_ == "video/x-raw" && gst_video_info_from_caps(&video, caps))
        raw_ = video;
    else if (name_ == "audio/x-raw" && gst_audio_info_from_caps(&audio, caps) &&
             GST_AUDIO_INFO_BPS(&audio) > 0 && GST_AUDIO_INFO_CHANNELS(&audio) > 0)
        raw_ = audio;
}

bool MediaFormat::planar() const {
    return audio() && GST_AUDIO_INFO_LAYOUT(audio()) == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
}

bool MediaFormat::encrypted() const {
    return is("application/x-cenc") || is("application/x-cbcs") || is("application/x-webm-enc");
}

bool MediaFormat::wants_meta(std::string_view api) const {
    // The feature is named GstVideoOverlayComposition and the API GstVideoOverlayCompositionMetaAPI, so
    // prefixes are compared.
    for (const std::string& name : metas_)
        if (api.starts_with(name)) return true;
    return false;
}

}  // namespace stt
