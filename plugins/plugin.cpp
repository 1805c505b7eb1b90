// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/gst.h>

#include "gst/elements.hpp"

static gboolean register_elements(GstPlugin* plugin) {
    return gst_element_register(plugin, "sttsink", GST_RANK_PRIMARY, stt::sttsink_get_type()) &&
           gst_element_register(plugin, "sttsrc", GST_RANK_PRIMARY, stt::sttsrc_get_type());
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, stt,
                  "Carries any buffers between hosts over encrypted sessions", register_elements, VERSION,
                  "LGPL", PACKAGE, "https://gstreamer.freedesktop.org/")
