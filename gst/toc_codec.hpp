// SPDX-License-Identifier: LGPL-2.1-or-later
/// Tables of contents as bytes; GStreamer has no text form for them.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "core/base/bytes.hpp"

namespace stt {

std::vector<uint8_t> encode_toc(GstToc* toc);
/// The TOC event, owned by the caller; null when `bytes` are malformed. Untrusted.
GstEvent* decode_toc(Bytes bytes, bool updated);

}  // namespace stt
