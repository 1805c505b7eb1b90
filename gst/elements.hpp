// SPDX-License-Identifier: LGPL-2.1-or-later
/// The elements' types, for the plugin's entry point.
#pragma once

#include <gst/gst.h>

namespace stt {

/// GstBaseSink: sends what it is given.
GType sttsink_get_type();
/// GstPushSrc, live: delivers what a sttsink sends.
GType sttsrc_get_type();

}  // namespace stt

GST_ELEMENT_REGISTER_DECLARE(sttsink)
GST_ELEMENT_REGISTER_DECLARE(sttsrc)
