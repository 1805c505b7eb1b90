// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/gst.h>

#include "core/base/text.hpp"
#include "gst/elements.hpp"

static gboolean register_elements(GstPlugin* plugin) {
    stt::find_translations(LOCALE_DIRECTORY);
    return GST_ELEMENT_REGISTER(sttsink, plugin) && GST_ELEMENT_REGISTER(sttsrc, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, stt,
                  "Carries any buffers between hosts over encrypted sessions", register_elements, VERSION,
                  "LGPL", "STT for GStreamer", PACKAGE_ORIGIN)
