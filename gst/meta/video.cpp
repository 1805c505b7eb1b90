// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>

#include "core/wire/message.hpp"
#include "gst/meta/structure.hpp"
#include "gst/meta/type.hpp"
#include "gst/names.hpp"

namespace stt {
namespace {

/// The padding around a picture in memory. A larger value is an error.
constexpr unsigned padding_max = 65535;
constexpr size_t roi_params_max = 64;
/// Other flags belong to a later version and cannot be represented in the types of this one.
constexpr unsigned known_frame_flags =
    GST_VIDEO_FRAME_FLAG_INTERLACED | GST_VIDEO_FRAME_FLAG_TFF | GST_VIDEO_FRAME_FLAG_RFF |
    GST_VIDEO_FRAME_FLAG_ONEFIELD | GST_VIDEO_FRAME_FLAG_MULTIPLE_VIEW | GST_VIDEO_FRAME_FLAG_FIRST_IN_BUNDLE;
/// The name of the longest format has 17 characters.
constexpr size_t format_name_max = 32;

const GstVideoMeta* as_video(const GstMeta* meta) { return reinterpret_cast<const GstVideoMeta*>(meta); }

/// Computes the default layout for `meta`'s format and size, interlaced as in the caps. In an alternating
/// stream each field is a buffer of its own with half the height.
bool default_layout(const GstVideoMeta& meta, const GstVideoInfo& caps, GstVideoInfo& info) {
    return meta.width > 0 && meta.height > 0 && meta.width <= G_MAXINT && meta.height <= G_MAXINT &&
           gst_video_info_set_interlaced_format(&info, meta.format, GST_VIDEO_INFO_INTERLACE_MODE(&caps),
                                                meta.width, meta.height);
}

/// The minimum extent of a plane: bytes per row, and rows.
struct Extent {
    int64_t row = 0, rows = 0;
};
Extent plane_extent(const GstVideoInfo& info, unsigned plane) {
    const GstVideoFormatInfo* format = info.finfo;
    Extent extent;
    for (unsigned i = 0; i < format->n_components; i++) {
        if (format->plane[i] != plane) continue;
        const int64_t pixel = format->pixel_stride[i];
        const int64_t width = GST_VIDEO_FORMAT_INFO_SCALE_WIDTH(format, i, GST_VIDEO_INFO_WIDTH(&info));
        const int64_t height =
            GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT(format, i, GST_VIDEO_INFO_FIELD_HEIGHT(&info));
        // Formats that pack pixels in groups have no pixel stride.
        const bool grouped = pixel == 0 || GST_VIDEO_FORMAT_INFO_IS_COMPLEX(format);
        extent.row = std::max(extent.row, grouped ? int64_t{info.stride[plane]} : width * pixel);
        extent.rows = std::max(extent.rows, height);
    }
    // The plane of a palette.
    if (extent.rows == 0) extent = {256 * 4, 1};
    return extent;
}

/// Whether every plane of a frame described by `caps` lies within `size` bytes, so that a reader that relies
/// on the meta stays within the buffer.
bool planes_fit(const GstVideoMeta& meta, const GstVideoInfo& caps, size_t size) {
    GstVideoInfo info;
    if (meta.format != GST_VIDEO_INFO_FORMAT(&caps) || !default_layout(meta, caps, info)) return false;
    // GStreamer treats a frame that is smaller than the caps say as a programming error.
    if (GST_VIDEO_INFO_WIDTH(&info) < GST_VIDEO_INFO_WIDTH(&caps) ||
        GST_VIDEO_INFO_HEIGHT(&info) < GST_VIDEO_INFO_HEIGHT(&caps) ||
        meta.n_planes != GST_VIDEO_INFO_N_PLANES(&info))
        return false;
    const auto limit = static_cast<int64_t>(size);
    const bool tiled = GST_VIDEO_FORMAT_INFO_IS_TILED(info.finfo);
    for (unsigned i = 0; i < meta.n_planes; i++) {
        if (meta.offset[i] > size) return false;
        const auto offset = static_cast<int64_t>(meta.offset[i]);
        if (tiled) {
            // The strides of tiled formats count tiles. Planes with another number of tiles are not in use.
            const size_t end = i + 1 < meta.n_planes ? info.offset[i + 1] : info.size;
            if (meta.stride[i] != info.stride[i] ||
                limit - offset < static_cast<int64_t>(end) - static_cast<int64_t>(info.offset[i]))
                return false;
            continue;
        }
        const auto [row, rows] = plane_extent(info, i);
        // The product is below 2^62, as both factors are below 2^31. Negative strides describe pictures that
        // are stored upside down.
        const int64_t last_row = (rows - 1) * meta.stride[i];
        if (offset + std::min<int64_t>(last_row, 0) < 0 ||
            offset + std::max<int64_t>(last_row, 0) + row > limit)
            return false;
    }
    return true;
}

bool same_layout(const GstVideoMeta& meta, const GstVideoInfo& caps) {
    if (meta.id != 0 || meta.flags != GST_VIDEO_FRAME_FLAG_NONE ||
        meta.format != GST_VIDEO_INFO_FORMAT(&caps) ||
        meta.width != static_cast<unsigned>(GST_VIDEO_INFO_WIDTH(&caps)) ||
        meta.height != static_cast<unsigned>(GST_VIDEO_INFO_HEIGHT(&caps)) ||
        meta.n_planes != GST_VIDEO_INFO_N_PLANES(&caps))
        return false;
    return std::equal(meta.offset, meta.offset + meta.n_planes, caps.offset) &&
           std::equal(meta.stride, meta.stride + meta.n_planes, caps.stride);
}

/// Whether the alignment is valid. GStreamer writes an alignment to `n` bytes as n − 1.
bool sane(const GstVideoAlignment& alignment) {
    const auto power = [](unsigned mask) { return mask <= padding_max && (mask & (mask + 1)) == 0; };
    return alignment.padding_top <= padding_max && alignment.padding_bottom <= padding_max &&
           alignment.padding_left <= padding_max && alignment.padding_right <= padding_max &&
           std::all_of(std::begin(alignment.stride_align), std::end(alignment.stride_align), power);
}

MetaWritten write_video(const GstMeta* meta, const MetaContext& of, FieldWriter& out) {
    const GstVideoMeta& video = *as_video(meta);
    // It is, for instance, left over from before an encoder.
    if (!of.format.is("video/x-raw")) return MetaWritten::needless;
    if (!of.format.video()) return MetaWritten::no;
    if (same_layout(video, *of.format.video())) return MetaWritten::needless;
    if (!planes_fit(video, *of.format.video(), gst_buffer_get_size(of.buffer))) return MetaWritten::no;
    out.number(video.flags);
    out.text(gst_video_format_to_string(video.format));
    out.signed_number(video.id);
    out.number(video.width);
    out.number(video.height);
    out.number(video.n_planes);
    for (unsigned i = 0; i < video.n_planes; i++) {
        out.number(video.offset[i]);
        out.signed_number(video.stride[i]);
    }
    GstVideoAlignment alignment = video.alignment;
    // The alignment is only a hint.
    if (!sane(alignment)) gst_video_alignment_reset(&alignment);
    for (const unsigned padding :
         {alignment.padding_top, alignment.padding_bottom, alignment.padding_left, alignment.padding_right})
        out.number(padding);
    for (unsigned i = 0; i < video.n_planes; i++) out.number(alignment.stride_align[i]);
    return MetaWritten::yes;
}

/// A later GStreamer may know pixel formats that this one does not. In other cases a sender does not send
/// frames without their caps.
MetaRead without_format(const MetaContext& of) {
    return of.format.is("video/x-raw") ? MetaRead::refused : MetaRead::malformed;
}

MetaRead read_video(FieldReader& in, const MetaContext& of, std::string&) {
    GstVideoMeta read{};
    read.flags = static_cast<GstVideoFrameFlags>(in.number32() & known_frame_flags);
    const std::string format = in.text(format_name_max);
    read.id = in.signed_number32();
    read.width = in.number32();
    read.height = in.number32();
    read.n_planes = static_cast<unsigned>(in.number(GST_VIDEO_MAX_PLANES));
    for (unsigned i = 0; i < read.n_planes; i++) {
        read.offset[i] = in.number(message_payload_max);
        read.stride[i] = in.signed_number32();
    }
    GstVideoAlignment& alignment = read.alignment;
    for (unsigned* padding : {&alignment.padding_top, &alignment.padding_bottom, &alignment.padding_left,
                              &alignment.padding_right})
        *padding = static_cast<unsigned>(in.number(padding_max));
    for (unsigned i = 0; i < read.n_planes; i++)
        alignment.stride_align[i] = static_cast<unsigned>(in.number(padding_max));
    if (!in.ok() || !sane(alignment)) return MetaRead::malformed;
    if (!of.format.video()) return without_format(of);
    read.format = gst_video_format_from_string(format.c_str());
    if (!planes_fit(read, *of.format.video(), gst_buffer_get_size(of.buffer))) return MetaRead::malformed;
    GstVideoMeta* added = gst_buffer_add_video_meta_full(
        of.buffer, read.flags, read.format, read.width, read.height, read.n_planes, read.offset, read.stride);
    if (!added) return MetaRead::malformed;
    added->id = read.id;
    if (!gst_video_meta_set_alignment(added, alignment)) gst_video_alignment_reset(&added->alignment);
    return MetaRead::yes;
}

bool crop_fits(const GstVideoCropMeta& crop, const MetaContext& of) {
    if (!of.format.video()) return false;
    uint64_t width = static_cast<uint64_t>(GST_VIDEO_INFO_WIDTH(of.format.video()));
    uint64_t height = static_cast<uint64_t>(GST_VIDEO_INFO_HEIGHT(of.format.video()));
    if (const GstVideoMeta* frame = gst_buffer_get_video_meta(of.buffer))
        width = frame->width, height = frame->height;
    return uint64_t{crop.x} + crop.width <= width && uint64_t{crop.y} + crop.height <= height;
}

MetaWritten write_crop(const GstMeta* meta, const MetaContext& of, FieldWriter& out) {
    const auto& crop = *reinterpret_cast<const GstVideoCropMeta*>(meta);
    if (!crop_fits(crop, of)) return MetaWritten::no;
    for (const unsigned field : {crop.x, crop.y, crop.width, crop.height}) out.number(field);
    return MetaWritten::yes;
}

MetaRead read_crop(FieldReader& in, const MetaContext& of, std::string&) {
    std::array<unsigned, 4> fields;
    for (unsigned& field : fields) field = in.number32();
    if (!in.ok()) return MetaRead::malformed;
    if (!of.format.video()) return without_format(of);
    GstVideoCropMeta* crop = gst_buffer_add_video_crop_meta(of.buffer);
    crop->x = fields[0], crop->y = fields[1], crop->width = fields[2], crop->height = fields[3];
    return MetaRead::yes;
}

MetaWritten write_region(const GstMeta* meta, const MetaContext&, FieldWriter& out) {
    const auto& region = *reinterpret_cast<const GstVideoRegionOfInterestMeta*>(meta);
    const char* type = g_quark_to_string(region.roi_type);
    const std::string name = type ? type : "";
    const size_t params = g_list_length(region.params);
    if (name.empty() || name.size() > name_length_max || !valid_utf8(name) || params > roi_params_max)
        return MetaWritten::no;
    out.text(name);
    out.signed_number(region.id);
    out.signed_number(region.parent_id);
    for (const unsigned field : {region.x, region.y, region.w, region.h}) out.number(field);
    out.number(params);
    for (const GList* at = region.params; at; at = at->next)
        if (!write_structure(out, static_cast<const GstStructure*>(at->data))) return MetaWritten::no;
    return MetaWritten::yes;
}

MetaRead read_region(FieldReader& in, const MetaContext& of, std::string&) {
    const std::string name = in.text(name_length_max);
    const int32_t id = in.signed_number32(), parent = in.signed_number32();
    std::array<unsigned, 4> fields;
    for (unsigned& field : fields) field = in.number32();
    const uint64_t count = in.number(roi_params_max);
    if (!in.ok() || name.empty()) return MetaRead::malformed;
    if (!may_name(name)) return MetaRead::refused;
    std::vector<StructurePtr> params;
    for (uint64_t i = 0; i < count; i++) {
        StructureRead read = read_structure(in);
        if (read.outcome != MetaRead::yes) return read.outcome;
        params.push_back(std::move(read.structure));
    }
    GstVideoRegionOfInterestMeta* region = gst_buffer_add_video_region_of_interest_meta(
        of.buffer, name.c_str(), fields[0], fields[1], fields[2], fields[3]);
    if (!region) return MetaRead::malformed;
    region->id = id;
    region->parent_id = parent;
    for (StructurePtr& param : params) gst_video_region_of_interest_meta_add_param(region, param.release());
    return MetaRead::yes;
}

constexpr std::array types{
    MetaType{1, "GstVideoMeta", gst_video_meta_api_get_type,
             [](const MediaFormat& format) { return format.is("video/x-raw"); }, write_video, read_video},
    MetaType{2, "GstVideoCropMeta", gst_video_crop_meta_api_get_type, never_needed, write_crop, read_crop},
    MetaType{3, "GstVideoRegionOfInterestMeta", gst_video_region_of_interest_meta_api_get_type, never_needed,
             write_region, read_region},
};

}  // namespace

std::span<const MetaType> video_meta_types() { return types; }

bool crop_is_within(const MetaContext& of) {
    const GstVideoCropMeta* crop = gst_buffer_get_video_crop_meta(of.buffer);
    return !crop || crop_fits(*crop, of);
}

}  // namespace stt
