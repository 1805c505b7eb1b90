// SPDX-License-Identifier: LGPL-2.1-or-later
/// The debug category `stt`: what a connection does and says. Buffers and events are in `sttsink` and
/// `sttsrc`.
#pragma once

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(stt_debug);
