// SPDX-License-Identifier: LGPL-2.1-or-later
/// The headers in a stream's caps.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "gst/owned.hpp"

namespace stt {

/// Returns what a decoder or demuxer needs before it can begin anywhere in a stream with these caps. These
/// are the buffers of the field `streamheader`, in order, marked HEADER and without timestamps. They share
/// their memory with `caps`. Returns an empty list if `caps` is null or has no such field.
std::vector<BufferPtr> stream_headers(const GstCaps* caps);

}  // namespace stt
