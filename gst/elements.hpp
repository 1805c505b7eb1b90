// SPDX-License-Identifier: LGPL-2.1-or-later
/// The types of the elements, for the plugin's entry point.
#pragma once

#include <gst/gst.h>

namespace stt {

/// A GstBaseSink that sends what it is given.
GType sttsink_get_type();
/// A live GstPushSrc that delivers what a sttsink sends.
GType sttsrc_get_type();

}  // namespace stt

GST_ELEMENT_REGISTER_DECLARE(sttsink)
GST_ELEMENT_REGISTER_DECLARE(sttsrc)
