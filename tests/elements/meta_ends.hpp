// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the tests of metas share: both ends of a stream without the network between them.
#pragma once

#include "gst/meta/codec.hpp"
#include "tests/elements/support.hpp"

namespace stt::test {

struct FreeCaps {
    void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
};
using CapsPtr = std::unique_ptr<GstCaps, FreeCaps>;

inline constexpr char i420_16x8[] = "video/x-raw, format=I420, width=16, height=8, framerate=25/1";
inline constexpr char planar_stereo[] =
    "audio/x-raw, format=S16LE, layout=non-interleaved, rate=48000, channels=2";

inline std::vector<uint8_t> bytes_of(const std::string& hex) {
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes.push_back(static_cast<uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
    return bytes;
}

inline std::string hex_of(Bytes bytes) {
    std::string text;
    char digits[3];
    for (const uint8_t byte : bytes) {
        g_snprintf(digits, sizeof digits, "%02x", byte);
        text += digits;
    }
    return text;
}

/// Both ends of a stream with the same caps.
class Ends {
  public:
    explicit Ends(const char* text = nullptr)
        : sender([this](const Error& error) { warnings.push_back(error.text); }),
          receiver([this](const Error& error) { warnings.push_back(error.text); }) {
        if (!text) return;
        const CapsPtr caps(gst_caps_from_string(text));
        sender.set_caps(caps.get());
        receiver.set_caps(caps.get());
    }

    std::string encoded(GstBuffer* buffer) {
        const Result<Bytes> bytes = sender.encode(buffer);
        EXPECT_TRUE(bytes.ok());
        return bytes.ok() ? hex_of(*bytes) : "error " + std::string(reason_name(bytes.error().reason));
    }
    /// `buffer`'s payload with the metas that arrive.
    BufferPtr across(GstBuffer* buffer) {
        const Result<Bytes> bytes = sender.encode(buffer);
        EXPECT_TRUE(bytes.ok());
        if (!bytes.ok()) return nullptr;
        BufferPtr got(gst_buffer_new());
        gst_buffer_copy_into(got.get(), buffer, GST_BUFFER_COPY_MEMORY, 0, static_cast<gsize>(-1));
        EXPECT_TRUE(receiver.decode(*bytes, got.get()));
        return got;
    }
    /// Whether a receiver takes these bytes for metas.
    bool takes(Bytes bytes, size_t payload = 4096) {
        const BufferPtr buffer = make_buffer(payload);
        return receiver.decode(bytes, buffer.get());
    }

    std::vector<std::string> warnings;
    MetaEncoder sender;
    MetaDecoder receiver;
};

/// A frame of 16×8 I420 in memory of 32×8.
inline BufferPtr padded_frame() {
    BufferPtr buffer = make_buffer(384);
    gsize offsets[GST_VIDEO_MAX_PLANES] = {0, 256, 320};
    gint strides[GST_VIDEO_MAX_PLANES] = {32, 16, 16};
    gst_buffer_add_video_meta_full(buffer.get(), GST_VIDEO_FRAME_FLAG_TFF, GST_VIDEO_FORMAT_I420, 16, 8, 3,
                                   offsets, strides);
    return buffer;
}

}  // namespace stt::test
