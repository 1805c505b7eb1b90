// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>

#include "core/wire/message.hpp"
#include "gst/meta/type.hpp"

namespace stt {
namespace {

/// The largest number of planar channels. GStreamer assigns positions to 64 at most, and compares each
/// channel with every other.
constexpr unsigned channels_max = 1024;
/// RFC 6464: the value 127 is silence.
constexpr unsigned level_max = 127;

size_t sample_size(const GstAudioInfo& info) { return static_cast<size_t>(GST_AUDIO_INFO_BPS(&info)); }
size_t channels_of(const GstAudioInfo& info) { return static_cast<size_t>(GST_AUDIO_INFO_CHANNELS(&info)); }
size_t frame_size(const GstAudioInfo& info) { return sample_size(info) * channels_of(info); }

/// Returns the samples per channel in a buffer of `size` bytes that holds nothing else.
size_t samples_in(const GstAudioInfo& info, size_t size) { return size / frame_size(info); }

/// Whether the planes lie within `size` bytes and do not overlap, as GStreamer requires.
bool planes_fit(const GstAudioInfo& info, size_t samples, std::vector<size_t> offsets, size_t size) {
    if (samples > size / frame_size(info)) return false;
    const size_t plane = samples * sample_size(info);
    std::sort(offsets.begin(), offsets.end());
    size_t end = 0;
    for (const size_t offset : offsets) {
        if (offset < end || offset > size || size - offset < plane) return false;
        end = offset + plane;
    }
    return true;
}

/// Returns the offsets of contiguous channels.
std::vector<size_t> default_offsets(const GstAudioInfo& info, size_t samples) {
    std::vector<size_t> offsets(channels_of(info));
    for (size_t i = 0; i < offsets.size(); i++) offsets[i] = i * samples * sample_size(info);
    return offsets;
}

bool same_format(const GstAudioInfo& a, const GstAudioInfo& b) {
    return a.finfo == b.finfo && a.channels == b.channels && a.layout == b.layout;
}

MetaWritten write_audio(const GstMeta* meta, const MetaContext& of, FieldWriter& out) {
    const auto& audio = *reinterpret_cast<const GstAudioMeta*>(meta);
    const GstAudioInfo* info = of.format.audio();
    if (!info) return MetaWritten::needless;  // left over from before an encoder
    const size_t size = gst_buffer_get_size(of.buffer), channels = channels_of(*info);
    if (!same_format(audio.info, *info)) return MetaWritten::no;
    const bool all = audio.samples == samples_in(*info, size);
    if (!of.format.planar()) {
        if (all) return MetaWritten::needless;
        if (audio.samples > size / frame_size(*info)) return MetaWritten::no;
        out.number(audio.samples);
        return MetaWritten::yes;
    }
    if (channels > channels_max || !audio.offsets) return MetaWritten::no;
    const std::vector<size_t> offsets(audio.offsets, audio.offsets + channels);
    if (all && offsets == default_offsets(*info, audio.samples)) return MetaWritten::needless;
    if (!planes_fit(*info, audio.samples, offsets, size)) return MetaWritten::no;
    out.number(audio.samples);
    for (const size_t offset : offsets) out.number(offset);
    return MetaWritten::yes;
}

MetaRead read_audio(FieldReader& in, const MetaContext& of, std::string&) {
    const GstAudioInfo* info = of.format.audio();
    const size_t size = gst_buffer_get_size(of.buffer);
    const size_t samples = in.number(message_payload_max);
    if (!in.ok() || !info || samples > size / frame_size(*info)) return MetaRead::malformed;
    std::vector<size_t> offsets;
    if (of.format.planar()) {
        if (channels_of(*info) > channels_max) return MetaRead::malformed;
        for (size_t i = 0; i < channels_of(*info); i++) offsets.push_back(in.number(message_payload_max));
        if (!in.ok() || !planes_fit(*info, samples, offsets, size)) return MetaRead::malformed;
    }
    // A second one would be a contradiction.
    if (gst_buffer_get_audio_meta(of.buffer)) return MetaRead::malformed;
    const bool added =
        gst_buffer_add_audio_meta(of.buffer, info, samples, offsets.empty() ? nullptr : offsets.data());
    return added ? MetaRead::yes : MetaRead::malformed;
}

/// Whether the format is safe to clip in. opusdec aborts the process for any format other than samples.
bool clippable(GstFormat format, const MediaFormat& media) {
    return format != GST_FORMAT_UNDEFINED && format <= GST_FORMAT_PERCENT &&
           (format == GST_FORMAT_DEFAULT || !media.is("audio/x-opus"));
}

MetaWritten write_clipping(const GstMeta* meta, const MetaContext& of, FieldWriter& out) {
    const auto& clipping = *reinterpret_cast<const GstAudioClippingMeta*>(meta);
    if (!clippable(clipping.format, of.format)) return MetaWritten::no;
    out.number(clipping.format);
    out.number(clipping.start);
    out.number(clipping.end);
    return MetaWritten::yes;
}

MetaRead read_clipping(FieldReader& in, const MetaContext& of, std::string&) {
    const auto format = static_cast<GstFormat>(in.number(GST_FORMAT_PERCENT));
    const uint64_t start = in.number(), end = in.number();
    if (!in.ok() || !clippable(format, of.format)) return MetaRead::malformed;
    gst_buffer_add_audio_clipping_meta(of.buffer, format, start, end);
    return MetaRead::yes;
}

MetaWritten write_level(const GstMeta* meta, const MetaContext&, FieldWriter& out) {
    const auto& level = *reinterpret_cast<const GstAudioLevelMeta*>(meta);
    if (level.level > level_max) return MetaWritten::no;
    out.number(level.level);
    out.number(level.voice_activity != FALSE);
    return MetaWritten::yes;
}

MetaRead read_level(FieldReader& in, const MetaContext& of, std::string&) {
    const auto level = static_cast<uint8_t>(in.number(level_max));
    const bool voice = in.boolean();
    if (!in.ok()) return MetaRead::malformed;
    gst_buffer_add_audio_level_meta(of.buffer, level, voice);
    return MetaRead::yes;
}

constexpr std::array types{
    MetaType{4, "GstAudioMeta", gst_audio_meta_api_get_type,
             [](const MediaFormat& format) { return format.planar(); }, write_audio, read_audio},
    MetaType{5, "GstAudioClippingMeta", gst_audio_clipping_meta_api_get_type, never_needed, write_clipping,
             read_clipping},
    MetaType{6, "GstAudioLevelMeta", gst_audio_level_meta_api_get_type, never_needed, write_level,
             read_level},
};

}  // namespace

std::span<const MetaType> audio_meta_types() { return types; }

void add_default_audio_meta(const MetaContext& of) {
    if (!of.format.planar() || gst_buffer_get_audio_meta(of.buffer)) return;
    const GstAudioInfo& info = *of.format.audio();
    if (channels_of(info) > channels_max) return;
    gst_buffer_add_audio_meta(of.buffer, &info, samples_in(info, gst_buffer_get_size(of.buffer)), nullptr);
}

}  // namespace stt
