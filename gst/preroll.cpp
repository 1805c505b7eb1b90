// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/preroll.hpp"

#include "gst/connection.hpp"

namespace stt {

void PrerollExit::open() {
    GST_BASE_SINK_PREROLL_LOCK(sink_);
    if (sink_->have_preroll) {
        open_ = true;
        sink_->need_preroll = FALSE;
        GST_BASE_SINK_PREROLL_SIGNAL(sink_);
    }
    GST_BASE_SINK_PREROLL_UNLOCK(sink_);
}

void PrerollExit::close(Connection& connection) {
    if (!open_.exchange(false)) return;
    // The thread holds the preroll lock while it waits for the peer.
    connection.interrupt(true);
    GST_BASE_SINK_PREROLL_LOCK(sink_);
    connection.interrupt(false);
    GST_BASE_SINK_PREROLL_UNLOCK(sink_);
}

}  // namespace stt
