// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the classes of sttsink and sttsrc share: their properties and signals, and GstURIHandler.
#pragma once

#include <gst/gst.h>

#include "gst/element_settings.hpp"

namespace stt {

/// Installs the properties of `side`, including `stats` and `node-id`, the functions of GObject, and the
/// signals. The elements of the class have a Connection.
void install_properties(GObjectClass* object_class, Side side);
/// The functions that initialise the interface GstURIHandler. `interface` is a GstURIHandlerInterface; `data`
/// is not used.
void init_sink_uri_handler(gpointer interface, gpointer data);
void init_src_uri_handler(gpointer interface, gpointer data);

}  // namespace stt
