// SPDX-License-Identifier: LGPL-2.1-or-later
/// Encodes tables of contents as bytes, as GStreamer has no text form for them.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "core/base/bytes.hpp"
#include "gst/text_parser.hpp"

namespace stt {

std::vector<uint8_t> encode_toc(GstToc* toc);
/// Returns the TOC event, which the caller owns, or null if `bytes` is malformed or `parser` refuses a text.
/// The input is untrusted.
GstEvent* decode_toc(Bytes bytes, bool updated, TextParser& parser);

}  // namespace stt
