// SPDX-License-Identifier: LGPL-2.1-or-later
/// The headers that a stream's caps hold.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "gst/owned.hpp"

namespace stt {

/// What a decoder or demuxer needs before it can begin anywhere in a stream of these caps: the buffers of the
/// field `streamheader`, in order, marked HEADER and without a time. Payloads are shared. Null: none.
std::vector<BufferPtr> stream_headers(const GstCaps* caps);

}  // namespace stt
