// SPDX-License-Identifier: LGPL-2.1-or-later
/// The debug category `stt` for connections and their messages. Buffers and events are logged in the
/// categories `sttsink` and `sttsrc`.
#pragma once

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(stt_debug);
