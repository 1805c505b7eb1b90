// SPDX-License-Identifier: LGPL-2.1-or-later
/// What GStreamer does with the names that it reads.
#pragma once

#include <gst/gst.h>

namespace stt::test {

/// Returns whether this GStreamer keeps the names of fields that it parses as GQuarks, which are never freed.
/// Since version 1.26 it does not.
inline bool parser_interns_names() {
    constexpr const char* name = "name-of-which-nothing-else-knows";
    if (GstStructure* parsed = gst_structure_from_string("ev, name-of-which-nothing-else-knows=1", nullptr))
        gst_structure_free(parsed);
    return g_quark_try_string(name) != 0;
}

}  // namespace stt::test
