// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/video/video-anc.h>
#include <gst/video/video-sei.h>

#include <array>
#include <memory>

#include "gst/meta/type.hpp"

namespace stt {
namespace {

/// A caption distribution packet has at most 255 bytes. Raw CEA-708 data for a picture that is shown for a
/// second has 600 triplets.
constexpr size_t caption_size_max = 4096;
/// The metadata that encoders and cameras add to a picture has some hundred bytes.
constexpr size_t sei_size_max = 64 * 1024;
constexpr size_t uuid_size = 16;
/// Other flags belong to a later version and cannot be represented in the types of this one.
constexpr unsigned known_time_code_flags =
    GST_VIDEO_TIME_CODE_FLAGS_DROP_FRAME | GST_VIDEO_TIME_CODE_FLAGS_INTERLACED;
/// The format is 2026-01-01T00:00:00.000000+00:00.
constexpr size_t date_size_max = 64;

/// The code has four bits (SMPTE ST 2016-1).
constexpr unsigned afd_max = 15;

struct Deleter {
    void operator()(GstVideoTimeCode* code) const { gst_video_time_code_free(code); }
    void operator()(GDateTime* date) const { g_date_time_unref(date); }
};

MetaWritten write_caption(const GstMeta* meta, const MetaContext&, FieldWriter& out) {
    const auto& caption = *reinterpret_cast<const GstVideoCaptionMeta*>(meta);
    if (caption.caption_type == GST_VIDEO_CAPTION_TYPE_UNKNOWN ||
        caption.caption_type > GST_VIDEO_CAPTION_TYPE_CEA708_CDP || caption.size == 0 ||
        caption.size > caption_size_max)
        return MetaWritten::no;
    out.number(caption.caption_type);
    out.bytes({caption.data, caption.size});
    return MetaWritten::yes;
}

MetaRead read_caption(FieldReader& in, const MetaContext& of, std::string&) {
    const uint64_t type = in.number(GST_VIDEO_CAPTION_TYPE_CEA708_CDP);
    const Bytes data = in.bytes(caption_size_max);
    if (!in.ok() || type == GST_VIDEO_CAPTION_TYPE_UNKNOWN || data.empty()) return MetaRead::malformed;
    const bool added = gst_buffer_add_video_caption_meta(of.buffer, static_cast<GstVideoCaptionType>(type),
                                                         data.data(), data.size());
    return added ? MetaRead::yes : MetaRead::malformed;
}

MetaWritten write_afd(const GstMeta* meta, const MetaContext&, FieldWriter& out) {
    const auto& afd = *reinterpret_cast<const GstVideoAFDMeta*>(meta);
    if (afd.field > 1 || afd.spec > GST_VIDEO_AFD_SPEC_SMPTE_ST2016_1 || afd.afd > afd_max)
        return MetaWritten::no;
    out.number(afd.field);
    out.number(afd.spec);
    out.number(afd.afd);
    return MetaWritten::yes;
}

MetaRead read_afd(FieldReader& in, const MetaContext& of, std::string&) {
    const auto field = static_cast<uint8_t>(in.number(1));
    const auto spec = static_cast<GstVideoAFDSpec>(in.number(GST_VIDEO_AFD_SPEC_SMPTE_ST2016_1));
    const auto value = static_cast<GstVideoAFDValue>(in.number(afd_max));
    if (!in.ok()) return MetaRead::malformed;
    gst_buffer_add_video_afd_meta(of.buffer, field, spec, value);
    return MetaRead::yes;
}

MetaWritten write_bar(const GstMeta* meta, const MetaContext&, FieldWriter& out) {
    const auto& bar = *reinterpret_cast<const GstVideoBarMeta*>(meta);
    if (bar.field > 1) return MetaWritten::no;
    out.number(bar.field);
    out.number(bar.is_letterbox != FALSE);
    out.number(bar.bar_data1);
    out.number(bar.bar_data2);
    return MetaWritten::yes;
}

MetaRead read_bar(FieldReader& in, const MetaContext& of, std::string&) {
    const auto field = static_cast<uint8_t>(in.number(1));
    const bool letterbox = in.boolean();
    const uint32_t first = in.number32(), second = in.number32();
    if (!in.ok()) return MetaRead::malformed;
    gst_buffer_add_video_bar_meta(of.buffer, field, letterbox, first, second);
    return MetaRead::yes;
}

/// Whether GStreamer can compute with the code. Some of its versions accept other drop-frame rates as valid,
/// and abort the process when they compute with them.
bool countable(const GstVideoTimeCode& code) {
    const GstVideoTimeCodeConfig& config = code.config;
    const bool drops = config.flags & GST_VIDEO_TIME_CODE_FLAGS_DROP_FRAME;
    return config.fps_n <= G_MAXINT && config.fps_d <= G_MAXINT && gst_video_time_code_is_valid(&code) &&
           (!drops || config.fps_n == 30000 || config.fps_n == 60000);
}

MetaWritten write_time_code(const GstMeta* meta, const MetaContext&, FieldWriter& out) {
    const GstVideoTimeCode& code = reinterpret_cast<const GstVideoTimeCodeMeta*>(meta)->tc;
    if (!countable(code)) return MetaWritten::no;
    char* jam =
        code.config.latest_daily_jam ? g_date_time_format_iso8601(code.config.latest_daily_jam) : nullptr;
    for (const unsigned field :
         {code.config.fps_n, code.config.fps_d, static_cast<unsigned>(code.config.flags), code.hours,
          code.minutes, code.seconds, code.frames, code.field_count})
        out.number(field);
    out.text(jam ? jam : "");
    g_free(jam);
    return MetaWritten::yes;
}

MetaRead read_time_code(FieldReader& in, const MetaContext& of, std::string&) {
    std::array<unsigned, 8> fields;
    for (unsigned& field : fields) field = in.number32();
    const std::string text = in.text(date_size_max);
    if (!in.ok()) return MetaRead::malformed;
    const std::unique_ptr<GDateTime, Deleter> jam(
        text.empty() ? nullptr : g_date_time_new_from_iso8601(text.c_str(), nullptr));
    if (!text.empty() && !jam) return MetaRead::malformed;
    const std::unique_ptr<GstVideoTimeCode, Deleter> code(
        gst_video_time_code_new(fields[0], fields[1], jam.get(),
                                static_cast<GstVideoTimeCodeFlags>(fields[2] & known_time_code_flags),
                                fields[3], fields[4], fields[5], fields[6], fields[7]));
    if (!code || !countable(*code) || !gst_buffer_add_video_time_code_meta(of.buffer, code.get()))
        return MetaRead::malformed;
    return MetaRead::yes;
}

MetaWritten write_sei(const GstMeta* meta, const MetaContext&, FieldWriter& out) {
    const auto& sei = *reinterpret_cast<const GstVideoSEIUserDataUnregisteredMeta*>(meta);
    if (sei.size == 0 || sei.size > sei_size_max) return MetaWritten::no;
    out.bytes({sei.uuid, uuid_size});
    out.bytes({sei.data, sei.size});
    return MetaWritten::yes;
}

MetaRead read_sei(FieldReader& in, const MetaContext& of, std::string&) {
    std::array<uint8_t, uuid_size> uuid;
    const Bytes id = in.bytes(uuid_size), data = in.bytes(sei_size_max);
    if (!in.ok() || id.size() != uuid_size || data.empty()) return MetaRead::malformed;
    std::copy(id.begin(), id.end(), uuid.begin());
    // The function copies the data, although its parameter is not const.
    gst_buffer_add_video_sei_user_data_unregistered_meta(of.buffer, uuid.data(),
                                                         const_cast<uint8_t*>(data.data()), data.size());
    return MetaRead::yes;
}

constexpr std::array types{
    MetaType{7, "GstVideoCaptionMeta", gst_video_caption_meta_api_get_type, never_needed, write_caption,
             read_caption},
    MetaType{8, "GstVideoAFDMeta", gst_video_afd_meta_api_get_type, never_needed, write_afd, read_afd},
    MetaType{9, "GstVideoBarMeta", gst_video_bar_meta_api_get_type, never_needed, write_bar, read_bar},
    MetaType{10, "GstVideoTimeCodeMeta", gst_video_time_code_meta_api_get_type, never_needed, write_time_code,
             read_time_code},
    MetaType{11, "GstVideoSEIUserDataUnregisteredMeta",
             gst_video_sei_user_data_unregistered_meta_api_get_type, never_needed, write_sei, read_sei},
};

}  // namespace

std::span<const MetaType> ancillary_meta_types() { return types; }

}  // namespace stt
